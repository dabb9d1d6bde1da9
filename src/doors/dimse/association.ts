/**
 * One association over one connection, on either side of it: establishment, messages in
 * presentation data values, release. PDUs are pulled: a P-DATA-TF is read only when its values are
 * requested, so a peer cannot send faster than its instances are stored.
 */
import type { Duplex } from 'node:stream'
import { AbortReason } from './pdu-error.js'
import type { AssociateAc, AssociateRj, AssociateRq } from './pdu.js'
import { COMMAND, LAST, PDV_HEAD, fragmentIn, pdv, regular, slices } from './fragments.js'
import type { Fragment, Pieces } from './fragments.js'
import { AssociationEndedError } from './ending.js'
import type { Timing } from './machine.js'
import { MAX_PDU, PduExchange } from './pdu-exchange.js'

type Decide = (request: AssociateRq) => AssociateAc | AssociateRj

export class Association {
  readonly #pdus: PduExchange
  readonly #timing: Timing
  /** Octets of the current P-DATA-TF not yet read. */
  #pduLeft = 0
  /** Octets of its current presentation data value not yet read. */
  #valueLeft = 0
  #peerMax = MAX_PDU

  private constructor(socket: Duplex, timing: Timing, isRequestor: boolean) {
    this.#pdus = new PduExchange(socket, timing, isRequestor)
    this.#timing = timing
  }

  /**
   * Accepts the association request with which a connection begins. `decide` receives it, and its
   * answer is sent.
   *
   * @throws AssociationEndedError, with `rejected` if that was the answer.
   */
  static async accept(socket: Duplex, timing: Timing, decide: Decide): Promise<Association> {
    const self = new Association(socket, timing, false)
    self.#pdus.machine.on('Evt5')
    const request = await self.#pdus.control()
    // Any other PDU is a violation and has already ended the association.
    if (request.kind !== 'associate-rq') throw new AssociationEndedError('violation')
    const answer = decide(request)
    self.#pdus.machine.on(answer.kind === 'associate-ac' ? 'Evt7' : 'Evt8')
    await self.#pdus.send(answer)
    if (answer.kind === 'associate-rj') throw self.#pdus.over('rejected', answer)
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
    self.#pdus.machine.on('Evt1')
    self.#pdus.machine.on('Evt2')
    await self.#pdus.send(request)
    const answer = await self.#pdus.control()
    if (answer.kind === 'associate-rj') throw self.#pdus.over('rejected', answer)
    if (answer.kind !== 'associate-ac') throw new AssociationEndedError('violation')
    self.#setPeerMax(answer.user.maxLength)
    return { association: self, answer }
  }

  /** Resolves when the connection has closed. */
  get closed(): Promise<void> {
    return this.#pdus.wire.closed
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
    this.#pdus.wire.bePatient(isInMessage ? this.#timing.paceMs : this.#timing.idleMs)
    while (this.#pduLeft === 0) {
      const pdu = await this.#pdus.next(isInMessage ? 'slow' : 'idle')
      if (pdu.kind === 'data') this.#pduLeft = pdu.length
      if (pdu.kind === 'release-rq') {
        // The state table allows a release here, but a message is incomplete: its instance would be
        // truncated without anyone noticing.
        if (isInMessage) throw await this.#pdus.violate(AbortReason.unexpectedPdu)
        this.#pdus.machine.on('Evt14')
        await this.#pdus.send({ kind: 'release-rp' })
        this.#pdus.linger()
        return undefined
      }
    }
    if (this.#pduLeft < PDV_HEAD) throw await this.#pdus.violate(AbortReason.invalidParameter)
    const head = await this.#pdus.read(() => this.#pdus.wire.exactly(PDV_HEAD))
    if (!head) throw this.#pdus.lost()
    const length = head.readUInt32BE(0)
    if (length < 2 || length + 4 > this.#pduLeft) {
      throw await this.#pdus.violate(AbortReason.invalidParameter)
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
    const bytes = await this.#pdus.read(() => this.#pdus.wire.some(this.#valueLeft))
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
    this.#pdus.machine.on('Evt9')
    const most = this.#peerMax - PDV_HEAD
    const commands = [...slices(command, most)]
    const out = commands.map((part, i) =>
      pdv(contextId, COMMAND | (i + 1 === commands.length ? LAST : 0), part),
    )
    if (!data) {
      await this.#pdus.write(Buffer.concat(out))
      return
    }
    this.#pdus.wire.cork()
    let held: Buffer = Buffer.concat(out)
    try {
      let part: Buffer | undefined
      for await (const next of regular(data, most)) {
        if (part) held = await this.#flush(held, pdv(contextId, 0, part))
        part = next
      }
      await this.#pdus.write(Buffer.concat([held, pdv(contextId, LAST, part ?? Buffer.alloc(0))]))
    } catch (error) {
      await this.#pdus.abort()
      throw error
    }
  }

  /**
   * Call when everything has been sent and answered. Resolves when the peer has agreed or the
   * connection is closed.
   */
  async release(): Promise<void> {
    if (this.#pdus.machine.state !== 'Sta6') return
    this.#pdus.machine.on('Evt11')
    await this.#pdus.send({ kind: 'release-rq' })
    this.#pdus.wire.bePatient(this.#timing.closeMs)
    while (this.#pdus.machine.isReleasing) {
      const pdu = await this.#pdus.next('slow')
      // Data that was already in transit when we requested the release (AR-6) is discarded.
      if (pdu.kind === 'data') await this.#skipPdu(pdu.length)
      if (pdu.kind === 'release-rq') {
        this.#pdus.machine.on('Evt14')
        await this.#pdus.send({ kind: 'release-rp' })
      }
    }
    this.#pdus.wire.destroy()
  }

  /** Aborts the association immediately. Never throws. */
  async abort(): Promise<void> {
    await this.#pdus.abort()
  }

  async #flush(held: Buffer, next: Buffer): Promise<Buffer> {
    await this.#pdus.write(held.length === 0 ? next : Buffer.concat([held, next]))
    return Buffer.alloc(0)
  }

  async #skipValue(): Promise<void> {
    while ((await this.value()) !== undefined);
  }

  async #skipPdu(length: number): Promise<void> {
    for (let left = length; left > 0;)
      left -= (await this.#pdus.read(() => this.#pdus.wire.some(left))).length
  }

  #setPeerMax(announced: number): void {
    // No value fits in a smaller PDU, so a smaller limit from the peer is ignored.
    this.#peerMax = announced === 0 ? MAX_PDU : Math.max(1024, Math.min(announced, MAX_PDU))
  }
}
