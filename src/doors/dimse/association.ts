/**
 * One association over one connection, on either side of it: PS3.8 section 9.2, driven by the table
 * in `states`. PDUs are pulled: a P-DATA-TF is read only when its values are requested, so a peer
 * cannot send faster than its instances are stored.
 */
import type { Duplex } from 'node:stream'
import { AbortReason, PduError } from './pdu-error.js'
import { PDU_HEAD, PduType, decodeControl, encodeControl, mostOctets, pduHeadIn } from './pdu.js'
import type { AssociateAc, AssociateRj, AssociateRq, ControlPdu } from './pdu.js'
import { COMMAND, LAST, PDV_HEAD, fragmentIn, pdv, regular, slices } from './fragments.js'
import type { Fragment, Pieces } from './fragments.js'
import { AssociationEndedError } from './ending.js'
import type { EndedHow } from './ending.js'
import { Machine } from './machine.js'
import type { Timing } from './machine.js'
import type { EventName } from './states.js'
import { ClosedError, SlowPeerError, Wire } from './wire.js'

/** The maximum we announce, and the most we send to a peer that sets no limit. */
export const MAX_PDU = 128 * 1024

type Decide = (request: AssociateRq) => AssociateAc | AssociateRj

export class Association {
  readonly #wire: Wire
  readonly #timing: Timing
  readonly #machine: Machine
  /** Octets of the current P-DATA-TF not yet read. */
  #pduLeft = 0
  /** Octets of its current presentation data value not yet read. */
  #valueLeft = 0
  #peerMax = MAX_PDU

  private constructor(socket: Duplex, timing: Timing, isRequestor: boolean) {
    this.#wire = new Wire(socket, timing.artimMs)
    this.#timing = timing
    this.#machine = new Machine(isRequestor, timing, this.#wire)
  }

  /**
   * Accepts the association request with which a connection begins. `decide` receives it, and its
   * answer is sent.
   *
   * @throws AssociationEndedError, with `rejected` if that was the answer.
   */
  static async accept(socket: Duplex, timing: Timing, decide: Decide): Promise<Association> {
    const self = new Association(socket, timing, false)
    self.#machine.on('Evt5')
    const request = await self.#control()
    // Any other PDU is a violation and has already ended the association.
    if (request.kind !== 'associate-rq') throw new AssociationEndedError('violation')
    const answer = decide(request)
    self.#machine.on(answer.kind === 'associate-ac' ? 'Evt7' : 'Evt8')
    await self.#write(encodeControl(answer))
    if (answer.kind === 'associate-rj') throw self.#over('rejected', answer)
    self.#setPeerMax(request.user.maxLength)
    return self
  }

  /**
   * Requests an association over an open connection.
   *
   * @throws AssociationEndedError
   */
  static async request(
    socket: Duplex,
    timing: Timing,
    request: AssociateRq,
  ): Promise<{ readonly association: Association; readonly answer: AssociateAc }> {
    const self = new Association(socket, timing, true)
    self.#machine.on('Evt1')
    self.#machine.on('Evt2')
    await self.#write(encodeControl(request))
    const answer = await self.#control()
    if (answer.kind === 'associate-rj') throw self.#over('rejected', answer)
    if (answer.kind !== 'associate-ac') throw new AssociationEndedError('violation')
    self.#setPeerMax(answer.user.maxLength)
    return { association: self, answer }
  }

  /** Resolves when the connection has closed. */
  get closed(): Promise<void> {
    return this.#wire.closed
  }

  /** Largest P-DATA-TF that the peer accepts, in octets after the header. */
  get peerMax(): number {
    return this.#peerMax
  }

