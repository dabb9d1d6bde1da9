/**
 * What the configuration is, as one keyed digest a key: two of them show which keys changed, and no
 * value. Certificates are left out, for the ledger names their fingerprints by events of their own.
 */
import { createHmac } from 'node:crypto'
import { sep } from 'node:path'
import type { SiteConfig } from '../config/index.js'

/**
 * Digests by key: `limits.itemBytes`, `groups.nights.readers`. Members of lists are named by their
 * id or name.
 */
export type ConfigMarks = ReadonlyMap<string, string>

const LEFT_OUT: ReadonlySet<string> = new Set(['dir', 'certificate', 'recovery', 'credentials'])
/** Compared as one: who changed a profile changed the profile. */
const WHOLE: ReadonlySet<string> = new Set(['profile'])

/** @param key - keeps a value of few possibilities from being guessed from its digest. */
export function markConfig(config: SiteConfig, key: Uint8Array): ConfigMarks {
  const marks = new Map<string, string>()
  const add = (path: readonly string[], value: unknown): void => {
    const name = path.join('.')
    // A site that was moved to another folder is the same site.
    const text = JSON.stringify(value, (member, inner: unknown) =>
      typeof inner === 'string' ? inner.replaceAll(config.dir + sep, '') : sorted(member, inner),
    )
    marks.set(name, createHmac('sha256', key).update(`${name}\0${text}`).digest('hex'))
  }
  const walk = (path: readonly string[], value: unknown): void => {
    const last = path.at(-1) ?? ''
    if (value === undefined || LEFT_OUT.has(last)) return
    if (WHOLE.has(last) || typeof value !== 'object' || value === null) add(path, value)
    else if (Array.isArray(value)) walkList(path, value)
    else for (const [name, inner] of Object.entries(value)) walk([...path, name], inner)
  }
  const walkList = (path: readonly string[], list: readonly unknown[]): void => {
    const names = list.map(nameOf)
    if (names.every((name) => name !== undefined) && list.length > 0)
      list.forEach((inner, i) => walk([...path, names[i] ?? ''], inner))
    else add(path, list)
  }
  walk([], config)
  return marks
}

function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { id, name } = value as { id?: unknown; name?: unknown }
  return typeof id === 'string' ? id : typeof name === 'string' ? name : undefined
}

/** Members in order, so that how the file was written does not matter. */
function sorted(_member: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
