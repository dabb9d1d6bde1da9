/**
 * The configuration as one keyed digest per key: comparing two sets shows which keys changed, but
 * no values. Certificates are left out, because other events in the ledger record their
 * fingerprints.
 */
import { createHmac } from 'node:crypto'
import { sep } from 'node:path'
import type { SiteConfig } from '../config/index.js'

/**
 * Digests by key, such as `limits.itemBytes` or `groups.nights.readers`. List members are named by
 * their ID or name.
 */
export type ConfigMarks = ReadonlyMap<string, string>

const LEFT_OUT: ReadonlySet<string> = new Set(['dir', 'certificate', 'recovery', 'credentials'])
/** Compared as a whole: any change within a profile counts as a change of the profile. */
const WHOLE: ReadonlySet<string> = new Set(['profile'])

/**
 * @param key keyed digests keep values with few possibilities from being guessed
 */
export function markConfig(config: SiteConfig, key: Uint8Array): ConfigMarks {
  const marks = new Map<string, string>()
  const add = (path: readonly string[], value: unknown): void => {
    const name = path.join('.')
    // Paths are made relative, because a site moved to another folder is still the same site.
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

/** Sorts members, so that the order in the file does not matter. */
function sorted(_member: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
