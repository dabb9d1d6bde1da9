/**
 * Takes requisitions in: each is a document of its own, sealed like a study whose group is not
 * known yet, and joins the case of its study as soon as there is one.
 *
 * A crash loses nothing that was acknowledged: the requisition is a transfer, and matching starts
 * again from the database.
 */
import type { Arrivals, ArrivalRooms, Sender } from '../../arrivals.js'
import type { Cases } from '../../cases/index.js'
import type { SiteConfig } from '../../config/index.js'
import { orderHandle } from '../../deidentify/identity/index.js'
import { cleanWritten } from '../../deidentify/text/index.js'
import type { Directory } from '../../directory/index.js'
import { studyHandle } from '../../intake/index.js'
import { SYSTEM } from '../../lib/actors.js'
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import { NO_GROUP } from '../../protocol/words.js'
import { documentOf, expectComplete } from '../../requisition/index.js'
import type { Requisition } from '../../requisition/index.js'
import type { Transfers, UploadTarget } from '../../transfer/index.js'

export interface RequisitionRooms extends Pick<
  ArrivalRooms,
  'beginGathering' | 'expectAllowed' | 'facilityKeys' | 'logger'
> {
  readonly site: { readonly config: Pick<SiteConfig, 'intake'> }
  readonly directory: Pick<Directory, 'facility'>
  readonly cases: Pick<Cases, 'find'>
  readonly transfers: {
    readonly waiting: Pick<Transfers['waiting'], 'assign'>
    readonly requisitions: Transfers['requisitions']
  }
  readonly now: () => number
}

export interface TakenRequisition {
  readonly transfer: string
  /** `matched`: it is with the readers of its study. `duplicate`: it was there before. */
  readonly state: 'matched' | 'waiting' | 'duplicate'
}

export interface Requisitions {
  /**
   * When it resolves, the requisition is durable.
   *
   * @throws NocturneError `requisition_unmatchable`, `requisition_incomplete`, `requisitions_full`,
   *   `unauthenticated`; store and ledger errors
   */
  take(sender: Sender, requisition: Requisition): Promise<TakenRequisition>
  /** Gives those whose study has come to its readers, and removes the old ones. Never throws. */
  settleDue(): Promise<void>
}

const MOST_WAITING = 1_000
/** Every secret of the facility, with each number and patient ID of the order. */
const MOST_HANDLES = 100
const DAY_MS = 86_400_000
/** In these, nobody has finished reading. */
const READING: ReadonlySet<string> = new Set([
  ...['arriving', 'waiting', 'claimed', 'preliminary', 'finalizing', 'partial'],
])

export function createRequisitions(
  rooms: RequisitionRooms,
  arrivals: Pick<Arrivals, 'resume' | 'closeNow'>,
): Requisitions {
  const match = async (only?: string): Promise<readonly string[]> => {
    const matched: string[] = []
    for (const { transfer, study } of await rooms.transfers.requisitions.matches()) {
      if ((only !== undefined && transfer !== only) || matched.includes(transfer)) continue
      if (await join(rooms, arrivals, transfer, study)) matched.push(transfer)
    }
    return matched
  }
  return {
    take: async (sender, requisition) => {
      const { transfer, isNew } = await keep(rooms, sender, requisition)
      if (!isNew) return { transfer, state: 'duplicate' }
      // It is durable: if matching fails now, it is tried again.
      const matched = await match(transfer).catch(warn(rooms))
      return { transfer, state: matched?.includes(transfer) === true ? 'matched' : 'waiting' }
    },
    settleDue: async () => {
      const before = rooms.now() - rooms.site.config.intake.requisitionDays * DAY_MS
      await match().catch(warn(rooms))
      await rooms.transfers.requisitions.expire(before).catch(warn(rooms))
    },
  }
}

async function keep(rooms: RequisitionRooms, sender: Sender, requisition: Requisition) {
  const { actor, facility: id } = sender
  if (actor.token === undefined) await rooms.expectAllowed(sender)
  const facility = rooms.directory.facility(id)
  if (!facility) throw new NocturneError('site_invalid', { subject: id })
  expectComplete(requisition, facility.requisition ?? [])
  if ((await rooms.transfers.requisitions.count(id)) >= MOST_WAITING)
    throw new NocturneError('requisitions_full')
  const { languages } = facility.profile
  const clean = (text: string, names: readonly string[]) => cleanWritten(text, names, languages)
  const document = documentOf(requisition, clean)
  const secrets = rooms.facilityKeys.secretsOf(id)
  const { accessions, patientIds } = requisition
  const orders = secrets
    .flatMap((secret) =>
      accessions.flatMap((one) => patientIds.map((patient) => orderHandle(secret, one, patient))),
    )
    .slice(0, MOST_HANDLES)
  const target: UploadTarget = {
    ...{ actor, facility: id, group: NO_GROUP, orders },
    priority: 'routine',
    waits: 'requisition',
  }
  const about = studyHandle(secrets[0], `requisition ${orders[0] ?? ''}`)
  const gathering = await rooms.beginGathering(target, about)
  try {
    const bytes = once(document)
    const part = { contentType: 'text/plain', fileName: 'requisition.txt', bytes }
    const [item] = await gathering.add(part, { sender })
    await gathering.end()
    if (item?.outcome === 'refused') throw new NocturneError('not_a_requisition')
    return { transfer: gathering.transfer, isNew: item?.outcome !== 'duplicate' }
  } catch (error) {
    if (gathering.hasKept) gathering.leave()
    else await gathering.abandon(error)
    throw error
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(bytes)
}

/** Returns false when the case of the study accepts nothing more. */
async function join(
  { cases, transfers }: RequisitionRooms,
  arrivals: Pick<Arrivals, 'resume' | 'closeNow'>,
  transfer: string,
  study: string,
): Promise<boolean> {
  const found = await cases.find(study)
  if (!found || !READING.has(found.state)) return false
  const { id, group_id: group, priority } = found
  await transfers.waiting.assign(SYSTEM, transfer, { group, priority, case: id })
  await arrivals.resume()
  await arrivals.closeNow(transfer)
  return true
}

const warn =
  ({ logger }: RequisitionRooms) =>
  (error: unknown): undefined => {
    const { code } = asNocturneError(error)
    logger.warn('requisitions could not be matched; they will be tried again', { code })
  }
