/** Which key was in effect for which principal and when, as recorded in the ledger. */
import type { Ledger } from '../ledger/log/index.js'
import { rowsOf, textOf } from './rows.js'

export interface KeyPeriod {
  readonly principal: string
  readonly fingerprint: string
  /** RFC 3339. In effect from this moment. */
  readonly from: string
  /** Replaced or removed at this moment; undefined while in effect. */
  readonly until: string | undefined
  /** When its holder last proved that they can open with it. */
  readonly checkedAt: string | undefined
  /** Index of the entry that put it into effect. */
  readonly index: number
}

export async function readKeyHistory(ledger: Ledger, end: number): Promise<readonly KeyPeriod[]> {
  const periods: KeyPeriod[] = []
  const types = ['certificate.changed', 'key.checked'] as const
  for await (const { entry, index } of rowsOf(ledger, { types, end })) {
    const { detail = {}, time } = entry
    if (entry.type === 'key.checked') {
      if (entry.outcome !== 0) continue
      const fingerprint = textOf(detail.fingerprint)
      mark(periods, (one) => one.fingerprint === fingerprint, { checkedAt: time })
      continue
    }
    const principal = textOf(detail.principal) ?? ''
    const [from, to] = [textOf(detail.from), textOf(detail.to)]
    // The same key with another certificate (for example with a later expiry) stays in effect.
    if (from === to) continue
    mark(periods, (one) => one.principal === principal && one.fingerprint === from, { until: time })
    if (to !== undefined)
      periods.push({
        ...{ principal, fingerprint: to, from: time, until: undefined, checkedAt: undefined },
        index,
      })
  }
  return periods
}

/** Updates the last period that is still in effect. */
function mark(
  periods: KeyPeriod[],
  is: (period: KeyPeriod) => boolean,
  change: Partial<KeyPeriod>,
): void {
  const at = periods.findLastIndex((one) => one.until === undefined && is(one))
  const found = periods[at]
  if (found) periods[at] = { ...found, ...change }
}
