import type { Kysely, Migration } from 'kysely'
import { Migrator } from 'kysely'
import { initial } from './migrations/early/0001-initial.js'
import { ledgerOutlets } from './migrations/early/0002-ledger.js'
import { certificateChanges } from './migrations/early/0003-certificates.js'
import { recordSearch } from './migrations/early/0004-records.js'
import { outlets } from './migrations/early/0005-outlets.js'
import { dutyHours } from './migrations/early/0007-duty.js'
import { pseudonyms } from './migrations/early/0008-pseudonyms.js'
import { patientHandles } from './migrations/early/0009-handles.js'
import { findings } from './migrations/early/0010-findings.js'
import { gatewayKeys } from './migrations/early/0011-gateway-keys.js'
import { gateways } from './migrations/early/0012-gateways.js'
import { places } from './migrations/early/0013-places.js'
import { continuations } from './migrations/early/0014-continues.js'
import { cases } from './migrations/0020-cases.js'
import { clock } from './migrations/0021-clock.js'
import { notify } from './migrations/0022-notify.js'
import { compliance } from './migrations/0030-compliance.js'
import { arrivals } from './migrations/0040-arrivals.js'
import { deposits } from './migrations/0041-deposits.js'
import { uploads } from './migrations/0042-uploads.js'
import { rowMacs } from './migrations/0050-row-macs.js'
import { caseReports } from './migrations/0060-case-reports.js'
import { idHandles } from './migrations/0070-id-handles.js'
import { alerts } from './migrations/0071-alerts.js'
import { critical } from './migrations/night/0075-critical.js'
import { handovers } from './migrations/night/0076-handovers.js'
import { feedback } from './migrations/night/0085-feedback.js'
import { firstClaims } from './migrations/night/0077-first-claims.js'
import { addedPackets } from './migrations/0078-added-packets.js'
import { retention } from './migrations/night/0080-retention.js'
import { usage } from './migrations/0090-usage.js'
import { clientCertificates } from './migrations/0091-client-certificates.js'
import { timekeeping } from './migrations/night/0094-timekeeping.js'
import { quarantineIndex } from './migrations/quarantine-index.js'
import { notes } from './migrations/night/0095-notes.js'
import { reminders } from './migrations/0115-reminders.js'
import { priors } from './migrations/0174-priors.js'
import { requisitions } from './migrations/0151-requisitions.js'
import { enrolment } from './migrations/0140-enrolment.js'
import { waitingStudies } from './migrations/0150-waiting-studies.js'
import { lapsedClaims } from './migrations/night/0126-lapsed-claims.js'
import { caseParts } from './migrations/night/0158-case-parts.js'
import { messageDigests } from './migrations/night/0125-message-digests.js'
import { sealed } from './migrations/0145-sealed.js'
import type { Engine } from './migrations/engine.js'
import { refuseNewer, refuseOlder } from './sharing.js'
import type { OlderGateways } from './sharing.js'
import type { Tables } from './tables/schema.js'

export type Migrations = Readonly<Record<string, Migration>>

/** In order. A migration that has shipped is never changed; add a new one instead. */
export const migrationsFor = (engine: Engine): Migrations => ({
  '0001-initial': initial(engine),
  '0002-ledger': ledgerOutlets(engine),
  '0003-certificates': certificateChanges(engine),
  '0004-records': recordSearch(),
  '0005-outlets': outlets(engine),
  '0007-duty': dutyHours(),
  '0008-pseudonyms': pseudonyms(engine),
  '0009-handles': patientHandles(),
  '0010-findings': findings(),
  '0011-gateway-keys': gatewayKeys(engine),
  '0012-gateways': gateways(engine),
  '0013-places': places(),
  '0014-continues': continuations(),
  '0020-cases': cases(engine),
  '0021-clock': clock(engine),
  '0022-notify': notify(engine),
  '0030-compliance': compliance(engine),
  '0040-arrivals': arrivals(engine),
  '0041-deposits': deposits(engine),
  '0042-uploads': uploads(engine),
  '0050-row-macs': rowMacs(),
  '0060-case-reports': caseReports(engine),
  '0070-id-handles': idHandles(),
  '0071-alerts': alerts(engine),
  '0075-critical': critical(engine),
  '0076-handovers': handovers(engine),
  '0077-first-claims': firstClaims(engine),
  '0078-added-packets': addedPackets(engine),
  '0080-retention': retention(engine),
  '0085-feedback': feedback(engine),
  '0090-usage': usage(engine),
  '0091-client-certificates': clientCertificates(engine),
  '0094-timekeeping': timekeeping(engine),
  '0095-notes': notes(engine),
  '0100-quarantine-index': quarantineIndex(),
  '0115-reminders': reminders(engine),
  '0125-message-digests': messageDigests(),
  '0126-lapsed-claims': lapsedClaims(),
  '0140-enrolment': enrolment(engine),
  '0145-sealed': sealed(engine),
  '0150-waiting-studies': waitingStudies(engine),
  '0151-requisitions': requisitions(engine),
  '0158-case-parts': caseParts(),
  '0174-priors': priors(engine),
})

/**
 * Brings the schema up to date in one transaction, so that a crash leaves either the old or the new
 * schema. Two gateways that start at the same time migrate one after the other: SQLite through its
 * write lock, PostgreSQL through an advisory lock.
 *
 * @throws NocturneError `database_newer` when a newer version has migrated the database;
 *   `gateways_older` when there is something to migrate while an older version is running on it
 */
export async function migrate(
  db: Kysely<Tables>,
  engine: Engine,
  known: Migrations,
  older: OlderGateways,
): Promise<void> {
  await refuseNewer(db, engine, Object.keys(known))
  // Only pending migrations run, so each checks for older gateways inside the transaction that
  // changes the schema.
  const guarded = Object.entries(known).map(([name, migration]): [string, Migration] => [
    name,
    {
      up: async (tx: Kysely<Tables>) => {
        await refuseOlder(tx, engine, older)
        await migration.up(tx)
      },
    },
  ])
  const provider = { getMigrations: () => Promise.resolve(Object.fromEntries(guarded)) }
  const { error } = await new Migrator({ db, provider }).migrateToLatest()
  if (error !== undefined) throw error as Error
}
