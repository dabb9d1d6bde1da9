/** What a facility opens with its key: reports with the identity back, and critical results. */
import { casesAnswer } from '../../../protocol/http/cases.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import {
  criticalChangedAnswer,
  criticalWholeAnswer,
  criticalsAnswer,
} from '../../../protocol/http/critical.js'
import type { CriticalView, CriticalWhole } from '../../../protocol/http/critical.js'
import { crosswalksAnswer } from '../../../protocol/http/facility.js'
import {
  reportAcknowledgedAnswer,
  reportAnswer,
  reportRecipientsAnswer,
  reportsAnswer,
} from '../../../protocol/http/reports.js'
import type { ReportView } from '../../../protocol/http/reports.js'
import type { ContactRole } from '../../../protocol/critical.js'
import type { ReportDocument } from '../../../protocol/report.js'
import type { Identity } from '../keys/messages.js'
import type { Session } from '../session/session.js'

export const ownCases = async ({ gateway }: Session): Promise<readonly CaseView[]> =>
  (await gateway.get(casesAnswer, '/v1/cases')).cases

/** Oldest first. */
export const ownReports = async ({ gateway }: Session): Promise<readonly ReportView[]> =>
  (await gateway.get(reportsAnswer, '/v1/reports')).reports

export interface FacilityReport {
  readonly view: ReportView
  readonly document: ReportDocument
  /** Undefined when no crosswalk of the case has its studies. */
  readonly identity: Identity | undefined
}

export async function openReport(
  session: Session,
  { transfers }: CaseView,
  id: string,
): Promise<FacilityReport> {
  const { gateway, keys, about } = session
  const view = await gateway.get(reportAnswer, `/v1/reports/${id}`)
  const sealed = await gateway.bytes(`/v1/reports/${id}/message`)
  const asked = { do: 'read report', view, sealed, gateway: about.name } as const
  const { document } = await keys.ask(asked)
  const { identity } = await keys.ask({
    do: 'identify',
    crosswalks: await crosswalksOf(session, transfers),
    signers: [{ certificate: about.certificate }, ...about.formerCertificates],
    ...{ gateway: about.name, facility: view.facility, studies: document.studies },
  })
  return { view, document, identity }
}

async function crosswalksOf(
  { gateway }: Session,
  transfers: CaseView['transfers'],
): Promise<Uint8Array[]> {
  const sealed: Uint8Array[] = []
  for (const { id } of transfers) {
    const path = `/v1/crosswalk?limit=1000&transfer=${id}`
    const { crosswalks } = await gateway.get(crosswalksAnswer, path)
    for (const one of crosswalks) sealed.push(await gateway.bytes(`/v1/crosswalk/${one.id}`))
  }
  return sealed
}

/** Signs that the facility has the report: the clock of the case stops. */
export async function confirmReport(session: Session, { id, facility }: ReportView) {
  const { gateway, keys, about } = session
  const asked = { do: 'confirm report', report: id, gateway: about.name, facility } as const
  const signed = await keys.ask(asked)
  return gateway.post(reportAcknowledgedAnswer, `/v1/reports/${id}/acknowledge`, signed)
}

export const openCriticals = async ({ gateway }: Session): Promise<readonly CriticalView[]> =>
  (await gateway.get(criticalsAnswer, '/v1/critical?open=true')).critical

export interface OpenedCritical {
  readonly view: CriticalWhole
  readonly text: string
}

export async function openCritical(session: Session, id: string): Promise<OpenedCritical> {
  const { gateway, keys, about } = session
  const view = await gateway.get(criticalWholeAnswer, `/v1/critical/${id}`)
  const sealed = await gateway.bytes(`/v1/critical/${id}/message`)
  const asked = { do: 'read finding', view, sealed, gateway: about.name } as const
  const { text } = await keys.ask({ ...asked, readBack: undefined })
  return { view, text }
}

export async function typeBack(
  { gateway, keys }: Session,
  { view }: OpenedCritical,
  typed: { readonly role: ContactRole; readonly text: string },
) {
  const path = `/v1/critical/${view.id}`
  const found = await gateway.get(reportRecipientsAnswer, `${path}/recipients`)
  const sealed = await keys.ask({ do: 'type back', view, found, ...typed })
  return gateway.post(criticalChangedAnswer, `${path}/readback`, sealed)
}
