/**
 * PDUs of one connection, one at a time, each applied to the state table (PS3.8 section 9.2). Of a
 * P-DATA-TF only the header is read here; its values follow on the wire.
 */
import type { Duplex } from 'node:stream'
import { AbortReason, PduError } from './pdu-error.js'
import { PDU_HEAD, PduType, decodeControl, encodeControl, mostOctets, pduHeadIn } from './pdu.js'
import type { AssociateRj, ControlPdu } from './pdu.js'
import { PDV_HEAD } from './fragments.js'
import { AssociationEndedError } from './ending.js'
import type { EndedHow } from './ending.js'
import { Machine } from './machine.js'
import type { Timing } from './machine.js'
import type { EventName } from './states.js'
import { ClosedError, SlowPeerError, Wire } from './wire.js'

/** The maximum we announce, and the most we send to a peer that sets no limit. */
export const MAX_PDU = 128 * 1024

/** The header of a P-DATA-TF; `length` octets of values follow. */
export interface DataHead {
  readonly kind: 'data'
  readonly length: number
}

export class PduExchange {
  readonly wire: Wire
  readonly machine: Machine

  constructor(socket: Duplex, timing: Timing, isRequestor: boolean) {
    this.wire = new Wire(socket, timing.artimMs)
    this.machine = new Machine(isRequestor, timing, this.wire)
  }

  /**
   * The next PDU, which must not be data.
   *
   * @throws AssociationEndedError
   */
  async control(): Promise<ControlPdu> {
    const pdu = await this.next('artim')
    if (pdu.kind === 'data') throw await this.violate(AbortReason.unexpectedPdu)
    return pdu
  }

  /**
   * Reads the next PDU and applies the state table.
   *
   * @param late how the association ends if the peer sends nothing in time.
   * @throws AssociationEndedError
   */
  async next(late: EndedHow): Promise<ControlPdu | DataHead> {
    const head = await this.read(() => this.wire.exactly(PDU_HEAD), late)
    if (!head) throw this.lost()
    const { type, length } = pduHeadIn(head)
    if (type === PduType.data) {
      if (length < PDV_HEAD || length > MAX_PDU)
        throw await this.violate(AbortReason.invalidParameter)
      await this.#heard('Evt10')
      return { kind: 'data', length }
    }
    const most = mostOctets(type)
    if (most === undefined) throw await this.violate(AbortReason.unrecognizedPdu)
    if (length > most) throw await this.violate(AbortReason.invalidParameter)
    const body = await this.read(() => this.wire.exactly(length), late)
    if (!body && length > 0) throw this.lost()
    const pdu = await this.#decoded(type, body ?? Buffer.alloc(0))
    await this.#heard(EVENT_OF[pdu.kind], pdu)
    return pdu
  }

  /** @throws AssociationEndedError */
  async send(pdu: ControlPdu): Promise<void> {
    await this.write(encodeControl(pdu))
  }

  /** @throws AssociationEndedError */
  async write(bytes: Buffer): Promise<void> {
    await this.read(() => this.wire.write(bytes))
  }

  /**
   * Waits for the peer; what goes wrong meanwhile ends the association.
   *
   * @throws AssociationEndedError
   */
  async read<T>(work: () => Promise<T>, late: EndedHow = 'slow'): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ClosedError) throw this.lost()
      if (!(error instanceof SlowPeerError)) throw error
      // ARTIM bounds the wait for an association request; on expiry the connection is closed
      // without a PDU.
      if (this.machine.state === 'Sta2') this.wire.destroy()
      else await this.abort()
      throw new AssociationEndedError(late)
    }
  }

  /** Aborts the association because the peer broke the protocol. Returns the error to throw. */
  async violate(reason: AbortReason): Promise<AssociationEndedError> {
    if (!this.machine.isOver) {
      this.machine.on('Evt19')
      await this.#sendAbort(2, reason)
    }
    return new AssociationEndedError('violation')
  }

  /** Aborts the association immediately. Never throws. */
  async abort(): Promise<void> {
    if (this.machine.isOver) return
    this.machine.on('Evt15')
    await this.#sendAbort(0, 0)
  }

  /** Call when the last PDU was sent. Returns the error to throw. */
  over(how: EndedHow, rejection?: AssociateRj): AssociationEndedError {
    this.linger()
    return new AssociationEndedError(how, rejection)
  }

  /**
   * Sta13: waits for the peer to close the connection, or for ARTIM to expire. Anything the peer
   * still sends is discarded.
   */
  linger(): void {
    this.wire.discard()
  }

  /** Call when the connection has ended. Returns the error to throw. */
  lost(): AssociationEndedError {
    if (this.machine.hasExpired) return new AssociationEndedError('artim')
    if (!this.machine.isOver) this.machine.on('Evt17')
    this.wire.destroy()
    return new AssociationEndedError('closed')
  }

  async #decoded(type: number, body: Buffer): Promise<ControlPdu> {
    try {
      return decodeControl(type, body)
    } catch (error) {
      throw await this.violate(
        error instanceof PduError ? error.reason : AbortReason.invalidParameter,
      )
    }
  }

  /** @throws AssociationEndedError when the state table ends the association. */
  async #heard(event: EventName, pdu?: ControlPdu): Promise<void> {
    const action = this.machine.on(event)
    if (action === 'AA-1' || action === 'AA-8') {
      await this.#sendAbort(action === 'AA-1' ? 0 : 2, AbortReason.unexpectedPdu)
      throw new AssociationEndedError('violation')
    }
    if (action === 'AA-2' || action === 'AA-3') {
      this.wire.destroy()
      throw new AssociationEndedError('aborted')
    }
    if (action === 'AE-4') {
      this.wire.destroy()
      throw new AssociationEndedError('rejected', pdu?.kind === 'associate-rj' ? pdu : undefined)
    }
  }

  async #sendAbort(source: number, reason: number): Promise<void> {
    await this.wire.write(encodeControl({ kind: 'abort', source, reason })).catch(() => undefined)
    this.linger()
  }
}

const EVENT_OF = {
  'associate-rq': 'Evt6',
  'associate-ac': 'Evt3',
  'associate-rj': 'Evt4',
  'release-rq': 'Evt12',
  'release-rp': 'Evt13',
  abort: 'Evt16',
} as const satisfies Record<ControlPdu['kind'], EventName>
