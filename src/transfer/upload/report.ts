/**
 * Summarizes what de-identification did to an item, for its event. The slices of a study differ in
 * their values but hardly in which attributes were treated how. So that list, the shape, is
 * recorded once as its own event. Each item refers to it by digest and adds keyed digests of its
 * original values.
 */
import { createHash } from 'node:crypto'
import type { ElementReport } from '../../deidentify/index.js'
import type { EventInput } from '../../ledger/log/index.js'
import { canonicalJson } from '../../lib/json.js'
import type { Tx } from '../../state/index.js'

export interface ItemReport {
  /** SHA-256 of the canonical JSON of `elements`, hexadecimal. */
  readonly shape: string
  /** Place, action, reason, and the option if one decided; sequence items without their numbers. */
  readonly elements: readonly (readonly string[])[]
  /** Total number of places; greater than the length of `elements` when that was truncated. */
  readonly places: number
  /**
   * 8 characters for each entry of `elements`, in the same order; 8 dots where there was no value,
   * or after Pixel Data.
   */
  readonly values: string
}

/** Keeps the event within the ledger's limit for an entry (MAX_ENTRY_BYTES). */
const MAX_PLACES = 600
const NOTHING = '........'

export function summarize(report: readonly ElementReport[]): ItemReport {
  const places = new Map<string, { readonly line: readonly string[]; digests: string[] }>()
  for (const { path, action, reason, option, digest } of report) {
    const place = path.length === 8 ? path : path.replace(/\[\d+\]/g, '[]')
    const line = [place, action, reason, ...(option === undefined ? [] : [option])]
    const key = line.join(' ')
    const known = places.get(key)
    const digests = digest === undefined ? [] : [digest]
    if (known) known.digests.push(...digests)
    else places.set(key, { line, digests })
  }
  const kept = [...places.values()].slice(0, MAX_PLACES)
  const elements = kept.map(({ line }) => line)
  return {
    shape: createHash('sha256').update(canonicalJson(elements)).digest('hex'),
    elements,
    places: places.size,
    values: kept.map(({ digests }) => joined(digests)).join(''),
  }
}

/**
 * Returns a single digest unchanged, and combines those of an attribute that occurs several times.
 */
function joined(digests: readonly string[]): string {
  const [first = NOTHING] = digests
  if (digests.length < 2) return first
  return createHash('sha256').update(digests.join('')).digest('base64url').slice(0, 8)
}

/** Events for shapes not recorded before, written in the commit that refers to them. */
export async function newShapes(
  tx: Tx,
  reports: readonly ItemReport[],
  common: Pick<EventInput, 'actor' | 'facility' | 'group' | 'transfer'>,
  now: number,
): Promise<EventInput[]> {
  const events: EventInput[] = []
  const distinct = new Map(reports.map((report) => [report.shape, report]))
  for (const { shape, elements, places } of distinct.values()) {
    const { numInsertedOrUpdatedRows } = await tx
      .insertInto('reports')
      .values({ digest: shape, created_at: now })
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .executeTakeFirst()
    if (numInsertedOrUpdatedRows !== 1n) continue
    const detail = { shape, places, elements }
    events.push({ ...common, type: 'report.recorded', outcome: 0, detail })
  }
  return events
}