  /**
   * Returns the next presentation data value. Undefined when the peer has released the association;
   * the release has been answered by then. Skips whatever was not read of the previous value.
   *
   * @param isInMessage true if a message is incomplete, so that a release now is a violation.
   * @throws AssociationEndedError
   */
  async fragment(isInMessage: boolean): Promise<Fragment | undefined> {
    await this.#skipValue()
    this.#wire.bePatient(isInMessage ? this.#timing.paceMs : this.#timing.idleMs)
    while (this.#pduLeft === 0) {
      const pdu = await this.#next(isInMessage ? 'slow' : 'idle')
      if (pdu?.kind === 'release-rq') {
        // The state table allows a release here, but a message is incomplete: its instance would be
        // truncated without anyone noticing.
        if (isInMessage) throw await this.#violate(AbortReason.unexpectedPdu)
        this.#machine.on('Evt14')
        await this.#write(encodeControl({ kind: 'release-rp' }))
        this.#linger()
        return undefined
      }
    }
    if (this.#pduLeft < PDV_HEAD) throw await this.#violate(AbortReason.invalidParameter)
    const head = await this.#read(() => this.#wire.exactly(PDV_HEAD))
    if (!head) throw this.#lost()
    const length = head.readUInt32BE(0)
    if (length < 2 || length + 4 > this.#pduLeft) {
      throw await this.#violate(AbortReason.invalidParameter)
    }
    this.#pduLeft -= PDV_HEAD
    this.#valueLeft = length - 2
    return fragmentIn(head)
  }

  /**
   * The next octets of the current value, without copying; undefined at its end.
   *
   * @throws AssociationEndedError
   */
  async value(): Promise<Buffer | undefined> {
    if (this.#valueLeft === 0) return undefined
    const bytes = await this.#read(() => this.#wire.some(this.#valueLeft))
    this.#valueLeft -= bytes.length
    this.#pduLeft -= bytes.length
    return bytes
  }

  /**
   * Sends a command, followed by its data set. When `data` throws, the association is aborted: a
   * fragment marked as the last would make a truncated instance look complete.
   *
   * @throws AssociationEndedError, or whatever `data` throws.
   */
  async send(contextId: number, command: Buffer, data?: Pieces): Promise<void> {
    this.#machine.on('Evt9')
    const most = this.#peerMax - PDV_HEAD
    const commands = [...slices(command, most)]
    const out = commands.map((part, i) =>
      pdv(contextId, COMMAND | (i + 1 === commands.length ? LAST : 0), part),
    )
    if (!data) {
      await this.#write(Buffer.concat(out))
      return
    }
    this.#wire.cork()
    let held: Buffer = Buffer.concat(out)
    try {
      let part: Buffer | undefined
      for await (const next of regular(data, most)) {
        if (part) held = await this.#flush(held, pdv(contextId, 0, part))
        part = next
      }
      await this.#write(Buffer.concat([held, pdv(contextId, LAST, part ?? Buffer.alloc(0))]))
    } catch (error) {
      await this.abort()
      throw error
    }
  }

  /**
   * Call when everything has been sent and answered. Resolves when the peer has agreed or the
   * connection is closed.
   */
  async release(): Promise<void> {
    if (this.#machine.state !== 'Sta6') return
    this.#machine.on('Evt11')
    await this.#write(encodeControl({ kind: 'release-rq' }))
    this.#wire.bePatient(this.#timing.closeMs)
    while (this.#machine.isReleasing) {
      const pdu = await this.#next('slow')
      // Data that was already in transit when we requested the release (AR-6) is discarded.
      if (pdu === undefined) await this.#skipPdu()
      if (pdu?.kind === 'release-rq') {
        this.#machine.on('Evt14')
        await this.#write(encodeControl({ kind: 'release-rp' }))
      }
    }
    this.#wire.destroy()
  }

  /** Aborts the association immediately. Never throws. */
  async abort(): Promise<void> {
    if (this.#machine.isOver) return
    this.#machine.on('Evt15')
    await this.#sendAbort(0, 0)
  }

  async #control(): Promise<ControlPdu> {
    const pdu = await this.#next('artim')
    if (pdu === undefined) throw await this.#violate(AbortReason.unexpectedPdu)
    return pdu
  }

  /**
   * Reads the next PDU and applies the state table. Undefined for a P-DATA-TF: only its header has
   * been read, and its values follow.
   */
  async #next(late: EndedHow): Promise<ControlPdu | undefined> {
    const head = await this.#read(() => this.#wire.exactly(PDU_HEAD), late)
    if (!head) throw this.#lost()
    const { type, length } = pduHeadIn(head)
    if (type === PduType.data) {
      if (length < PDV_HEAD || length > MAX_PDU)
        throw await this.#violate(AbortReason.invalidParameter)
      this.#pduLeft = length
      await this.#heard('Evt10')
      return undefined
    }
    const most = mostOctets(type)
    if (most === undefined) throw await this.#violate(AbortReason.unrecognizedPdu)
    if (length > most) throw await this.#violate(AbortReason.invalidParameter)
    const body = await this.#read(() => this.#wire.exactly(length), late)
    if (!body && length > 0) throw this.#lost()
    const pdu = await this.#decoded(type, body ?? Buffer.alloc(0))
    await this.#heard(EVENT_OF[pdu.kind], pdu)
    return pdu
  }

  async #decoded(type: number, body: Buffer): Promise<ControlPdu> {
    try {
      return decodeControl(type, body)
    } catch (error) {
      throw await this.#violate(
        error instanceof PduError ? error.reason : AbortReason.invalidParameter,
      )
    }
  }

