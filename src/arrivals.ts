/**
 * Studies that arrive instance by instance, over DIMSE or STOW-RS. Each instance is added to the
 * open transfer of its study and is durable before the answer is sent. The transfer is completed
 * when no instance has arrived for a while.
 *
 * A crash loses nothing: the open transfers are in the database, and the gateway resumes watching
 * them after a restart.
 */
import { CATALOGUE, NocturneError, asNocturneError } from './lib/errors.js'
import type { Logger } from './lib/logger.js'
import type { PathRooms } from './transfer.js'
import { FULL, ITEM_ALONE, keyOf, routeOf, studyKeyOf } from './gathering.js'
import type { BeginGathering, Gathering, Route, Sender } from './gathering.js'
import { Announced, dueIn, peek, studyHandle } from './intake/index.js'
import type { ArrivalClock, CompletenessRule, InstanceSigns } from './intake/index.js'
import type { Part } from './receive/index.js'
import { patientIn, prepareQuery, priorRoute } from './priors/index.js'
import type { NewStudy, PriorStudies } from './priors/index.js'
import type { FacilityKeys } from './site/index.js'
import type { Priority } from './state/index.js'
import type { InstanceReference, ItemAnswer, Transfers, UploadTarget } from './transfer/index.js'

export type { Route, Sender, Wanted } from './gathering.js'

export interface ArrivalRooms {
  readonly beginGathering: BeginGathering
  /** @throws NocturneError `unauthenticated` for a sender who was cut off in the meantime */
  readonly expectAllowed: PathRooms['expectAllowed']
  readonly transfers: Pick<Transfers, 'arrivals' | 'complete' | 'abandonEmpty'> & {
    readonly waiting: Pick<Transfers['waiting'], 'route' | 'former'>
  }
  readonly facilityKeys: Pick<FacilityKeys, 'secretsOf'>
  readonly logger: Pick<Logger, 'warn'>
}

export interface ArrivalsOptions {
  /** Decides where an instance goes. */
  readonly route: (sender: Sender, signs: InstanceSigns) => Route
  readonly completeness: (priority: Priority) => CompletenessRule
  /** Monotonic, in milliseconds. */
  readonly clock: () => number
  readonly priors?: PriorStudies
}

export interface Taken {
  readonly transfer: string
  /** The study waits until a person names its group. */
  readonly isWaiting: boolean
  readonly items: readonly ItemAnswer[]
}

export interface Watch {
  /** Called with what the instance says about itself; if it throws, the part is refused. */
  readonly onSigns?: (signs: InstanceSigns) => void
  /**
   * Given for a sender that is answered once for all of its parts: they may be committed together.
   * Called when what the part contains is durable, before its commit.
   */
  readonly onStored?: () => void
}

interface Arrival {
  readonly key: string
  readonly target: UploadTarget
  readonly study: string
  /** The transfer, once known. */
  transfer: string | undefined
  /** Accepts instances; undefined if none has arrived since it was last closed. */
  gathering: Promise<Gathering> | undefined
  clock: { -readonly [K in keyof ArrivalClock]: ArrivalClock[K] }
  closing: Promise<void> | undefined
  /** Whose study it is, where prior studies are asked for. Never written anywhere. */
  patient: NewStudy | undefined
  /** It waits for a person, and nothing has arrived since: there is nothing to do. */
  isAtRest: boolean
}

/** How long the answer that a sender may send is used for its further instances. */
const ALLOWED_MS = 500

export class Arrivals {
  readonly #rooms: ArrivalRooms
  readonly #options: ArrivalsOptions
  readonly #open = new Map<string, Arrival>()
  readonly #announced = new Announced()
  /** When a sender, of one request or association, was last found allowed to send. */
  readonly #allowedAt = new WeakMap<Sender, number>()

  constructor(rooms: ArrivalRooms, options: ArrivalsOptions) {
    this.#rooms = rooms
    this.#options = options
  }

