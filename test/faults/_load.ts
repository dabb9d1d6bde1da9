/** Several senders and readers that use one gateway and record the answers they get. */
import { createHash } from 'node:crypto'
import { request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { RunningGateway } from '../whole-way/_gateway.js'
import type { AnswerBody } from '../whole-way/_http.js'
import { acknowledge, openTransfer } from '../whole-way/_reader.js'
import type { Reader } from '../whole-way/_reader.js'

/** mulberry32: numbers in [0, 1) that a seed reproduces. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface SentFile {
  readonly bytes: Buffer
  readonly type: string
}

/** What a client knows for certain about a transfer. */
export interface Told {
  state: 'open' | 'available' | 'acknowledged'
  /** SHA-256 of documents by item number; their bytes pass unchanged. */
  readonly documents: Map<number, string>
  /** Numbers of the accepted items. */
  readonly items: Set<number>
}

export interface Notes {
  readonly told: Map<string, Told>
  readonly receipts: string[]
  /** Answers that no client should get. */
  readonly odd: string[]
  readonly counts: Record<string, number>
}

export const newNotes = (): Notes => ({ told: new Map(), receipts: [], odd: [], counts: {} })

const count = ({ counts }: Notes, what: string) => (counts[what] = (counts[what] ?? 0) + 1)

/** A study of one instance, and documents with random text, so that no two are the same. */
export function someFiles(random: () => number, instance: Buffer): SentFile[] {
  const text = (size: number): SentFile => ({
    bytes: Buffer.from(
      Array.from({ length: size }, () => Math.floor(random() * 2 ** 32).toString(36)).join(' '),
    ),
    type: 'text/plain',
  })
  return [
    { bytes: instance, type: 'application/dicom' },
    text(20),
    text(2_000 + Math.floor(random() * 2_000)),
    text(30_000),
  ]
}

export interface Load {
  readonly gateway: RunningGateway
  readonly sender: string
  readonly reader: Reader
  readonly notes: Notes
  readonly random: () => number
  readonly instance: Buffer
  readonly signal: AbortSignal
}

/** Works until the signal, or until the gateway is gone. */
export async function workload(load: Load): Promise<void> {
  const jobs = [sendWhole, sendWhole, sendWhole, sendInPieces, readAndAcknowledge, readAndLeave]
  await Promise.all(
    jobs.map(async (job) => {
      while (!load.signal.aborted) {
        try {
          await job(load)
        } catch {
          // A request that breaks off when the gateway dies counts as unanswered.
          await delay(10)
        }
      }
    }),
  )
}

async function sendWhole(load: Load): Promise<void> {
  const files = someFiles(load.random, load.instance)
  const answer = await post(load, '/v1/transfers', { group: 'nights', again: 'true' }, files)
  note(load.notes, answer, files, 201, 'available')
}

async function sendInPieces(load: Load): Promise<void> {
  const { notes } = load
  const files = someFiles(load.random, load.instance)
  const fields = { group: 'nights', priority: 'urgent', complete: 'false', again: 'true' }
  const first = await post(load, '/v1/transfers', fields, files)
  note(notes, first, files, 201, 'open')
  const { id } = first.body
  for (let i = 0; i < 2; i++) {
    const more = someFiles(load.random, load.instance).slice(1)
    note(notes, await post(load, `/v1/transfers/${id}/items`, {}, more), more, 201, 'open')
  }
  note(notes, await post(load, `/v1/transfers/${id}/complete`, {}, []), [], 200, 'available')
}

async function readAndAcknowledge(load: Load): Promise<void> {
  const id = await pickFromInbox(load)
  if (id === undefined) return
  const opened = await openTransfer(load.gateway, load.reader, id)
  count(load.notes, 'transfers opened')
  const { status, body } = await acknowledge(load.gateway, load.reader, opened)
  const told = load.notes.told.get(id)
  if (status === 200) {
    count(load.notes, 'acknowledged')
    load.notes.receipts.push(body.receipt)
    if (told) told.state = 'acknowledged'
  } else if (status >= 500) load.notes.odd.push(`acknowledge: ${status} ${body.code}`)
}

/** Abandons downloads in the middle. */
async function readAndLeave(load: Load): Promise<void> {
  const id = await pickFromInbox(load)
  if (id === undefined) return
  const leave = new AbortController()
  const index = 1 + Math.floor(load.random() * 4)
  const response = await fetch(`${load.gateway.url}/v1/transfers/${id}/items/${index}`, {
    headers: { Authorization: `Bearer ${load.reader.token}` },
    signal: leave.signal,
  })
  if (load.random() < 0.5) leave.abort()
  else await response.arrayBuffer()
  count(load.notes, 'items fetched or left')
}

async function pickFromInbox({ gateway, reader, random }: Load): Promise<string | undefined> {
  const response = await fetch(`${gateway.url}/v1/inbox`, {
    headers: { Authorization: `Bearer ${reader.token}` },
  })
  const { transfers } = (await response.json()) as { transfers: { id: string }[] }
  if (transfers.length === 0) await delay(20)
  return transfers[Math.floor(random() * transfers.length)]?.id
}

function note(
  notes: Notes,
  { status, body }: Reply,
  files: readonly SentFile[],
  wanted: number,
  state: Told['state'],
): void {
  if (status !== wanted) {
    notes.odd.push(`${status} ${body.code}`)
    throw new Error('not as wanted')
  }
  count(
    notes,
    state === 'open' ? 'answers about open transfers' : 'transfers acknowledged to senders',
  )
  notes.receipts.push(body.receipt)
  const told = notes.told.get(body.id) ?? { state, documents: new Map(), items: new Set() }
  if (told.state !== 'acknowledged') told.state = state
  for (const [at, item] of (body.items ?? []).entries()) {
    const file = files[at]
    if (item.outcome !== 'accepted' || !file) {
      notes.odd.push(`item ${item.outcome} ${item.code ?? ''}`)
      continue
    }
    told.items.add(item.index)
    if (file.type !== 'text/plain') continue
    told.documents.set(item.index, createHash('sha256').update(file.bytes).digest('hex'))
  }
  notes.told.set(body.id, told)
}

interface Reply {
  readonly status: number
  readonly body: AnswerBody
}

/** Sends a form slowly enough that a kill can hit the middle of it. */
export function post(
  load: Pick<Load, 'gateway' | 'sender' | 'random'>,
  path: string,
  fields: Readonly<Record<string, string>>,
  files: readonly SentFile[],
): Promise<Reply> {
  const boundary = 'a-boundary-of-tests'
  const body = Buffer.concat([
    ...Object.entries(fields).map(([name, value]) =>
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      ),
    ),
    ...files.flatMap(({ bytes, type }, at) => [
      Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="${at}"\r\n` +
          `Content-Type: ${type}\r\n\r\n`,
      ),
      bytes,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
  const isForm = files.length > 0
  return new Promise((resolve, reject) => {
    const outgoing = request(
      load.gateway.url + path,
      {
        method: 'POST',
        agent: false,
        headers: {
          Authorization: `Bearer ${load.sender}`,
          ...(isForm && {
            'Content-Type': `multipart/form-data; boundary=${boundary}`,
            'Content-Length': body.length,
          }),
        },
      },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.on('close', () => {
          try {
            if (!response.complete) throw new Error('the answer was cut off')
            const text = Buffer.concat(parts).toString()
            resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as AnswerBody })
          } catch (error) {
            reject(new Error('no whole answer', { cause: error }))
          }
        })
      },
    )
    outgoing.on('error', reject)
    const write = async () => {
      const step = 1 + Math.floor(load.random() * body.length)
      for (let at = 0; isForm && at < body.length; at += step) {
        outgoing.write(body.subarray(at, at + step))
        await delay(load.random() * 30)
      }
      outgoing.end()
    }
    write().catch(reject)
  })
}
