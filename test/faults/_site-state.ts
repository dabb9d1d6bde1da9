/**
 * The content of a site's folder, read independently of the gateway: rows, events and objects,
 * which must be consistent.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'

export interface SiteState {
  /** Every inconsistency, in words. Empty when the site is in order and idle. */
  readonly problems: readonly string[]
  /** Events as stored, by index. */
  readonly events: readonly Buffer[]
  readonly objects: number
}

interface Entry {
  readonly id: string
  readonly type: string
  readonly related?: string
  readonly detail?: Readonly<Record<string, unknown>>
}

const REFERENCED = `select object from items where object is not null
  union all select object from quarantine where removed_at is null
  union all select object from crosswalks
  union all select manifest_object from transfers where manifest_object is not null`

/** Keys in the rows of a site on SQLite, sorted. */
export function referencedKeys(dir: string): string[] {
  const db = new Database(join(dir, 'data/nocturne.db'), { readonly: true })
  try {
    return (db.prepare(REFERENCED).pluck().all() as string[]).sort()
  } finally {
    db.close()
  }
}

/** Inspects a site on SQLite with a folder of objects, while nothing is in progress. */
export async function inspectSite(dir: string): Promise<SiteState> {
  const db = new Database(join(dir, 'data/nocturne.db'), { readonly: true })
  try {
    const texts = (sql: string): string[] => db.prepare(sql).pluck().all() as string[]
    const events = db.prepare('select entry from events order by idx').pluck().all() as Buffer[]
    const referenced = texts(REFERENCED)
    const stored = await storedKeys(join(dir, 'data/objects'))
    const problems = [
      ...texts("select id from envelopes where state <> 'committed'").map((id) => `envelope ${id}`),
      ...texts('select id from downloads').map((id) => `download ${id}`),
      ...texts("select id from transfers where state = 'receiving'").map((id) => `transfer ${id}`),
      ...texts(
        `select id from transfers where state in ('available', 'acknowledged')
         and (manifest_object is null or manifest_envelope is null)`,
      ).map((id) => `no manifest of ${id}`),
      ...without(stored.keys, referenced).map((key) => `object of nobody ${key}`),
      ...without(referenced, stored.keys).map((key) => `object missing ${key}`),
      ...stored.partial.map((name) => `left half-written ${name}`),
      ...pairProblems(events.map((bytes) => JSON.parse(bytes.toString()) as Entry)),
    ]
    return { problems, events, objects: stored.keys.length }
  } finally {
    db.close()
  }
}

const without = (all: readonly string[], known: readonly string[]): string[] => {
  const set = new Set(known)
  return all.filter((one) => !set.has(one))
}

async function storedKeys(root: string): Promise<{ keys: string[]; partial: string[] }> {
  const names = await readdir(root, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
  const isPartial = (path: string) => path.startsWith('.partial/')
  return {
    // The published log is next to the objects of transfers.
    keys: paths
      .filter((path) => path.startsWith('t/'))
      .map((path) => path.replace(/\.sealed$/, '')),
    partial: paths.filter(isPartial),
  }
}

/** Each begin must have exactly one end. */
function pairProblems(entries: readonly Entry[]): string[] {
  const ends = new Map<string, number>()
  const count = (key: unknown) => {
    if (typeof key === 'string') ends.set(key, (ends.get(key) ?? 0) + 1)
  }
  for (const { type, related, detail } of entries) {
    if (type === 'download.ended') count(related)
    if (['transfer.available', 'transfer.extended', 'transfer.abandoned'].includes(type)) {
      count(detail?.envelope)
    }
  }
  return entries.flatMap(({ type, detail }) => {
    const key =
      type === 'transfer.begun'
        ? detail?.envelope
        : type === 'download.begun'
          ? detail?.download
          : undefined
    if (typeof key !== 'string' || ends.get(key) === 1) return []
    return [`${type} ${key} has ${ends.get(key) ?? 0} ends`]
  })
}
