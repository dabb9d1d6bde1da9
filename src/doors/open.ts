/**
 * Opens the doors other than HTTP: the intake of studies that arrive instance by instance, and the
 * DIMSE port.
 */
import { createEventThrottle } from '../access/sign-in/index.js'
import { Arrivals } from '../arrivals.js'
import type { ArrivalRooms } from '../arrivals.js'
import type { DimseConfig, SiteConfig } from '../config/index.js'
import type { Directory } from '../directory/index.js'
import type { Ledger } from '../ledger/log/index.js'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import { createRules, routing } from '../intake/index.js'
import { NO_GROUP } from '../protocol/words.js'
import type { Transfers } from '../transfer/index.js'
import { createCommitment } from './dimse/commitment.js'
import type { Report } from './dimse/commitment.js'
import { COMMITMENT, EXPLICIT_LITTLE, IMPLICIT_LITTLE } from './dimse/negotiate.js'
import { requestAssociation } from './dimse/request.js'
import { serveDimse } from './dimse/serve.js'
import type { DimseOptions, DimseServer } from './dimse/serve.js'
import type { Caller } from './dimse/conversation.js'
import { createSteps } from './dimse/steps.js'
import { createStore } from './dimse/store.js'
import { holdPort, hostOf } from './held-port.js'
import { openPriors } from './priors/open.js'
import type { PriorRooms } from './priors/open.js'
import { clientTls, readPortFiles } from './peer-files.js'
import { openMllp } from './requisition/open.js'
import { createRequisitions } from './requisition/take.js'
import type { RequisitionRooms, Requisitions } from './requisition/take.js'

/** What the doors depend on. */
export interface DoorRooms
  extends
    ArrivalRooms,
    Omit<RequisitionRooms, keyof ArrivalRooms | 'site' | 'cases'>,
    Pick<PriorRooms, 'priors' | 'cases'> {
  readonly site: { readonly config: Pick<SiteConfig, 'doors' | 'intake' | 'limits'> }
  readonly directory: Pick<Directory, 'facility'>
  readonly transfers: ArrivalRooms['transfers'] &
    RequisitionRooms['transfers'] &
    Pick<Transfers, 'deposits'>
  readonly ledger: Pick<Ledger, 'note'>
  readonly logger: Logger
  readonly now: () => number
}

export interface Doors {
  readonly arrivals: Arrivals
  readonly requisitions: Requisitions
  /** Open DICOM associations. */
  associations(): number
  /**
   * True if the DIMSE port is configured but not open here, for instance because another process
   * holds it.
   */
  isDimseAway(): boolean
  /**
   * Accepts nothing new and gives running work at most `graceMs` to finish. Open studies stay open.
   */
  close(graceMs: number): Promise<void>
}

const TICK_MS = 500
const RESUME_MS = 30_000
const REQUISITIONS_MS = 5_000
const REFUSALS_PER_MINUTE = 60

/**
 * PS3.8 leaves these times to the implementation; the README documents them. The first is ARTIM.
 */
const LIMITS = {
  artimMs: 30_000,
  closeMs: 5_000,
  idleMs: 300_000,
  associations: 64,
  associationsOfOne: 32,
} as const

/**
 * Called with the outcome of each item, the reason of each refused association, and the state in
 * which each query for prior studies ended.
 */
export interface Counted {
  readonly item: (outcome: string) => void
  readonly refusal: (reason: string) => void
  readonly prior: (state: string) => void
}

export async function openDoors(rooms: DoorRooms, counted: Counted): Promise<Doors> {
  const { config } = rooms.site
  const { idleSeconds, associationsPerAddress } = config.limits
  const timing = { ...LIMITS, associationsPerAddress, paceMs: idleSeconds * 1000 }
  const priors = openPriors(rooms, timing, () => arrivals, counted)
  const arrivals: Arrivals = new Arrivals(rooms, {
    priors,
    route: routeOf(rooms),
    completeness: (priority) => ({
      quietMs: config.intake.quiet[priority] * 1000,
      capMs: config.intake.cap * 1000,
    }),
    clock: () => performance.now(),
  })
  await arrivals.resume()
  const requisitions = createRequisitions(rooms, arrivals)
  const timers = [
    setInterval(() => void arrivals.closeDue(), TICK_MS),
    setInterval(() => void arrivals.resume().catch(warnOf(rooms)), RESUME_MS),
    setInterval(() => void requisitions.settleDue(), REQUISITIONS_MS),
  ].map((timer) => timer.unref())
  const port =
    config.doors.dimse && keepOpen(rooms, config.doors.dimse, timing, { arrivals, counted })
  const orders = config.doors.mllp && openMllp(rooms, config.doors.mllp, requisitions)
  return {
    arrivals,
    requisitions,
    associations: () => port?.server()?.count ?? 0,
    isDimseAway: () => port !== undefined && port.server() === undefined,
    close: async (graceMs) => {
      priors.close()
      await port?.close(graceMs)
      await orders?.close(graceMs)
      timers.forEach((timer) => clearInterval(timer))
      await arrivals.stop().catch(warnOf(rooms))
    },
  }
}

