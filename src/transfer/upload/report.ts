/**
 * What was done to an item, for its event. The slices of a study differ in values and hardly in
 * what was done to which attribute: so that list, the shape, is an event of its own, once, and each
 * item names it by digest, with the keyed digests of what stood in each place.
 */
import { createHash } from 'node:crypto'
import type { ElementReport } from '../../deidentify/index.js'
import type { EventInput } from '../../ledger/log/index.js'
import { canonicalJson } from '../../lib/json.js'
import type { Tx } from '../../state/index.js'

export interface ItemReport {
  /** SHA-256 of the canonical JSON of `elements`, hexadecimal. */
  readonly shape: string
  /**
   * Place, action, reason, and option where one decided; items of sequences without their numbers.
   */
  readonly elements: readonly (readonly string[])[]
  /** Places that there were; more than `elements` when those were cut. */
  readonly places: number
  /**
   * 8 characters for each of `elements`, in their order; 8 dots where nothing stood, or behind
   * Pixel Data.
   */
  readonly values: string
}

/** An entry of the ledger holds 64 KiB. */
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

/** One digest stays as it is; those of an attribute that stands many times become one. */
function joined(digests: readonly string[]): string {
  const [first = NOTHING] = digests
  if (digests.length < 2) return first
  return createHash('sha256').update(digests.join('')).digest('base64url').slice(0, 8)
}

/** Events for the shapes that no event has spelled out yet, inside the commit that names them. */
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