  /**
   * Takes one part of a study. Resolves when its content is durable and each item has an outcome.
   *
   * @throws NocturneError when nothing of the part was kept
   */
  async take(sender: Sender, part: Part, watch: Watch = {}): Promise<Taken> {
    // A request with a token has just been checked; an association may be hours old.
    if (sender.actor.token === undefined) await this.#expectAllowed(sender)
    const { signs, bytes } = await peek(part.bytes)
    watch.onSigns?.(signs)
    const arrival = await this.#arrivalFor(sender, signs)
    arrival.clock.active += 1
    try {
      const gathering = await this.#gatheringOf(arrival)
      const checked = { ...part, bytes: this.#checked(bytes, sender) }
      const about = { sender, original: originalOf(signs), onStored: watch.onStored }
      const items = await this.#add(arrival, gathering, checked, about)
      arrival.clock.received += items.filter(isNew).length
      arrival.isAtRest = false
      arrival.patient ??= patientIn(this.#options.priors, arrival.target, signs)
      const isWaiting = arrival.target.waits !== undefined
      return { transfer: gathering.transfer, isWaiting, items }
    } finally {
      arrival.clock.active -= 1
      arrival.clock.lastAt = this.#options.clock()
    }
  }

  /** Completes every study for which nothing has arrived for long enough. Never throws. */
  async closeDue(): Promise<void> {
    const now = this.#options.clock()
    const due = [...this.#open.values()].filter((arrival) => {
      const rule = this.#options.completeness(arrival.target.priority)
      const expected = this.#announced.countOf(studyKeyOf(arrival.target, arrival.study))
      return !arrival.closing && !arrival.isAtRest && dueIn(arrival.clock, rule, now, expected) <= 0
    })
    await Promise.all(due.map((arrival) => this.#close(arrival)))
  }

  /**
   * The modality has announced how many instances the study has: it is completed as soon as they
   * are there. Undefined when more are coming.
   */
  announce(facility: string, studyInstanceUID: string, count: number | undefined): void {
    const secret = this.#rooms.facilityKeys.secretsOf(facility)[0]
    const study = studyHandle(secret, studyInstanceUID)
    this.#announced.expect(studyKeyOf({ facility }, study), count)
  }

  /** Closes the study of this transfer immediately, if it is open. */
  async closeNow(transfer: string): Promise<void> {
    const arrival = [...this.#open.values()].find((one) => one.transfer === transfer)
    if (arrival) await (arrival.closing ?? this.#close(arrival))
  }

  /**
   * A person has named the group of this study. It is completed now unless it is still arriving:
   * then it is when it has become quiet.
   */
  async assigned(transfer: string): Promise<void> {
    const arrival = [...this.#open.values()].find((one) => one.transfer === transfer)
    if (!arrival) return
    const wasAtRest = arrival.isAtRest
    arrival.isAtRest = false
    if (wasAtRest && arrival.clock.active === 0) await (arrival.closing ?? this.#close(arrival))
  }

  /** Closes the prior studies of this transfer immediately: no more of them will come. */
  async closePriors(priorOf: string): Promise<void> {
    const open = [...this.#open.values()].filter(({ target }) => target.priorOf === priorOf)
    await Promise.all(open.map((arrival) => arrival.closing ?? this.#close(arrival)))
  }

  /**
   * Watches the open studies in the database: this gateway's own after a restart, and those of a
   * gateway that is gone.
   */
  async resume(): Promise<void> {
    for (const one of await this.#rooms.transfers.arrivals()) {
      const { study, transfer, isAssigned, ...target } = one
      const key = keyOf(target, study)
      const known = this.#open.get(key)
      // Assigned at another gateway.
      if (known && isAssigned) known.isAtRest = false
      if (known) continue
      this.#open.set(key, this.#newArrival({ key, study, target, transfer }))
    }
  }

  /** Ends work in progress because the process is stopping. Transfers stay open. */
  async stop(): Promise<void> {
    await Promise.all([...this.#open.values()].map((arrival) => this.#endGathering(arrival)))
  }

  get count(): number {
    return this.#open.size
  }

  /** The same bytes; at their end, the part fails if its sender may not send any more. */
  async *#checked(bytes: AsyncIterable<Buffer>, sender: Sender): AsyncGenerator<Buffer> {
    yield* bytes
    await this.#expectAllowed(sender)
  }

  /**
   * Asks again only after a moment: this is to refuse early. The transaction that commits an
   * instance always asks.
   */
  async #expectAllowed(sender: Sender): Promise<void> {
    const now = this.#options.clock()
    const before = this.#allowedAt.get(sender)
    if (before !== undefined && now - before < ALLOWED_MS) return
    await this.#rooms.expectAllowed(sender)
    this.#allowedAt.set(sender, now)
  }

  #newArrival(known: Pick<Arrival, 'key' | 'study' | 'target' | 'transfer'>): Arrival {
    const now = this.#options.clock()
    return {
      ...known,
      gathering: undefined,
      clock: { openedAt: now, lastAt: now, active: 0, received: 0 },
      closing: undefined,
      patient: undefined,
      isAtRest: false,
    }
  }

  async #arrivalFor(sender: Sender, signs: InstanceSigns): Promise<Arrival> {
    const { actor, facility } = sender
    const study = studyHandle(
      this.#rooms.facilityKeys.secretsOf(facility)[0],
      signs.studyInstanceUID,
    )
    const route = await this.#routeOf(sender, study, signs)
    const target: UploadTarget = { actor, facility, ...route }
    const key = keyOf(target, study)
    for (;;) {
      const found = this.#open.get(key)
      if (!found) break
      if (!found.closing) return found
      await found.closing
    }
    const arrival = this.#newArrival({ key, study, target, transfer: undefined })
    this.#open.set(key, arrival)
    return arrival
  }

  /** A study that would wait follows the decision of a person about its earlier images. */
  async #routeOf(sender: Sender, study: string, signs: InstanceSigns): Promise<Route> {
    const route: Route =
      this.#openRoute(sender, study) ??
      (await priorRoute(this.#options.priors, sender, study)) ??
      this.#options.route(sender, signs)
    if (route.waits === undefined) return route
    const former = await this.#rooms.transfers.waiting.former(sender.facility, study)
    const { profile } = route
    return (
      this.#openRoute(sender, study) ??
      (former ? { ...former, ...(profile !== undefined && { profile }) } : route)
    )
  }

  /**
   * The route of the study while it is open: instances of one study form one transfer, even when a
   * rule looks at the time, or at an attribute in which they differ. A sender that names a group
   * gets that group.
   */
  #openRoute({ facility, wanted }: Sender, study: string): Route | undefined {
    if (wanted?.group !== undefined) return undefined
    for (const { target, study: open, closing } of this.#open.values())
      if (open === study && target.facility === facility && !closing) return routeOf(target)
    return undefined
  }

  #gatheringOf(arrival: Arrival): Promise<Gathering> {
    arrival.gathering ??= this.#begin(arrival).catch((error: unknown) => {
      arrival.gathering = undefined
      if (arrival.transfer === undefined) this.#open.delete(arrival.key)
      throw error
    })
    return arrival.gathering
  }

  async #begin(arrival: Arrival): Promise<Gathering> {
    const gathering = await this.#rooms.beginGathering(arrival.target, arrival.study)
    arrival.transfer = gathering.transfer
    return gathering
  }

  async #add(
    arrival: Arrival,
    gathering: Gathering,
    part: Part,
    about: Parameters<Gathering['add']>[1],
  ): Promise<readonly ItemAnswer[]> {
    try {
      return await gathering.add(part, about)
    } catch (error) {
      const { code } = asNocturneError(error)
      if (FULL.has(code)) arrival.clock.openedAt = -Infinity
      else if (!ITEM_ALONE.has(code) && !CATALOGUE[code].concernsItemAlone) {
        // What was already kept stays; the sweep cleans up once the lease has expired.
        gathering.leave()
        arrival.gathering = undefined
      }
      throw error
    }
  }

  #close(arrival: Arrival): Promise<void> {
    arrival.closing = this.#complete(arrival)
      .then((isComplete) => {
        arrival.isAtRest = !isComplete
        if (!isComplete) return
        this.#open.delete(arrival.key)
        this.#announced.forget(studyKeyOf(arrival.target, arrival.study))
      })
      .catch((error: unknown) => {
        // The certificates, the store or the ledger are unavailable at the moment. The study stays
        // open and is retried.
        const { code } = asNocturneError(error)
        const { transfer } = arrival
        this.#rooms.logger.warn('a study could not be completed; it will be tried again', {
          code,
          ...(transfer !== undefined && { transfer }),
        })
        const now = this.#options.clock()
        Object.assign(arrival.clock, { openedAt: now, lastAt: now })
      })
      .finally(() => {
        arrival.closing = undefined
      })
    return arrival.closing
  }

  /** Returns false for a study that waits for a person. */
  async #complete(arrival: Arrival): Promise<boolean> {
    const { target } = arrival
    await this.#endGathering(arrival)
    const { transfer } = arrival
    if (transfer === undefined) return true
    const route =
      target.waits === undefined ? target : await this.#rooms.transfers.waiting.route(transfer)
    if (!route) return false
    const { actor, facility } = target
    const { group, priority } = route
    const asked = await prepareQuery(
      this.#options.priors,
      { ...target, transfer, group },
      arrival.patient,
    )
    let isComplete = false
    const joins = 'case' in route ? route.case : undefined
    const whole = {
      ...{ id: transfer, facility, group, priority },
      ...(joins !== undefined && { case: joins }),
    }
    try {
      await this.#rooms.transfers.complete(actor, whole)
      isComplete = true
    } catch (error) {
      const { code } = asNocturneError(error)
      // Every item is held or was refused, so there is nothing to show a reader.
      if (code === 'transfer_empty') await this.#rooms.transfers.abandonEmpty(actor, whole)
      // Already completed by its sender, or its first instance never became durable.
      else if (code !== 'transfer_not_open') throw error
    } finally {
      asked?.(isComplete)
    }
    return true
  }

  async #endGathering(arrival: Arrival): Promise<void> {
    const gathering = await arrival.gathering?.catch(() => undefined)
    arrival.gathering = undefined
    if (!gathering) return
    if (gathering.hasKept) await gathering.end()
    else await gathering.abandon(new NocturneError('nothing_accepted'))
  }
}

const originalOf = ({
  sopClassUID: sopClass,
  sopInstanceUID: sopInstance,
}: InstanceSigns): InstanceReference | undefined =>
  sopClass && sopInstance ? { sopClass, sopInstance } : undefined

/** Neither refused, which is sent again, nor there before. */
const isNew = ({ outcome }: ItemAnswer): boolean =>
  outcome === 'accepted' || outcome === 'quarantined'
