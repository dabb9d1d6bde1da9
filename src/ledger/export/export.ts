/**
 * Writes `nocturne-ledger-export/v1` (see README.md) line by line, so exports of any size need
 * little memory.
 */
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import { parseCheckpoint } from '../verify/checkpoint.js'
import { toBase64 } from '../verify/encoding.js'
import { EXPORT_FORMAT } from '../verify/format.js'
import type { Ledger } from '../log/ledger.js'
import type { EventQuery } from '../log/contract.js'
import { parseNote } from '../verify/note.js'
import { exportedRows } from './rows.js'

/**
 * The filters of an export. A verifier can check an entry against each of them, which is not
 * possible for a `question`.
 */
export type ExportQuery = Omit<EventQuery, 'limit' | 'question' | 'touching' | 'end'>

/**
 * Yields the matching events, each with its proof under the single checkpoint in the header. Events
 * recorded while it runs are not included. Each string is one line including its newline.
 *
 * @throws NocturneError `database_unavailable`, `ledger_broken`
 */
export async function* exportLedger(ledger: Ledger, query: ExportQuery): AsyncIterable<string> {
  const signed = await ledger.checkpoint()
  const checkpoint = parseCheckpoint(parseNote(signed)?.text ?? '')
  if (!checkpoint) throw new TypeError('the ledger signs checkpoints')
  const { origin, size } = checkpoint
  const filters = filtersOf(query)
  yield line({
    format: EXPORT_FORMAT,
    origin,
    ledgerKey: ledger.verifierKey,
    checkpoint: signed,
    query: filters,
    count: await ledger.count(query, size),
  })
  for await (const { index, entry } of exportedRows(ledger, query, size)) {
    const path = await ledger.inclusion(index, size)
    const whole = { ...entry, actor: { ...entry.actor } }
    yield line({ index, entry: whole, proof: path.map(toBase64) })
  }
}

const line = (value: Json): string => `${canonicalJson(value)}\n`

/** Only the filters that are set, so that an empty object means the whole log. */
export function filtersOf(query: ExportQuery): Record<string, Json> {
  const { types, actor, facility, transfer, patient, outcome, duty, from, until, start } = query
  const all = { types, actor, facility, transfer, patient, outcome, duty, from, until, start }
  const set = Object.entries(all).filter(
    (filter): filter is [string, NonNullable<(typeof filter)[1]>] => filter[1] !== undefined,
  )
  return Object.fromEntries(set)
}