  /** @throws AssociationEndedError when the state table ends the association. */
  async #heard(event: EventName, pdu?: ControlPdu): Promise<void> {
    const action = this.#machine.on(event)
    if (action === 'AA-1' || action === 'AA-8') {
      await this.#sendAbort(action === 'AA-1' ? 0 : 2, AbortReason.unexpectedPdu)
      throw new AssociationEndedError('violation')
    }
    if (action === 'AA-2' || action === 'AA-3') {
      this.#wire.destroy()
      throw new AssociationEndedError('aborted')
    }
    if (action === 'AE-4') {
      this.#wire.destroy()
      throw new AssociationEndedError('rejected', pdu?.kind === 'associate-rj' ? pdu : undefined)
    }
  }

  async #violate(reason: AbortReason): Promise<AssociationEndedError> {
    if (!this.#machine.isOver) {
      this.#machine.on('Evt19')
      await this.#sendAbort(2, reason)
    }
    return new AssociationEndedError('violation')
  }

  async #sendAbort(source: number, reason: number): Promise<void> {
    await this.#wire.write(encodeControl({ kind: 'abort', source, reason })).catch(() => undefined)
    this.#linger()
  }

  #over(how: EndedHow, rejection?: AssociateRj): AssociationEndedError {
    this.#linger()
    return new AssociationEndedError(how, rejection)
  }

  /**
   * Sta13: waits for the peer to close the connection, or for ARTIM to expire. Anything the peer
   * still sends is discarded.
   */
  #linger(): void {
    this.#wire.discard()
  }

  #lost(): AssociationEndedError {
    if (this.#machine.hasExpired) return new AssociationEndedError('artim')
    if (!this.#machine.isOver) this.#machine.on('Evt17')
    this.#wire.destroy()
    return new AssociationEndedError('closed')
  }

  async #read<T>(work: () => Promise<T>, late: EndedHow = 'slow'): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ClosedError) throw this.#lost()
      if (!(error instanceof SlowPeerError)) throw error
      // ARTIM bounds the wait for an association request; on expiry the connection is closed
      // without a PDU.
      if (this.#machine.state === 'Sta2') this.#wire.destroy()
      else await this.abort()
      throw new AssociationEndedError(late)
    }
  }

  async #write(bytes: Buffer): Promise<void> {
    await this.#read(() => this.#wire.write(bytes))
  }

  async #flush(held: Buffer, next: Buffer): Promise<Buffer> {
    await this.#write(held.length === 0 ? next : Buffer.concat([held, next]))
    return Buffer.alloc(0)
  }

  async #skipValue(): Promise<void> {
    while ((await this.value()) !== undefined);
  }

  async #skipPdu(): Promise<void> {
    while (this.#pduLeft > 0) {
      this.#pduLeft -= (await this.#read(() => this.#wire.some(this.#pduLeft))).length
    }
  }

  #setPeerMax(announced: number): void {
    // No value fits in a smaller PDU, so a smaller limit from the peer is ignored.
    this.#peerMax = announced === 0 ? MAX_PDU : Math.max(1024, Math.min(announced, MAX_PDU))
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
