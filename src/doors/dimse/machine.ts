/** The state of one association, by the table in `states`, and its ARTIM timer (PS3.8 9.1.5). */
import { transition } from './states.js'
import type { Action, EventName, State } from './states.js'
import type { Wire } from './wire.js'

export interface Timing {
  /** For the complete association request (ARTIM, PS3.8 9.1.5). */
  readonly artimMs: number
  /** For the peer to close the connection after the last PDU. */
  readonly closeMs: number
  /** Between messages. */
  readonly idleMs: number
  /** For each 8 KiB within a message, counted only while we wait for the peer. */
  readonly paceMs: number
}

export class Machine {
  readonly #isRequestor: boolean
  readonly #timing: Timing
  readonly #wire: Wire
  #state: State = 'Sta1'
  #artim: NodeJS.Timeout | undefined
  #hasExpired = false

  constructor(isRequestor: boolean, timing: Timing, wire: Wire) {
    this.#isRequestor = isRequestor
    this.#timing = timing
    this.#wire = wire
  }

  get state(): State {
    return this.#state
  }

  /** ARTIM expired, and the connection was closed for it. */
  get hasExpired(): boolean {
    return this.#hasExpired
  }

  get isOver(): boolean {
    return this.#state === 'Sta1' || this.#state === 'Sta13'
  }

  get isReleasing(): boolean {
    return this.#state === 'Sta7' || this.#state === 'Sta9' || this.#state === 'Sta11'
  }

  /** Applies an event to the state table. An empty cell is a bug on our side. */
  on(event: EventName): Action {
    const found = transition(this.#state, event)
    if (!found) throw new Error(`${event} cannot happen in ${this.#state}`)
    const isOtherwise = found.action === 'AR-8' && !this.#isRequestor
    this.#state = isOtherwise ? (found.otherwise ?? found.next) : found.next
    if (this.#state === 'Sta2') this.#startArtim(this.#timing.artimMs)
    else if (this.#state === 'Sta13') this.#startArtim(this.#timing.closeMs)
    else clearTimeout(this.#artim)
    return found.action
  }

  #startArtim(ms: number): void {
    clearTimeout(this.#artim)
    this.#artim = setTimeout(() => {
      this.#hasExpired = true
      this.on('Evt18')
      this.#wire.destroy()
    }, ms)
    void this.#wire.closed.then(() => clearTimeout(this.#artim))
  }
}
