/** Reports and critical results of a case: sealed and opened by the worker, transported here. */
import type { CaseView } from '../../../../protocol/http/cases.js'
import {
  criticalChangedAnswer,
  criticalWholeAnswer,
  criticalsAnswer,
} from '../../../../protocol/http/critical.js'
import type { CriticalView, CriticalWhole } from '../../../../protocol/http/critical.js'
import {
  reportAnswer,
  reportRecipientsAnswer,
  reportSentAnswer,
  reportsAnswer,
} from '../../../../protocol/http/reports.js'
import type { ReportRecipientsAnswer, ReportView } from '../../../../protocol/http/reports.js'
import type { ContactRole, CriticalLevel } from '../../../../protocol/critical.js'
import type { ReportDocument } from '../../../../protocol/report.js'
import type { SealedStatement } from '../../keys/messages.js'
import type { Session } from '../../session/session.js'
import { writtenSections } from './report-state.js'
import type { Draft } from './report-state.js'

/** Whom a report, or a finding, on this case is sealed to now. */
export const recipientsOf = (
  { gateway }: Session,
  { id }: CaseView,
): Promise<ReportRecipientsAnswer> =>
  gateway.get(reportRecipientsAnswer, `/v1/cases/${id}/report-recipients`)

interface Authored {
  readonly found: ReportRecipientsAnswer
  readonly authorName: string
}

const authoredBy = (
  { who }: Session,
  { transfers }: CaseView,
  { found, authorName }: Authored,
) => ({
  ...{ found, reader: who.principal, transfers: transfers.map(({ id }) => id) },
  authorName: authorName.trim() === '' ? undefined : authorName.trim(),
})

/** Signs and seals the report; nothing is sent yet. */
export const sealReport = (
  session: Session,
  of: CaseView,
  draft: Draft,
  authored: Authored,
): Promise<SealedStatement> =>
  session.keys.ask({
    do: 'report',
    ...authoredBy(session, of, authored),
    ...{ status: draft.status, agreement: draft.agreement, sections: writtenSections(draft) },
  })

/** Repeating this is safe: the same message is one report. */
export const sendReport = ({ gateway }: Session, { id }: CaseView, sealed: SealedStatement) =>
  gateway.post(reportSentAnswer, `/v1/cases/${id}/reports`, sealed)

export const sealFinding = (
  session: Session,
  of: CaseView,
  finding: { readonly level: CriticalLevel; readonly text: string },
  authored: Authored,
): Promise<SealedStatement> =>
  session.keys.ask({ do: 'finding', ...authoredBy(session, of, authored), ...finding })

export const raise = ({ gateway }: Session, { id }: CaseView, sealed: SealedStatement) =>
  gateway.post(criticalChangedAnswer, `/v1/cases/${id}/critical`, sealed)

/** Newest first. */
export async function reportsOf({ gateway }: Session, { id }: CaseView): Promise<ReportView[]> {
  const { reports } = await gateway.get(reportsAnswer, '/v1/reports')
  return reports.filter((one) => one.case === id).reverse()
}

export async function openReport(
  { gateway, keys, about }: Session,
  id: string,
): Promise<ReportDocument> {
  const view = await gateway.get(reportAnswer, `/v1/reports/${id}`)
  const sealed = await gateway.bytes(`/v1/reports/${id}/message`)
  return (await keys.ask({ do: 'read report', view, sealed, gateway: about.name })).document
}

/** Of the reader's groups: those that nobody has read back. */
export const openCriticals = async ({ gateway }: Session): Promise<readonly CriticalView[]> =>
  (await gateway.get(criticalsAnswer, '/v1/critical?open=true')).critical

export const criticalsOf = async (
  { gateway }: Session,
  id: string,
): Promise<readonly CriticalView[]> =>
  (await gateway.get(criticalsAnswer, '/v1/critical')).critical.filter((one) => one.case === id)

export interface OpenedFinding {
  readonly view: CriticalWhole
  readonly text: string
  readonly readBack: string | undefined
}

export async function openFinding(session: Session, id: string): Promise<OpenedFinding> {
  const { gateway, keys, about } = session
  const view = await gateway.get(criticalWholeAnswer, `/v1/critical/${id}`)
  const sealed = await gateway.bytes(`/v1/critical/${id}/message`)
  const hasReadBack = view.answers.some(({ kind }) => kind === 'read-back')
  const readBack = hasReadBack ? await gateway.bytes(`/v1/critical/${id}/readback`) : undefined
  const asked = { do: 'read finding', view, sealed, readBack, gateway: about.name } as const
  return { view, ...(await keys.ask(asked)) }
}

export async function compare(session: Session, critical: string, matches: boolean) {
  const { gateway, keys, about, who } = session
  const asked = { critical, gateway: about.name, reader: who.principal, matches }
  const signed = await keys.ask({ do: 'compare', ...asked })
  return gateway.post(criticalChangedAnswer, `/v1/critical/${critical}/compare`, signed)
}

export async function logCall(
  session: Session,
  critical: string,
  call: { readonly role: ContactRole; readonly readBack: boolean },
) {
  const { gateway, keys, about, who } = session
  const calledAt = new Date().toISOString()
  const asked = { critical, gateway: about.name, reader: who.principal, calledAt, ...call }
  const signed = await keys.ask({ do: 'call', ...asked })
  return gateway.post(criticalChangedAnswer, `/v1/critical/${critical}/phone`, signed)
}
