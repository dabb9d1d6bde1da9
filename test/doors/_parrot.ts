/** A peer that sends what the test tells it to, octet by octet, and records what it receives. */
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import { storeRequest } from './_commands.js'
import { decodeControl, encodeControl, pduHead } from '../../src/doors/dimse/pdu.js'
import type { AssociateRq, ControlPdu } from '../../src/doors/dimse/pdu.js'

export const CT = '1.2.840.10008.5.1.4.1.1.2'
export const EXPLICIT = '1.2.840.10008.1.2.1'
export const VERIFICATION = '1.2.840.10008.1.1'

export const requestOf = (change: Partial<AssociateRq> = {}): AssociateRq => ({
  kind: 'associate-rq',
  protocolVersion: 1,
  called: 'NOCTURNE',
  calling: 'FACILITY_A',
  applicationContext: '1.2.840.10008.3.1.1.1',
  contexts: [
    { id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] },
    { id: 3, abstractSyntax: VERIFICATION, transferSyntaxes: ['1.2.840.10008.1.2'] },
  ],
  user: {
    maxLength: 16_384,
    implementationClass: '1.2.3',
    implementationVersion: 'PARROT',
    asyncOperations: undefined,
    roles: [],
  },
  ...change,
})

/** A P-DATA-TF with presentation data values, each with its context and control octet. */
export function data(
  ...values: readonly (readonly [context: number, control: number, value: Buffer])[]
): Buffer {
  const parts = values.map(([context, control, value]) => {
    const head = Buffer.alloc(6)
    head.writeUInt32BE(value.length + 2)
    head.writeUInt8(context, 4)
    head.writeUInt8(control, 5)
    return Buffer.concat([head, value])
  })
  const body = Buffer.concat(parts)
  return Buffer.concat([pduHead(4, body.length), body])
}

export const COMMAND = 3
export const PART = 0
export const LAST = 2

export const storeOf = (instance: string): Buffer =>
  data([1, COMMAND, storeRequest(1, CT, instance)])

export class Parrot {
  readonly #socket: Socket
  #heard = Buffer.alloc(0)
  #isClosed = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => (this.#heard = Buffer.concat([this.#heard, chunk])))
    socket.on('close', () => (this.#isClosed = true)).on('error', () => undefined)
  }

  static async to(port: number, localAddress = '127.0.0.1'): Promise<Parrot> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, localAddress })
    await once(socket, 'connect')
    return new Parrot(socket)
  }

  /** Connects and opens an association. */
  static async associated(port: number, change: Partial<AssociateRq> = {}): Promise<Parrot> {
    const parrot = await Parrot.to(port)
    parrot.say(encodeControl(requestOf(change)))
    const answer = await parrot.hear()
    if (answer?.kind !== 'associate-ac') throw new Error(`not accepted: ${JSON.stringify(answer)}`)
    return parrot
  }

  say(bytes: Buffer): void {
    this.#socket.write(bytes)
  }

  /** The next PDU; `{ data }` for a P-DATA-TF; undefined when the other side has closed. */
  async hear(): Promise<ControlPdu | { readonly kind: 'data'; readonly body: Buffer } | undefined> {
    const head = await this.#take(6)
    if (!head) return undefined
    const body = await this.#take(head.readUInt32BE(2))
    if (!body) return undefined
    return head[0] === 4 ? { kind: 'data', body } : decodeControl(head.readUInt8(0), body)
  }

  /** Breaks the connection without a release or abort. */
  vanish(): void {
    this.#socket.destroy()
  }

  async closed(): Promise<void> {
    if (!this.#isClosed) await once(this.#socket, 'close')
  }

  async #take(count: number): Promise<Buffer | undefined> {
    while (this.#heard.length < count) {
      if (this.#isClosed) return undefined
      await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'close')])
    }
    const taken = this.#heard.subarray(0, count)
    this.#heard = this.#heard.subarray(count)
    return taken
  }
}
