/** Converts between an event, its canonical entry, and the columns that index it. */
import { randomBytes } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import { canonicalJson } from '../../lib/json.js'
import type { Insertable } from 'kysely'
import type { EventTable } from '../../state/tables/index.js'
import { EVENT_TYPES } from './events.js'
import type { EventInput, LedgerEntry } from './events.js'
import { subjectOf } from '../records/objects.js'
import { addressOf } from '../records/participants.js'
import { shapeOf } from '../records/shapes.js'

/** Well below the 65,535 bytes per entry that an entry bundle allows (c2sp.org/tlog-tiles). */
export const MAX_ENTRY_BYTES = 32 * 1024

export interface NewEntry {
  readonly id: string
  readonly bytes: Buffer
  readonly columns: Omit<Insertable<EventTable>, 'idx' | 'entry'>
}

/**
 * @throws NocturneError `ledger_unavailable` for an event that has no canonical form or is too
 *   large
 */
export function makeEntry(event: EventInput, gateway: string, now: number): NewEntry {
  const entry: LedgerEntry = {
    ...event,
    v: 1,
    id: newId(now),
    nonce: randomBytes(16).toString('hex'),
    time: new Date(now).toISOString(),
    dcm: EVENT_TYPES[event.type],
    gateway,
  }
  const bytes = entryBytes(entry)
  return { id: entry.id, bytes, columns: columnsOf(entry) }
}

function entryBytes(entry: LedgerEntry): Buffer {
  try {
    const bytes = Buffer.from(canonicalJson({ ...entry, actor: { ...entry.actor } }))
    if (bytes.length <= MAX_ENTRY_BYTES) return bytes
  } catch (cause) {
    throw new NocturneError('ledger_unavailable', { cause })
  }
  throw new NocturneError('ledger_unavailable', { cause: new RangeError('the entry is too large') })
}

/**
 * Incremented when `columnsOf` changes. A database with another version is reindexed when it is
 * opened.
 */
export const INDEX_VERSION = 6

/** The index columns for an entry, all derived from the entry itself. */
export function columnsOf(entry: LedgerEntry): NewEntry['columns'] {
  return {
    event_id: entry.id,
    related: entry.related ?? spanOf(entry) ?? null,
    group_id: entry.group ?? null,
    duty: dutyOf(entry),
    time: Date.parse(entry.time),
    type: entry.type,
    outcome: entry.outcome,
    actor: entry.actor.id,
    facility: entry.facility ?? null,
    transfer: entry.transfer ?? null,
    patient: entry.patient ?? null,
    id_handle: idHandleOf(entry),
    address: addressOf(entry.actor) ?? null,
    token: entry.actor.token ?? null,
    subject: (shapeOf(entry.type).about === 'subject' ? subjectOf(entry) : undefined) ?? null,
  }
}

/**
 * The download or envelope that a begin event opens. If the gateway that recorded the begin has
 * died, the end event names this instead of the begin event.
 */
function spanOf({ type, detail }: LedgerEntry): string | undefined {
  const span = type.startsWith('download.') ? detail?.download : detail?.envelope
  return typeof span === 'string' ? span : undefined
}

function dutyOf({ type, detail }: LedgerEntry): string | null {
  const duty = type === 'download.begun' ? detail?.duty : undefined
  return typeof duty === 'string' ? duty : null
}

function idHandleOf({ type, detail }: LedgerEntry): string | null {
  const handle = type === 'item.accepted' ? detail?.idHandle : undefined
  return typeof handle === 'string' ? handle : null
}

/**
 * @throws NocturneError `ledger_broken` when the bytes are not a valid entry
 */
export function parseEntry(bytes: Uint8Array): LedgerEntry {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString())
    if (isEntry(value)) return value
  } catch (cause) {
    throw new NocturneError('ledger_broken', { cause })
  }
  throw new NocturneError('ledger_broken')
}

function isEntry(value: unknown): value is LedgerEntry {
  if (typeof value !== 'object' || value === null) return false
  const { v, id, time, type, actor } = value as Partial<Record<keyof LedgerEntry, unknown>>
  return (
    v === 1 &&
    typeof id === 'string' &&
    typeof time === 'string' &&
    typeof type === 'string' &&
    typeof actor === 'object' &&
    actor !== null
  )
}
