/** The background work of a running gateway. */
import type { Deliveries } from '../deliver/index.js'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Reply } from '../reply.js'
import type { Retention } from '../retention/index.js'
import type { Certificates, Memberships } from '../site/index.js'
import type { Roll } from '../site/enrolment/index.js'
import type { State } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { Timekeeping } from '../timekeeping/index.js'
import type { Transfers } from '../transfer/index.js'
import { startAlerting } from './alerting.js'
import type { AlertingRooms } from './alerting.js'
import { startForwarding } from './forwarding.js'
import type { ForwardingRooms } from './forwarding.js'
import { startNight } from './night.js'
import type { NightRooms } from './night.js'
import type { Opening } from './opening.js'
import { startPublishing } from './publishing.js'
import type { PublishingRooms } from './publishing.js'
import { startWitnessing } from './witnessing.js'
import type { WitnessingRooms } from './witnessing.js'

export interface SweepRooms {
  readonly transfers: Pick<Transfers, 'sweep'>
  readonly deliveries: Pick<Deliveries, 'endLeft'>
  readonly store: Pick<ObjectStore, 'sweepPartial'>
  readonly reply: Pick<Reply, 'sweep'>
  readonly logger: Logger
}

export interface WorkRooms
  extends
    SweepRooms,
    ForwardingRooms,
    PublishingRooms,
    Omit<WitnessingRooms, 'witnessing'>,
    NightRooms,
    AlertingRooms {
  readonly transfers: SweepRooms['transfers'] & AlertingRooms['transfers']
  readonly ledger: PublishingRooms['ledger'] & WitnessingRooms['ledger']
  readonly store: SweepRooms['store'] & AlertingRooms['store']
  readonly witnessing: WitnessingRooms['witnessing'] & AlertingRooms['witnessing']
  readonly retention: Pick<Retention, 'run'>
  readonly remind: () => Promise<{ readonly given: number; readonly isReviewOverdue: boolean }>
  readonly timekeeping: Pick<Timekeeping, 'observe'>
  readonly certificates: Pick<Certificates, 'refresh'>
  readonly memberships: Pick<Memberships, 'refresh'>
  readonly roll: Pick<Roll, 'refresh'>
  /** This gateway's membership among those on its database. */
  readonly membership: Pick<Membership, 'renew'>
  /** Uploads whose gateway has not renewed them for this long are swept. */
  readonly leaseMs: number
  /** Nobody reads at an edge: its cases have their clocks at the gateway. */
  readonly isEdge: boolean
}

/** While it is held, no later version migrates the database. */
export type Membership = Awaited<ReturnType<State['join']>>

const HOUR_MS = 3_600_000
const REFRESH_MS = 5_000
/** A confirmed person is in effect at every gateway within 5 seconds. */
const ROLL_MS = 2_000
const RENEW_MS = 20_000
const REMIND_MS = 10 * 60_000
/** Half-written objects untouched for a day have been abandoned. */
const PARTIAL_MS = 24 * HOUR_MS

const NOTHING_DUE: NightRooms['cases'] & NightRooms['critical'] = {
  runDue: () => Promise.resolve(0),
}

const UNSWEPT = 'a sweep failed; the next one resumes it'
const UNSWEPT_PARTIAL = 'half-written objects may be left; the next sweep removes them'
const UNDONE = 'not all due case changes and notifications were made; the next round makes the rest'
const UNREMOVED = 'not everything past its retention was removed; the next round removes the rest'
const UNREMINDED = 'not all reminders were given; the next round gives the rest'
const UNENROLLED = 'the people who were enrolled could not be read again'
const UNREFRESHED = 'the certificates could not be read again'

