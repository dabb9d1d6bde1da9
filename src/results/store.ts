/**
 * Sends our own instances to a PACS: one association (PS3.8), C-STORE for each (PS3.7 section 9.1),
 * release. The instances are those of `dicom.ts`: Part 10, explicit VR little endian.
 */
import { connect as connectPlain } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { NocturneError } from '../lib/errors.js'

export interface PacsTarget {
  readonly host: string
  readonly port: number
  /** AE title of the PACS, and ours. */
  readonly called: string
  readonly calling: string
  /** May be omitted only for this machine. */
  readonly tls?: { readonly ca?: string }
}

/** The data set of an instance, with what its file says it is. */
interface Instance {
  readonly sopClass: string
  readonly sopInstance: string
  readonly dataset: Buffer
}

const TIMEOUT_MS = 30_000
const APPLICATION = '1.2.840.10008.3.1.1.1'
const EXPLICIT = '1.2.840.10008.1.2.1'
/** Under the root of UUIDs (PS3.5 section B.2), as in `dicom.ts`. */
const IMPLEMENTATION = '2.25.1'
/** Also the most that we accept; what a PACS answers is small. */
const MAX_PDU_BYTES = 16_384
/** A PACS that names no limit, or an absurd one, gets pieces of this size. */
const PIECE_BYTES = 65_536

/**
 * Resolves when the PACS has stored every instance; an instance that it already has is stored again
 * under the same UID. Warnings (0xBxxx) count as stored.
 *
 * @param files Part 10, as `toSr` and `toEncapsulatedPdf` make them
 * @throws NocturneError `pacs_unreachable`, `pacs_refused`
 */
export async function storeInstances(files: readonly Buffer[], target: PacsTarget): Promise<void> {
  const instances = files.map(instanceOf)
  const socket = open(target)
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')))
  // Writing to a peer that has hung up fails here as well as in the reads.
  socket.on('error', () => undefined)
  try {
    const pdus = pdusOf(socket)
    socket.write(associateRequest(instances, target))
    const accepted = acceptedBy(await next(pdus))
    for (const [at, instance] of instances.entries()) {
      const context = 2 * at + 1
      if (!accepted.contexts.has(context)) throw new NocturneError('pacs_refused')
      for (const pdu of storeRequest(instance, context, at + 1, accepted.maxBytes))
        socket.write(pdu)
      if (!isStored(statusOf(await next(pdus)))) throw new NocturneError('pacs_refused')
    }
    socket.write(pdu(0x05, Buffer.alloc(4)))
    await next(pdus)
  } catch (cause) {
    if (cause instanceof NocturneError) throw cause
    throw new NocturneError('pacs_unreachable', { cause })
  } finally {
    socket.destroy()
  }
}

/** Our own files begin with 128 octets, `DICM` and the length of group 0002 (PS3.10 7.1). */
function instanceOf(file: Buffer): Instance {
  const from = 144
  const until = from + file.readUInt32LE(from - 4)
  const meta = new Map<number, string>()
  for (let at = from; at < until;) {
    const isLong = file.toString('latin1', at + 4, at + 6) === 'OB'
    const [head, length] = isLong ? [12, file.readUInt32LE(at + 8)] : [8, file.readUInt16LE(at + 6)]
    const value = file.toString('latin1', at + head, at + head + length)
    meta.set(file.readUInt16LE(at + 2), value.replace(/\0$/, ''))
    at += head + length
  }
  return {
    sopClass: meta.get(0x0002) ?? '',
    sopInstance: meta.get(0x0003) ?? '',
    dataset: file.subarray(until),
  }
}

function open({ host, port, tls }: PacsTarget): Socket {
  if (!tls) return connectPlain({ host, port })
  return connectTls({ host, port, servername: host, minVersion: 'TLSv1.2', ...tls })
}

interface Pdu {
  readonly type: number
  readonly body: Buffer
}

async function* pdusOf(socket: Socket): AsyncGenerator<Pdu, void> {
  let got = Buffer.alloc(0)
  for await (const chunk of socket) {
    got = Buffer.concat([got, chunk as Buffer])
    while (got.length >= 6) {
      const length = got.readUInt32BE(2)
      if (length > MAX_PDU_BYTES + 6) throw new Error('the PDU is too long')
      if (got.length < 6 + length) break
      yield { type: got.readUInt8(0), body: got.subarray(6, 6 + length) }
      got = got.subarray(6 + length)
    }
  }
}

async function next(pdus: AsyncGenerator<Pdu, void>): Promise<Pdu> {
  const { value } = await pdus.next()
  if (!value) throw new Error('the PACS hung up')
  // A-ASSOCIATE-RJ and A-ABORT.
  if (value.type === 0x03 || value.type === 0x07) throw new NocturneError('pacs_refused')
  return value
}

const pdu = (type: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(6)
  head.writeUInt8(type, 0)
  head.writeUInt32BE(body.length, 2)
  return Buffer.concat([head, body])
}

