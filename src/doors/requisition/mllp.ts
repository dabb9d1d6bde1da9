/**
 * HL7 v2 over MLLP (HL7 Transport Specification R2): VT, message, FS CR. Messages of a connection
 * are answered one at a time, each only once its requisition is durable.
 */
import type { Socket } from 'node:net'
import { CATALOGUE, asNocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import { readMessage, readOrder } from '../../requisition/index.js'
import type { Hl7Message, Requisition } from '../../requisition/index.js'
import { listen } from '../dimse/listen.js'
import type { TlsFiles } from '../dimse/listen.js'
import { createCallers } from '../dimse/peers.js'
import type { Link, Peer } from '../dimse/peers.js'

export interface MllpOptions {
  readonly host: string
  readonly port: number
  readonly tls: TlsFiles | undefined
  readonly plainFrom: readonly string[]
  /** `aeTitle` is the Sending Application (MSH-3). */
  readonly peers: readonly Peer[]
  /** Between messages, and within one. */
  readonly idleMs: number
  readonly now: () => number
}

export interface OrderFrom {
  readonly facility: string
  readonly address: string
}

export interface MllpServices {
  /** @throws NocturneError */
  readonly take: (from: OrderFrom, requisition: Requisition) => Promise<unknown>
  /** Called for every message that is not accepted. */
  readonly refused: (
    from: { readonly facility: string | undefined; readonly address: string },
    code: Code,
  ) => void
}

export interface MllpServer {
  readonly port: number
  close(): Promise<void>
}

const START = 0x0b
const END = Buffer.from([0x1c, 0x0d])
const MAX_BYTES = 1 << 20
const FIRST_MS = 30_000
/** No address has more than a quarter of them. */
const PLACES = { unknown: 64, perAddress: 16 } as const

/** @throws the system's error when it cannot listen on the address. */
export async function serveMllp(options: MllpOptions, services: MllpServices): Promise<MllpServer> {
  const callers = createCallers(options.peers, options.plainFrom)
  const open = new Set<Socket>()
  const running = new Set<Promise<void>>()
  const { host, port, tls, now } = options
  const mayBePlain = (address: string) => callers.mayBePlain(address)
  const listener = await listen(
    { host, port, tls, mayBePlain, firstMs: FIRST_MS, places: PLACES, now },
    (socket, link, keep) => {
      open.add(socket)
      socket.setTimeout(options.idleMs, () => socket.destroy())
      const answer = (bytes: Buffer) =>
        answerTo(bytes, { ...link, keep }, callers, options, services)
      const talk = converse(socket, answer).finally(() => {
        open.delete(socket)
        running.delete(talk)
        socket.destroy()
      })
      running.add(talk)
    },
  )
  return {
    port: listener.port,
    close: async () => {
      listener.stop()
      for (const socket of open) socket.destroy()
      await Promise.allSettled(running)
    },
  }
}

/** Never rejects: a connection that breaks takes only itself along. */
async function converse(
  socket: Socket,
  answer: (message: Buffer) => Promise<Buffer>,
): Promise<void> {
  try {
    let held = Buffer.alloc(0)
    for await (const chunk of socket) {
      held = Buffer.concat([held, chunk as Buffer])
      for (let end = held.indexOf(END); end >= 0; end = held.indexOf(END)) {
        const message = held.subarray(held.indexOf(START) + 1, end)
        held = held.subarray(end + END.length)
        socket.write(await answer(message))
      }
      if (held.length > MAX_BYTES) return
    }
  } catch {
    // The peer is gone; whatever was acknowledged is durable.
  }
}

async function answerTo(
  bytes: Buffer,
  link: Link & { readonly keep: () => boolean },
  callers: ReturnType<typeof createCallers>,
  { now }: Pick<MllpOptions, 'now'>,
  { take, refused }: MllpServices,
): Promise<Buffer> {
  const message = readMessage(textOf(bytes))
  const peer = message && callers.find(message.segments[0]?.text(3) ?? '', link)
  const from = { facility: peer?.facility, address: link.address }
  const fail = (verdict: 'AE' | 'AR', code: Code) => {
    refused(from, code)
    return acknowledgement(message, verdict, now(), code)
  }
  if (!message) return fail('AR', 'not_a_requisition')
  if (!peer) return fail('AR', 'unauthenticated')
  if (!link.keep()) return fail('AE', 'too_busy')
  const order = readOrder(message)
  if (!order) return fail('AR', 'not_a_requisition')
  if (order.isEnded) return acknowledgement(message, 'AA', now())
  try {
    await take({ facility: peer.facility, address: link.address }, order.requisition)
    return acknowledgement(message, 'AA', now())
  } catch (error) {
    return fail('AE', asNocturneError(error).code)
  }
}

/** Octets that are no UTF-8 are taken for ISO 8859-1: older systems declare nothing, or wrongly. */
function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}

/** The text of an error is one of our own, without anything from the message. */
function acknowledgement(
  message: Hl7Message | undefined,
  verdict: 'AA' | 'AE' | 'AR',
  now: number,
  code?: Code,
): Buffer {
  const header = message?.segments[0]
  const part = (field: number) => escaped(header?.text(field) ?? '')
  const at = new Date(now).toISOString().replace(/\D/g, '').slice(0, 14)
  const segments = [
    `MSH|^~\\&|${part(5)}|${part(6)}|${part(3)}|${part(4)}|${at}||ACK|${newId(now)}|P|2.5.1`,
    `MSA|${verdict}|${part(10)}`,
    ...(code === undefined ? [] : [`ERR||||E||||${escaped(CATALOGUE[code].title)}`]),
  ]
  return Buffer.concat([Buffer.from([START]), Buffer.from(`${segments.join('\r')}\r`), END])
}

const escaped = (text: string): string => text.replace(/[\r\n|^~\\&\v\x1c]/g, ' ').slice(0, 250)