/**
 * Routes to the group that the sender names; otherwise as the first matching rule says; otherwise
 * to the facility's only group, with routine priority. What remains waits for a person.
 */
function routeOf({
  directory,
  site,
  now,
}: DoorRooms): ConstructorParameters<typeof Arrivals>[1]['route'] {
  const { rules, timezone } = site.config.intake
  const check = createRules(rules, timezone)
  return ({ actor, facility, aeTitle, wanted }, signs) => {
    const { address } = actor
    const checks = check({ facility, aeTitle, address, signs, at: now() })
    const groups = directory.facility(facility)?.groups ?? []
    const { group = NO_GROUP, priority, profile, waits } = routing(checks, groups, wanted)
    return {
      ...{ group, priority },
      ...(profile !== undefined && { profile }),
      ...(waits !== undefined && { waits }),
    }
  }
}

function keepOpen(
  rooms: DoorRooms,
  config: DimseConfig,
  timing: DoorTiming,
  { arrivals, counted }: { readonly arrivals: Arrivals; readonly counted: Counted },
) {
  const { logger } = rooms
  const refusals = createEventThrottle({ perMinute: REFUSALS_PER_MINUTE, now: rooms.now })
  const commitment = createCommitment({
    deposits: (facility, references) => rooms.transfers.deposits(facility, references),
    sendTo: (caller) => reportsTo(config, caller, timing),
    note: (event) => rooms.ledger.note(event),
    logger,
  })
  const store = createStore({
    take: (sender, part) => arrivals.take(sender, part),
    note: (event) => rooms.ledger.note(event),
    logger,
    admitRefusal: () => refusals.admit(),
    count: counted.item,
    countRefusal: counted.refusal,
  })
  const step = createSteps((facility, study, count) => arrivals.announce(facility, study, count))
  const services = { ...store, commit: commitment.commit, step }
  const port = holdPort<DimseServer>(
    async () =>
      serveDimse({ ...(await optionsOf(config)), limits: timing, now: rooms.now }, services),
    {
      logger,
      texts: {
        open: 'listening for DICOM associations',
        away: 'cannot listen on the DIMSE port; retrying',
      },
      urlOf: (number) =>
        `dicom://${encodeURIComponent(config.aeTitle)}@${hostOf(config.host)}:${number}`,
    },
  )
  return {
    server: () => port.server(),
    close: async (graceMs: number) => {
      commitment.close()
      await port.close(graceMs)
    },
  }
}

type DoorTiming = DimseOptions['limits']

/**
 * Sends reports to a peer over an association that we open, as SCP of storage commitment (PS3.7
 * D.3.3.4).
 */
function reportsTo(config: DimseConfig, { aeTitle, facility }: Caller, timing: DoorTiming) {
  const peer = config.peers.find(
    (one) => one.aeTitle === aeTitle && one.facility === facility && one.report,
  )
  const { report: place, certificate } = peer ?? {}
  if (!place) return undefined
  return async ({ eventType, dataSet }: Report): Promise<boolean> => {
    const tls = await clientTls(config.tls, certificate)
    const requestor = await requestAssociation(
      { ...place, called: aeTitle, calling: config.aeTitle, ...(tls && { tls }) },
      timing,
      [{ abstractSyntax: COMMITMENT, transferSyntaxes: [EXPLICIT_LITTLE, IMPLICIT_LITTLE] }],
      [{ sopClass: COMMITMENT, scu: false, scp: true }],
    )
    const status = await requestor.report(eventType, dataSet)
    await requestor.release()
    return status === 0
  }
}

async function optionsOf(config: DimseConfig): Promise<Omit<DimseOptions, 'limits' | 'now'>> {
  const { host, port, aeTitle, plainFrom } = config
  return { host, port, aeTitle, plainFrom, ...(await readPortFiles(config)) }
}

const warnOf =
  ({ logger }: DoorRooms) =>
  (error: unknown): void =>
    logger.warn('arriving studies could not be completed or resumed; retrying', {
      code: asNocturneError(error).code,
    })