/** An item or sub-item of an association (PS3.8 section 9.3). */
const item = (type: number, body: Buffer | string): Buffer => {
  const content = Buffer.from(body)
  const head = Buffer.from([type, 0, content.length >> 8, content.length & 0xff])
  return Buffer.concat([head, content])
}

const title = (text: string): Buffer => Buffer.from(text.slice(0, 16).padEnd(16), 'latin1')

/** One presentation context for each instance, numbered 1, 3, 5, … */
function associateRequest(instances: readonly Instance[], { called, calling }: PacsTarget): Buffer {
  const maximum = Buffer.alloc(4)
  maximum.writeUInt32BE(MAX_PDU_BYTES)
  const contexts = instances.map(({ sopClass }, at) =>
    item(
      0x20,
      Buffer.concat([
        Buffer.from([2 * at + 1, 0, 0, 0]),
        item(0x30, sopClass),
        item(0x40, EXPLICIT),
      ]),
    ),
  )
  const user = Buffer.concat([item(0x51, maximum), item(0x52, IMPLEMENTATION)])
  const head = Buffer.concat([
    ...[Buffer.from([0, 1, 0, 0]), title(called), title(calling), Buffer.alloc(32)],
  ])
  return pdu(0x01, Buffer.concat([head, item(0x10, APPLICATION), ...contexts, item(0x50, user)]))
}

/** @throws NocturneError `pacs_refused` for anything but an acceptance */
function acceptedBy({ type, body }: Pdu): {
  readonly contexts: ReadonlySet<number>
  readonly maxBytes: number
} {
  if (type !== 0x02) throw new NocturneError('pacs_refused')
  const contexts = new Set<number>()
  let maxBytes = PIECE_BYTES
  for (const { kind, content } of itemsOf(body.subarray(68))) {
    if (kind === 0x21 && content[2] === 0) contexts.add(content.readUInt8(0))
    if (kind !== 0x50) continue
    for (const sub of itemsOf(content)) {
      if (sub.kind !== 0x51 || sub.content.length !== 4) continue
      const named = sub.content.readUInt32BE(0)
      if (named >= 64 && named < PIECE_BYTES) maxBytes = named
    }
  }
  return { contexts, maxBytes }
}

function* itemsOf(bytes: Buffer): Generator<{ readonly kind: number; readonly content: Buffer }> {
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 2)
    yield { kind: bytes.readUInt8(at), content: bytes.subarray(at + 4, at + 4 + length) }
    at += 4 + length
  }
}

/** C-STORE-RQ (PS3.7 section 9.3.1.1), then the data set, in pieces that the PACS accepts. */
function* storeRequest(
  { sopClass, sopInstance, dataset }: Instance,
  context: number,
  message: number,
  maxBytes: number,
): Generator<Buffer> {
  const command = Buffer.concat([
    element(0x0002, even(sopClass)),
    element(0x0100, short(0x0001)),
    element(0x0110, short(message)),
    element(0x0700, short(0)),
    // Anything but 0x0101: a data set follows.
    element(0x0800, short(0)),
    element(0x1000, even(sopInstance)),
  ])
  const length = Buffer.alloc(4)
  length.writeUInt32LE(command.length)
  yield* pieces(Buffer.concat([element(0x0000, length), command]), context, 0x01, maxBytes)
  yield* pieces(dataset, context, 0x00, maxBytes)
}

/** P-DATA-TF (PS3.8 section 9.3.5); bit 0 says command, bit 1 says last. */
function* pieces(
  bytes: Buffer,
  context: number,
  kind: number,
  maxBytes: number,
): Generator<Buffer> {
  const size = maxBytes - 6
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size)
    const isLast = at + size >= bytes.length
    const head = Buffer.alloc(6)
    head.writeUInt32BE(piece.length + 2)
    head.writeUInt8(context, 4)
    head.writeUInt8(kind | (isLast ? 0x02 : 0), 5)
    yield pdu(0x04, Buffer.concat([head, piece]))
  }
}

/** An element of group 0000, implicit VR little endian. */
function element(number: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16LE(number, 2)
  head.writeUInt32LE(value.length, 4)
  return Buffer.concat([head, value])
}

const short = (value: number): Buffer => Buffer.from([value & 0xff, value >> 8])
const even = (uid: string): Buffer => Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1')

/** (0000,0900) of a C-STORE-RSP that came in one piece; undefined for anything else. */
function statusOf({ type, body }: Pdu): number | undefined {
  if (type !== 0x04) return undefined
  for (let at = 6; at + 10 <= body.length;) {
    const length = body.readUInt32LE(at + 4)
    if (body.readUInt16LE(at) === 0 && body.readUInt16LE(at + 2) === 0x0900)
      return body.readUInt16LE(at + 8)
    at += 8 + length
  }
  return undefined
}

const isStored = (status: number | undefined): boolean =>
  status === 0 || (status !== undefined && status >> 12 === 0xb)
