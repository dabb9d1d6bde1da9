import type { Actor, EventQuery, Ledger } from '../ledger/log/index.js'
import type { ExportQuery, PackageFormat } from '../ledger/export/index.js'
import type { Json } from '../lib/json.js'
import type { ZipMember } from '../lib/zip.js'
import { exportAssessment } from './assessments.js'
import type { AssessmentExport, AssessmentParts } from './assessments.js'
import { createIncidentDesk } from './incident/desk.js'
import type { IncidentDesk, IncidentParts } from './incident/desk.js'
import { auditProvider } from './provider/desk.js'
import type { ProviderParts } from './provider/desk.js'
import { createKeeping } from './keeping.js'
import type { Keeping, KeepingParts } from './keeping.js'
import { exportEvents, exportPackage } from './ledger-package.js'
import { findPatient } from './patient-handles.js'
import type { AskedPatient, FoundPatient, PatientParts } from './patient-handles.js'
import { exportAnomalies } from './review/index.js'
import { exportPractices } from './practices.js'
import type { PracticeParts } from './practices.js'
import { recordable } from './recordable.js'
import { exportSafeguards } from './safeguards.js'
import type { SafeguardParts } from './safeguards.js'
import { admitSearch, approveSearch } from './search-bounds.js'
import type { SearchParts } from './search-bounds.js'
import { makeReport } from './requests.js'
import type { Report, ReportParts, ReportQuestion } from './requests.js'

export interface Officer {
  /** The part of a query that the ledger records: only IDs that exist. */
  recordable(query: EventQuery): Readonly<Record<string, Json>>
  /**
   * The handles under which the ledger may know a patient of the facility.
   *
   * @throws NocturneError `not_found` for an unknown facility
   */
  findPatient(facility: string, patient: AskedPatient): Promise<FoundPatient>
  /**
   * Call before a search for patients is recorded and answered.
   *
   * @param patients one keyed handle per patient
   * @throws NocturneError `too_many_searches`, `second_officer_needed`
   */
  admitSearch(actor: Actor, patients: readonly string[]): Promise<void>
  /** @throws NocturneError `not_found`, `second_officer_needed` */
  approveSearch(
    actor: Actor,
    id: string,
  ): Promise<{ readonly id: string; readonly receipt: string }>
  /**
   * What the ledger has about the same Patient ID under issuers that were not asked for; empty if
   * nothing.
   */
  underOtherIssuers(found: FoundPatient): Promise<OtherIssuers>
  /** Records the export, and returns the events with their proofs as lines of JSON. */
  exportEvents(actor: Actor, query: ExportQuery): Promise<AsyncIterable<string>>
  /**
   * Records the export, and returns the ZIP as it is written.
   * @throws NocturneError `ledger_unavailable`, `database_unavailable`, `ledger_broken`
   */
  exportPackage(
    actor: Actor,
    query: ExportQuery,
    format: PackageFormat,
  ): Promise<AsyncIterable<Uint8Array>>
  /**
   * Records the report, and returns it as a ZIP of a PDF, the same as CSV, and the checkpoint that
   * both are based on.
   *
   * @throws NocturneError `not_found` for an unknown facility or reader, `report_too_large`,
   *   `ledger_unavailable`
   */
  report(actor: Actor, report: Report, question: ReportQuestion): Promise<AsyncIterable<Uint8Array>>
  /**
   * Records the export, and returns its files.
   * @throws NocturneError `not_found`, `ledger_unavailable`
   */
  exportAssessment(actor: Actor, wanted: AssessmentExport): Promise<readonly ZipMember[]>
  /**
   * Records the audit of a reading group for a year, and returns its files.
   *
   * @throws NocturneError `not_found` for a group that is unknown, `report_too_large`
   */
  auditProvider(
    actor: Actor,
    about: { readonly group: string; readonly year: number },
  ): Promise<readonly ZipMember[]>
  /**
   * Records the map of safeguards, and returns its files.
   *
   * @param url where the gateway answers; its doors are connected to
   */
  safeguards(actor: Actor, url: string): Promise<readonly ZipMember[]>
  /** Records the report on recognised practices, and returns its files. */
  practices(actor: Actor): Promise<readonly ZipMember[]>
  /** Records what is unusual since the last review, and returns its files. */
  anomalies(actor: Actor): Promise<readonly ZipMember[]>
  readonly keeping: Keeping
  readonly incidents: IncidentDesk
}

export interface OtherIssuers {
  readonly otherIssuers?: { readonly patients: number; readonly events: number }
}

export type OfficerParts = Omit<SearchParts, 'admissions'> &
  PatientParts &
  Omit<ReportParts, 'admissions'> &
  AssessmentParts &
  KeepingParts &
  IncidentParts &
  ProviderParts &
  SafeguardParts &
  PracticeParts

export function createOfficer(rooms: OfficerParts): Officer {
  const admissions: SearchParts['admissions'] = new Map()
  const parts = { ...rooms, admissions }
  const keeping = createKeeping(parts)
  return {
    recordable: (query) => recordable(query, parts),
    admitSearch: (actor, patients) => admitSearch(parts, actor, patients),
    approveSearch: (actor, id) => approveSearch(parts, actor, id),
    findPatient: (facility, patient) => findPatient(parts, facility, patient),
    underOtherIssuers: async ({ others }) =>
      others.length === 0
        ? {}
        : {
            otherIssuers: {
              patients: others.length,
              events: await countTouching(parts.ledger, others),
            },
          },
    exportEvents: (actor, query) => exportEvents(parts, actor, query),
    exportPackage: (actor, query, format) => exportPackage(parts, actor, query, format),
    report: (actor, report, question) => makeReport(parts, actor, report, question),
    exportAssessment: (actor, wanted) => exportAssessment(parts, actor, wanted),
    auditProvider: (actor, about) => auditProvider(parts, actor, about),
    safeguards: (actor, url) => exportSafeguards(parts, actor, url),
    practices: (actor) => exportPractices(parts, actor),
    anomalies: (actor) => exportAnomalies(parts, keeping, actor),
    keeping,
    incidents: createIncidentDesk(parts),
  }
}

async function countTouching(ledger: Ledger, touching: readonly string[]): Promise<number> {
  const size = Number((await ledger.checkpoint()).split('\n')[1])
  return ledger.count({ touching }, size)
}