/** Starts the background work. Returns a function that stops it. */
export function startWork(rooms: WorkRooms): () => Promise<void> {
  const { leaseMs, certificates, memberships, roll, logger } = rooms
  const every = (intervalMs: number, message: string, work: () => Promise<void>) =>
    setInterval(() => void work().catch(warnOf(logger, message)), intervalMs).unref()
  const timers = [
    setInterval(() => void renewMembership(rooms), RENEW_MS).unref(),
    every(leaseMs / 4, UNSWEPT, () => sweepExpired(rooms)),
    every(HOUR_MS, UNREMOVED, () => removeExpired(rooms)),
    every(REMIND_MS, UNREMINDED, () => remindPeople(rooms)),
    every(HOUR_MS, UNSWEPT_PARTIAL, () => sweepPartial(rooms, PARTIAL_MS)),
    // Picks up certificates that `nocturne key confirm` put into effect in another process.
    every(REFRESH_MS, UNREFRESHED, () => certificates.refresh()),
    every(REFRESH_MS, UNREFRESHED, () => memberships.refresh()),
    every(ROLL_MS, UNENROLLED, () => roll.refresh()),
  ]
  const stopPublishing = startPublishing(rooms)
  const stopWitnessing = startWitnessing(rooms)
  const stopForwarding = startForwarding(rooms)
  const night = rooms.isEdge ? { ...rooms, cases: NOTHING_DUE, critical: NOTHING_DUE } : rooms
  const stopNight = startNight(night, warnOf(logger, UNDONE))
  const stopAlerting = startAlerting(rooms)
  return async () => {
    timers.forEach((timer) => clearInterval(timer))
    await stopAlerting()
    await stopNight()
    await stopForwarding()
    await stopWitnessing()
    await stopPublishing()
  }
}

/**
 * Runs before any request is served.
 *
 * @param isAlone - no other gateway shares the database. A lone gateway can end everything left in
 *   progress, because its process is dead; otherwise only expired leases count.
 * @param step - runs a step of the start, and repeats it until the stores are available
 */
export async function sweepAtStart(
  rooms: SweepRooms & { readonly now: () => number },
  isAlone: boolean,
  step: Opening['step'],
): Promise<void> {
  const { logger } = rooms
  const leasedBefore = isAlone ? Number.MAX_SAFE_INTEGER : rooms.now()
  await step(() => sweepLeft(rooms, leasedBefore)).catch(warnOf(logger, UNSWEPT))
  await sweepPartial(rooms, isAlone ? 0 : PARTIAL_MS).catch(warnOf(logger, UNSWEPT_PARTIAL))
}

/** A clock that is ahead would end what other gateways are filling. */
async function sweepExpired(rooms: WorkRooms): Promise<void> {
  if ((await rooms.timekeeping.observe()) === undefined) await sweepLeft(rooms, rooms.now())
}

async function sweepLeft(rooms: SweepRooms, leasedBefore: number): Promise<void> {
  // Needs no store, which may be unavailable.
  await rooms.deliveries.endLeft(leasedBefore)
  const count = await rooms.transfers.sweep(leasedBefore)
  if (count > 0) rooms.logger.warn('left-over uploads were removed', { count })
}

async function sweepPartial(
  { store, reply, logger }: SweepRooms,
  olderThanMs: number,
): Promise<void> {
  const count = await store.sweepPartial(olderThanMs, Date.now())
  if (count > 0) logger.warn('half-written objects were removed', { count })
  const unsent = await reply.sweep()
  if (unsent > 0) logger.warn('left-over reports were removed', { count: unsent })
}

async function removeExpired({ retention, logger }: WorkRooms): Promise<void> {
  const { expired, objects, clock } = await retention.run()
  if (clock) logger.warn('nothing is removed: the clock is not trusted; see /readyz')
  if (expired > 0 || objects > 0)
    logger.info('contents past their retention were removed', { count: objects })
}

/** An overdue review raises its alert again every day until somebody reviews. */
export async function remindPeople({
  remind,
  alerts,
  logger,
}: Pick<WorkRooms, 'remind' | 'alerts' | 'logger'>): Promise<void> {
  const { given, isReviewOverdue } = await remind()
  if (given > 0) logger.info('people were reminded of dates in the registers', { count: given })
  await alerts.observe('review-overdue', false)
  await alerts.observe('review-overdue', isReviewOverdue)
}

/**
 * Retries while the database is unavailable. If a newer version has migrated it, stops all service
 * with that error.
 */
async function renewMembership({ ledger, membership, logger }: WorkRooms): Promise<void> {
  try {
    await membership.renew()
  } catch (thrown) {
    const error = asNocturneError(thrown)
    const { code, subject: problem } = error
    if (code === 'database_newer') ledger.halt(error)
    logger.error('this gateway cannot renew its lease on the database', {
      code,
      ...(problem !== undefined && { problem }),
    })
  }
}

const warnOf =
  (logger: Logger, message: string) =>
  (error: unknown): void =>
    logger.warn(message, { code: asNocturneError(error).code })
