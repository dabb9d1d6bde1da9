/** Opens the operations of officers and operators on the ledger. */
import { compare, deadlinesOf } from '../compliance/index.js'
import type { Compliance } from '../compliance/index.js'
import { assessmentCsv, assessmentPdf, assessmentWorkbook } from '../compliance/exports/index.js'
import { inventoryCsv, mapOf, mapSvg, safeguardsPdf } from '../compliance/safeguards/index.js'
import {
  PRACTICES,
  practicesCsv,
  practicesOf,
  practicesPdf,
} from '../compliance/practices/index.js'
import { oscalFiles } from '../compliance/oscal/index.js'
import {
  isHandledByTransfer,
  patientHandle,
  patientIdHandle,
} from '../deidentify/identity/index.js'
import { exportLedger, packageMembers, UNLISTED } from '../ledger/export/index.js'
import type { Actor } from '../ledger/log/index.js'
import type { Publisher } from '../ledger/published/index.js'
import {
  addHold,
  planPruning,
  proposePruning,
  prune,
  readHolds,
  removeHold,
} from '../ledger/retention/index.js'
import type { PrunePlan, PruneOptions } from '../ledger/retention/index.js'
import {
  occurringPatients,
  patientsByTransfer,
  patientsWithId,
  recordReview,
  reviewState,
} from '../ledger/reviews/index.js'
import { formatPolicy } from '../ledger/witness/index.js'
import { createOfficer } from '../officer/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Officer } from '../officer/index.js'
import { retentionAnswer } from '../retention/index.js'
import type { Retention } from '../retention/index.js'
import type { Ground } from './ground.js'
import type { ReadingRooms } from './reading.js'
import type { RecordRooms } from './records.js'

export interface OfficeRooms {
  readonly officer: Officer
  /** For the operator, working on the site's own files. */
  readonly pruning: {
    plan(): Promise<PrunePlan>
    /**
     * Carries out what an officer has proposed.
     *
     * @param holder names this process among those that prune
     */
    prune(actor: Actor, holder: string): ReturnType<typeof prune>
  }
}

export function openOffice(
  ground: Ground,
  { directory }: Pick<RecordRooms, 'directory'>,
  {
    publisher,
    compliance,
    retention,
    cases,
    reply,
  }: Pick<ReadingRooms, 'cases' | 'reply'> & {
    readonly publisher: Publisher
    readonly compliance: Compliance
    readonly retention: Retention
  },
): OfficeRooms {
  const { site, state, ledger, logFiles, keys, now } = ground
  const { config, secrets } = site
  const options: PruneOptions = {
    ...{ state, ledger, publisher, now, files: logFiles },
    years: config.ledger.retention.years,
  }
  return {
    pruning: {
      plan: () => planPruning(options),
      prune: (actor, holder) => prune(options, actor, holder),
    },
    officer: createOfficer({
      ...{ config, secrets, ledger, now, directory, unlisted: UNLISTED, desk: compliance.desk },
      identity: { isHandledByTransfer, patientHandle, patientIdHandle },
      patients: {
        byTransfer: (facility) => patientsByTransfer(state.db, facility),
        withId: (facility, handles) => patientsWithId(state.db, facility, handles),
        occurring: (facility, handles) => occurringPatients(state.db, facility, handles),
      },
      organisations: async () =>
        (await compliance.registers.list('organisation')).map((entry) => ({
          id: entry.subject,
          name: String(entry.data.name ?? ''),
          address: String(entry.data.address ?? ''),
          hasEnded: entry.endedAt !== undefined,
        })),
      verifyDetached: keys.verifyDetached,
      incidents: incidentsOf(compliance, now),
      ...packsOf(compliance, { cases, reply }),
      packaging: { exportLedger, packageMembers, formatPolicy },
      rendering: { compare, assessmentCsv, assessmentPdf, assessmentWorkbook, oscalFiles },
      keeping: {
        review: () => reviewState(state.db, config.ledger.review.days, now()),
        recordReview: (actor, given) => recordReview(ledger, actor, given),
        holds: () => readHolds(state.db),
        addHold: (actor, scope) => addHold(ledger, actor, scope),
        removeHold: (actor, id) => removeHold(ledger, actor, id),
        planRetention: async () => retentionAnswer(await retention.plan()),
        planPruning: () => planPruning(options),
        proposePruning: (actor) => proposePruning(options, actor),
      },
    }),
  }
}

/** What the packs of evidence are made from and with. */
const packsOf = (
  compliance: Compliance,
  { cases, reply }: Pick<ReadingRooms, 'cases' | 'reply'>,
): Pick<Parameters<typeof createOfficer>[0], 'safeguards' | 'practices' | 'provider'> => ({
  safeguards: {
    sources: (url) => compliance.safeguards(url),
    ...{ mapOf, mapSvg, inventoryCsv, safeguardsPdf },
  },
  practices: { PRACTICES, practicesCsv, practicesOf, practicesPdf },
  provider: {
    entries: () => compliance.registers.all(),
    actions: () => compliance.desk.actions(),
    figures: (range) => cases.figures(range, (ids) => reply.timesOf(ids)),
  },
})

/** The register of incidents, as the room of the officer needs it. */
const incidentsOf = (
  { registers }: Compliance,
  now: () => number,
): Parameters<typeof createOfficer>[0]['incidents'] => ({
  find: async (id) => {
    const all = await registers.list('incident')
    const found = all.findLast((one) => one.subject === id && one.endedAt === undefined)
    if (!found) throw new NocturneError('not_found')
    return found
  },
  amend: async (entry, fields, actor) => {
    const { ids, receipt } = await registers.add(
      [{ kind: 'incident', fields, replaces: entry.id }],
      actor,
    )
    return { id: ids[0] ?? '', index: receipt.index }
  },
  deadlines: (entry) => deadlinesOf(entry, now()),
})
