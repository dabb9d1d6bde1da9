import { isAbsolute, join, resolve } from 'node:path'
import { weaknessOfDatabase } from '../../lib/peers.js'

export interface DatabaseReference {
  /** `sqlite:PATH` as written, or `postgres://...` without a password. */
  readonly url: string
  /** Extracted from the URL and decoded; allowed only from the environment. */
  readonly password: string | undefined
}

/**
 * `sqlite:PATH` or `postgres://USER[:PASSWORD]@HOST[:PORT]/NAME`; or a string that says what is
 * wrong.
 */
export function parseDatabase(text: string): DatabaseReference | string {
  if (text.startsWith('sqlite:')) {
    const path = text.slice('sqlite:'.length)
    // An in-memory database would report success for data that is lost on restart.
    if (path === '' || path === ':memory:' || path.startsWith('//') || path.includes('\0'))
      return 'names no file after sqlite:'
    return { url: text, password: undefined }
  }
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'postgres:' && url?.protocol !== 'postgresql:')
    return 'is neither sqlite:PATH nor postgres://USER@HOST/NAME'
  if (url.hostname === '' && !url.searchParams.has('host')) return 'names no server'
  if (url.pathname.length < 2) return 'names no database after the host'
  const weakness = weaknessOfDatabase(url)
  if (weakness !== undefined) return weakness
  const password = decode(url.password) ?? url.searchParams.get('password') ?? undefined
  url.password = ''
  url.searchParams.delete('password')
  return { url: url.href, password: password === '' ? undefined : password }
}

/** The URL with its file paths made absolute. */
export function resolveDatabase(url: string, dir: string): string {
  if (!url.startsWith('sqlite:')) return withPaths(new URL(url), dir)
  const path = url.slice('sqlite:'.length)
  return `sqlite:${isAbsolute(path) ? path : join(dir, path)}`
}

/** Certificates for TLS to PostgreSQL may be written relative to the site, as all other paths. */
function withPaths(url: URL, dir: string): string {
  for (const name of ['sslrootcert', 'sslcert', 'sslkey']) {
    const path = url.searchParams.get(name)
    if (path !== null) url.searchParams.set(name, resolve(dir, path))
  }
  return url.href
}

function decode(text: string): string | undefined {
  if (text === '') return undefined
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
