/** Follows the ledger for alerts, and observes the states that raise one. */
import type { Alert, Alerts, StateRuleId } from '../alerts/index.js'
import type { FacilityConfig } from '../config/index.js'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Witnessing } from '../ledger/witness/index.js'
import type { Notice } from '../notify/index.js'
import type { State } from '../state/index.js'
import type { ObjectStore } from '../store/index.js'
import type { Timekeeping } from '../timekeeping/index.js'
import type { Transfers } from '../transfer/index.js'
import type { EdgeState } from '../transfer/sealed/index.js'
import { startRounds } from './rounds.js'

export interface AlertingRooms {
  readonly alerts: Pick<Alerts, 'follow' | 'observe'>
  readonly state: Pick<State, 'ping'>
  readonly store: Pick<ObjectStore, 'check'>
  readonly witnessing: Pick<Witnessing, 'witnessed'>
  readonly site: {
    readonly config: { readonly facilities: readonly Pick<FacilityConfig, 'id'>[] }
  }
  readonly transfers: Pick<Transfers, 'usedShares'>
  readonly timekeeping: Pick<Timekeeping, 'observe'>
  readonly clientCertificates: {
    used(): Promise<readonly { readonly principal: string; readonly validUntil: number }[]>
  }
  readonly hasWitnesses: boolean
  readonly edgeState?: (() => Promise<EdgeState>) | undefined
  readonly logger: Logger
  readonly now: () => number
}

const ROUND_MS = 5_000
/** Twice the interval at which a log without new entries is cosigned again. */
const WITNESSED_MS = 30 * 60_000
/** From this share of its quota on, a facility may soon be refused. */
const NEAR = 0.8
const EXPIRES_MS = 14 * 24 * 3_600_000
/** A time service corrects less than this without anybody noticing. */
const JUMP_MS = 60_000

/** @returns a function that stops the rounds */
export function startAlerting(rooms: AlertingRooms): () => Promise<void> {
  const { now } = rooms
  const hasJumped = createJumpDetector({ wall: now(), steady: performance.now() })
  return startRounds(ROUND_MS, () =>
    observeAll(rooms, hasJumped({ wall: now(), steady: performance.now() })),
  )
}

/** Each observation stands alone: a database that is away must not hide a store that is. */
export async function observeAll(rooms: AlertingRooms, hasJumped: boolean): Promise<void> {
  const { alerts, state, store, logger } = rooms
  const attempt = (work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      logger.warn('an alert could not be raised; the next round repeats it', {
        code: asNocturneError(error).code,
      })
    })
  const [isDatabaseAway, isStoreAway] = await Promise.all([
    fails(state.ping()),
    fails(store.check()),
  ])
  const states: readonly (readonly [StateRuleId, boolean])[] = [
    ['database-away', isDatabaseAway],
    ['store-away', isStoreAway],
    ['clock-jumped', hasJumped],
  ]
  for (const [rule, holds] of states) await attempt(alerts.observe(rule, holds))
  if (isDatabaseAway) return
  await attempt(isUnwitnessed(rooms).then((holds) => alerts.observe('ledger-unwitnessed', holds)))
  await attempt(observeQuotas(rooms))
  await attempt(observeClientCertificates(rooms))
  await attempt(
    rooms.timekeeping
      .observe()
      .then((doubt) => alerts.observe('clock-doubted', doubt !== undefined)),
  )
  await attempt(observeEdge(rooms))
  await attempt(alerts.follow())
}

async function observeEdge({ edgeState, alerts }: AlertingRooms): Promise<void> {
  if (!edgeState) return
  const { spool, line } = await edgeState()
  const isNear = spool.limit !== undefined && spool.bytes >= NEAR * spool.limit
  await alerts.observe('spool-near', isNear)
  await alerts.observe('gateway-away', line.problem !== undefined)
  await alerts.observe('edge-refused', line.refused.length > 0)
}

async function observeQuotas({ site, transfers, alerts }: AlertingRooms): Promise<void> {
  const shares = await transfers.usedShares()
  for (const { id } of site.config.facilities)
    await alerts.observe('quota-near', (shares.get(id) ?? 0) >= NEAR, id)
}

async function observeClientCertificates({
  clientCertificates,
  alerts,
  now,
}: AlertingRooms): Promise<void> {
  const ends = new Map<string, number>()
  for (const { principal, validUntil } of await clientCertificates.used())
    ends.set(principal, Math.min(validUntil, ends.get(principal) ?? Infinity))
  for (const [principal, end] of ends)
    await alerts.observe('client-certificate-expires', end - now() < EXPIRES_MS, principal)
}

async function isUnwitnessed({ hasWitnesses, witnessing, now }: AlertingRooms): Promise<boolean> {
  if (!hasWitnesses) return false
  const witnessed = await witnessing.witnessed()
  return !witnessed || now() - witnessed.at > WITNESSED_MS
}

interface Clocks {
  readonly wall: number
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: number
}

/** Compares how far both clocks went since the last call. */
export function createJumpDetector(start: Clocks): (clocks: Clocks) => boolean {
  let last = start
  return (clocks) => {
    const jump = clocks.wall - last.wall - (clocks.steady - last.steady)
    last = clocks
    return Math.abs(jump) > JUMP_MS
  }
}

const fails = (check: Promise<unknown>): Promise<boolean> =>
  check.then(
    () => false,
    () => true,
  )

/** For officers and operators; the subject is a principal, a key or a row. */
export const noticeOf = ({ key, title, next, subject, at }: Alert, origin: string): Notice => ({
  key: `alert|${key}`,
  event: 'alert.raised',
  alert: title,
  next,
  ...(subject !== '' && { subject }),
  at: new Date(at).toISOString(),
  link: `${origin}/office`,
})
