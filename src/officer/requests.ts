/**
 * Records and creates the two reports on a facility, for the server and for a command that works on
 * the site's own files.
 */
import { accountingCsv, accountingPdf, countDisclosures } from './accounting.js'
import { collectEvidence } from './collect.js'
import { dossierCsv, dossierPdf, keysCsv } from './dossier.js'
import { nightCsv } from './night.js'
import type { Evidence, EvidenceScope } from './evidence.js'
import type { Organisation, ReportContext } from './report.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import { NocturneError } from '../lib/errors.js'
import { breathe } from '../lib/pace.js'
import type { Json } from '../lib/json.js'
import { zipOf } from '../lib/zip.js'
import type { ZipMember } from '../lib/zip.js'
import type { SiteConfig } from '../config/index.js'
import { admitSearch } from './search-bounds.js'
import type { SearchParts } from './search-bounds.js'
import { findPatient } from './patient-handles.js'
import type { PatientParts } from './patient-handles.js'

export const REPORTS = ['accounting', 'dossier'] as const

export type Report = (typeof REPORTS)[number]

export interface ReportQuestion {
  readonly facility: string
  /** Milliseconds since 1970; `from` is inclusive, `until` exclusive. */
  readonly from: number
  readonly until: number
  /** Keyed handle. */
  readonly patient?: string | undefined
  /** The ID that the facility uses for the patient. */
  readonly patientId?: string | undefined
  readonly issuer: string
  readonly reader?: string | undefined
  readonly transfer?: string | undefined
}

export interface ReportParts extends PatientParts, SearchParts {
  readonly ledger: Ledger
  readonly config: Pick<SiteConfig, 'gateway' | 'facilities' | 'people' | 'officers'>
  /** Register entries about organisations, oldest first. */
  readonly organisations: () => Promise<readonly Organisation[]>
}

/** The request in the ledger's terms. */
interface Asked {
  readonly scope: EvidenceScope
  /** Handles with the same Patient ID under issuers that were not asked for. */
  readonly others: readonly string[]
}

async function scopeOf(
  parts: PatientParts,
  { facility, from, until, patient, patientId, issuer, reader, transfer }: ReportQuestion,
): Promise<Asked> {
  const typed = { handles: patient === undefined ? undefined : [patient], others: [] }
  const { handles, others } =
    patientId === undefined ? typed : await findPatient(parts, facility, { patientId, issuer })
  return {
    scope: {
      ...{ facility, from, until },
      ...(handles && { patients: handles }),
      ...(reader !== undefined && { reader }),
      ...(transfer !== undefined && { transfer }),
    },
    others,
  }
}

export async function makeReport(
  parts: ReportParts,
  actor: Actor,
  report: Report,
  question: ReportQuestion,
): Promise<AsyncIterable<Uint8Array>> {
  const { ledger, config } = parts
  const { scope, others } = await scopeOf(parts, question)
  const { facility, from, until, patients, reader, transfer } = scope
  if (!config.facilities.some(({ id }) => id === facility)) throw new NocturneError('not_found')
  if (reader !== undefined && !config.people.some(({ id }) => id === reader))
    throw new NocturneError('not_found')
  if (patients && actor.role === 'officer') await admitSearch(parts, actor, patients.slice(0, 1))
  const query: Json = {
    ...{ facility, from, until },
    // More handles of the same patient add no information; the first shows whom the report is
    // about.
    ...(patients && { handles: patients.slice(0, 1) }),
    ...(reader !== undefined && { actor: reader }),
    ...(transfer !== undefined && { transfer }),
  }
  const receipt = await ledger.note({
    type: 'ledger.exported',
    outcome: 0,
    actor,
    facility,
    detail: { what: report, query },
  })
  const [recorded] = (await ledger.query({ start: receipt.index, limit: 1 })).rows
  const context: ReportContext = {
    gateway: config.gateway.name,
    ledgerKey: ledger.verifierKey,
    askedBy: actor.id,
    askedAt: recorded?.entry.time ?? '',
    event: receipt.index,
    organisations: await parts.organisations(),
    isByPatientId: question.patientId !== undefined,
    // Answering "none" because the ID was asked for under one issuer would hide disclosures.
    elsewhere:
      others.length === 0
        ? undefined
        : {
            patients: others.length,
            disclosures: await countDisclosures(
              await collectEvidence(ledger, { ...scope, patients: others }),
            ),
          },
  }
  return zipOf(membersOf(report, await collectEvidence(ledger, scope), context))
}

function membersOf(
  report: Report,
  evidence: Evidence,
  context: ReportContext,
): readonly ZipMember[] {
  const checkpoint = { name: 'checkpoint', content: once(() => evidence.checkpoint) }
  return report === 'accounting'
    ? [
        { name: 'accounting.pdf', content: accountingPdf(evidence, context) },
        { name: 'accounting.csv', content: accountingCsv(evidence, context) },
        checkpoint,
      ]
    : [
        { name: 'dossier.pdf', content: dossierPdf(evidence, context) },
        { name: 'items.csv', content: dossierCsv(evidence) },
        { name: 'keys.csv', content: once(() => keysCsv(evidence)) },
        { name: 'night.csv', content: once(() => nightCsv(evidence)) },
        checkpoint,
      ]
}

/** Written when it is read: one member at a time, not all in one turn. */
async function* once(text: () => string): AsyncGenerator<string> {
  await breathe()
  yield text()
}
