/** The schemas that have a name in the OpenAPI document. Those of requests end in `Request`. */
import type * as z from 'zod/mini'
import * as audit from './audit.js'
import * as cases from './cases.js'
import { newCritical, newReadBack } from '../critical.js'
import * as critical from './critical.js'
import * as facility from './facility.js'
import * as gateway from './gateway.js'
import * as health from './health.js'
import { problem } from './problem.js'
import { acknowledgeReport, newReport } from '../report.js'
import * as reports from './reports.js'
import * as recipients from './recipients.js'
import * as transfers from './transfers.js'

export const COMPONENTS: Readonly<Record<string, z.ZodMiniType>> = {
  Problem: problem,
  Transfer: transfers.transferAnswer,
  Transfers: transfers.transfersAnswer,
  Inbox: transfers.inboxAnswer,
  Item: transfers.itemAnswer,
  Upload: transfers.uploadAnswer,
  KnownUpload: transfers.knownUploadAnswer,
  UploadProblem: transfers.uploadProblem,
  Changed: transfers.changedAnswer,
  AcknowledgementRequest: transfers.acknowledgementRequest,
  KeyPackets: recipients.packetsAnswer,
  Recipient: recipients.recipientAnswer,
  AddRecipientRequest: recipients.addRecipientRequest,
  RemoveRecipientRequest: recipients.removeRecipientRequest,
  Case: cases.caseView,
  Cases: cases.casesAnswer,
  ChangedCase: cases.caseAnswer,
  ClaimProblem: cases.claimProblem,
  Reports: reports.reportsAnswer,
  Report: reports.reportAnswer,
  ReportSummary: reports.reportView,
  SentReport: reports.reportSentAnswer,
  ReportRecipients: reports.reportRecipientsAnswer,
  CriticalResults: critical.criticalsAnswer,
  CriticalResult: critical.criticalWholeAnswer,
  CriticalSummary: critical.criticalView,
  ChangedCritical: critical.criticalChangedAnswer,
  NewCriticalRequest: newCritical,
  NewReadBackRequest: newReadBack,
  NewReportRequest: newReport,
  AcknowledgeReportRequest: acknowledgeReport,
  Quarantine: facility.quarantineAnswer,
  DiscardRequest: facility.discardRequest,
  Crosswalks: facility.crosswalksAnswer,
  Gateway: gateway.gatewayAnswer,
  Session: gateway.sessionAnswer,
  ChallengeRequest: gateway.challengeRequest,
  Challenge: gateway.challengeAnswer,
  SignInRequest: gateway.signInRequest,
  Token: gateway.tokenAnswer,
  KeyCheck: gateway.keyCheckAnswer,
  KeyCheckedRequest: gateway.keyCheckedRequest,
  KeyChecked: gateway.keyCheckedAnswer,
  Ready: health.readyAnswer,
  Events: audit.eventsAnswer,
  PatientRequest: audit.patientRequest,
  ReportRequest: audit.reportRequest,
  Review: audit.reviewAnswer,
  ReviewRequest: audit.reviewRequest,
  Holds: audit.holdsAnswer,
  HoldRequest: audit.holdRequest,
  PrunePlan: audit.planAnswer,
}
