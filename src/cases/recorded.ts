import { NocturneError } from '../lib/errors.js'
import type { EventInput } from '../ledger/log/index.js'
import type { Tx } from '../state/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { CasesParts, ViewParts } from './parts.js'
import { caseViews } from './views.js'
import type { CaseView } from './views.js'

/** The result of a change that is durable. */
export interface CaseAnswer {
  readonly case: CaseView
  /** A c2sp.org/tlog-proof of the event. */
  readonly receipt: string
}

export type RecordingParts = Pick<CasesParts, 'ledger'> & ViewParts

/** Changes a case and records its events, in one transaction. */
export async function recorded(
  parts: RecordingParts,
  change: (tx: Tx) => Promise<{
    readonly row: CaseTable
    readonly events: readonly [EventInput, ...EventInput[]]
  }>,
): Promise<CaseAnswer> {
  const { ledger } = parts
  const { value, receipts } = await ledger.record(async (tx) => {
    const { row, events } = await change(tx)
    return { value: row, events }
  })
  const [view] = await caseViews(parts, [value])
  if (!view) throw new NocturneError('internal')
  return { case: view, receipt: await ledger.proof(receipts[0].index) }
}
