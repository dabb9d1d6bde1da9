/** What became of a case, collected from what its sender may read. */
import { caseView } from '../../protocol/http/cases.js'
import type { CaseView } from '../../protocol/http/cases.js'
import { criticalsAnswer } from '../../protocol/http/critical.js'
import type { CriticalView } from '../../protocol/http/critical.js'
import { quarantineAnswer } from '../../protocol/http/facility.js'
import { reportsAnswer } from '../../protocol/http/reports.js'
import type { ReportView } from '../../protocol/http/reports.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { writeWhole, once } from '../local-write.js'
import { fetchToMemory } from '../reader/download.js'

export interface CaseStatus {
  readonly case: CaseView
  /** Items that the gateway holds back, and why. */
  readonly held: readonly {
    readonly transfer: string
    readonly item: number
    readonly code: string
  }[]
  readonly reports: readonly ReportView[]
  readonly critical: readonly CriticalView[]
}

export async function readStatus(client: GatewayClient, name: string): Promise<CaseStatus> {
  const view = parseAnswer(caseView, await client.json({ path: `/v1/cases/${name}` }))
  const held: CaseStatus['held'][number][] = []
  for (const { id } of view.transfers) {
    for (let start: string | undefined = ''; start !== undefined;) {
      const query: string = start === '' ? '' : `&start=${encodeURIComponent(start)}`
      const path = `/v1/quarantine?transfer=${id}${query}`
      const page = parseAnswer(quarantineAnswer, await client.json({ path }))
      held.push(...page.items.map(({ transfer, item, code }) => ({ transfer, item, code })))
      start = page.next
    }
  }
  const { reports } = parseAnswer(reportsAnswer, await client.json({ path: '/v1/reports' }))
  const { critical } = parseAnswer(criticalsAnswer, await client.json({ path: '/v1/critical' }))
  return {
    case: view,
    held,
    reports: reports.filter((one) => one.case === view.id),
    critical: critical.filter((one) => one.case === view.id),
  }
}

interface Work {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly onRetry: () => void
}

const MAX_RECEIPTS_BYTES = 8 << 20

/**
 * One JSON document: the state of the case, and the ledger's proofs of what its sender did, as
 * `nocturne audit verify` reads them.
 */
export async function writeReceipt(work: Work, status: CaseStatus, file: string): Promise<void> {
  const receipts: Record<string, string> = {}
  for (const { id } of status.case.transfers) {
    const bytes = await fetchToMemory({
      ...work,
      path: `/v1/transfers/${id}/receipts`,
      what: 'the receipts',
      size: MAX_RECEIPTS_BYTES,
      onBytes: () => undefined,
    })
    receipts[id] = bytes.toString('utf8')
  }
  const document = { ...status, receipts }
  await writeWhole(file, once(Buffer.from(`${JSON.stringify(document, null, 2)}\n`)))
}
