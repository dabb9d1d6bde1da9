/**
 * A witness as a process runs it: its folder, its memory, and `POST /add-checkpoint`
 * (c2sp.org/tlog-witness).
 */
import { createHash } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { createWitness } from '../ledger/witness/index.js'
import type { Witness, WitnessMemory } from '../ledger/witness/index.js'
import { NocturneError, asNocturneError, systemCode } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'

/** A checkpoint with many signatures, and 63 hashes. */
const MAX_BODY_BYTES = 192 * 1024
const REQUEST_MS = 15_000
const CONNECTIONS = 256

/**
 *   DIR/name            of the witness, and of its key
 *   DIR/witness.pem     Ed25519 private key (PKCS #8), 0600
 *   DIR/witness.vkey    its public key, to hand to the logs
 *   DIR/logs            verifier keys of the logs, one a line
 *   DIR/state/<sha-256 of the origin>   the checkpoint cosigned last
 *
 * @throws NocturneError `file_unreadable` for a folder that is no witness's, `site_invalid`
 */
export async function openWitness(dir: string): Promise<Witness> {
  const read = (name: string) =>
    readFile(join(dir, name), 'utf8').catch((cause: unknown) => {
      throw new NocturneError('file_unreadable', { cause, subject: name })
    })
  const [name, signingKey, logs] = await Promise.all(['name', 'witness.pem', 'logs'].map(read))
  return createWitness({
    name: name?.trim() ?? '',
    signingKey: signingKey ?? '',
    logs: (logs ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
    memory: witnessMemory(join(dir, 'state')),
  })
}

/**
 * One small file a log, replaced whole: after a crash it is the old or the new one, and the new one
 * before any answer.
 */
export function witnessMemory(folder: string): WitnessMemory {
  const pathOf = (origin: string) => join(folder, createHash('sha256').update(origin).digest('hex'))
  return {
    read: async (origin) => {
      try {
        return await readFile(pathOf(origin), 'utf8')
      } catch (error) {
        if (systemCode(error) === 'ENOENT') return undefined
        throw new NocturneError('file_unreadable', { cause: error })
      }
    },
    write: async (origin, signed) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const path = pathOf(origin)
      // One request a log is under way, so one temporary name is enough.
      await writeSynced(`${path}.new`, signed)
      await rename(`${path}.new`, path)
      const handle = await open(folder, 'r')
      await handle.sync().finally(() => handle.close())
    },
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const handle = await open(path, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Plain HTTP: what passes is public and signed. A proxy in front gives it TLS where that is wanted.
 */
export function createWitnessServer(witness: Witness, logger: Logger): Server {
  const server = createServer({ requestTimeout: REQUEST_MS }, (request, response) => {
    void answer(witness, logger, request, response)
  })
  server.maxConnections = CONNECTIONS
  return server
}

async function answer(
  witness: Witness,
  logger: Logger,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const send = (status: number, type: string, body: string) =>
    response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body)
  const text = 'text/plain; charset=utf-8'
  try {
    if (request.url !== '/add-checkpoint') return void send(404, text, 'not found\n')
    if (request.method !== 'POST') return void send(405, text, 'use POST\n')
    const body = await bodyOf(request)
    if (body === undefined) {
      response.setHeader('Connection', 'close')
      return void send(413, text, 'the request is too long\n')
    }
    const done = await witness.addCheckpoint(body)
    logger.info('add-checkpoint', { status: done.status })
    send(done.status, done.type, done.body)
  } catch (error) {
    // Also when the memory cannot be read or written: what is not remembered is not cosigned.
    logger.error('a checkpoint could not be witnessed', { code: asNocturneError(error).code })
    if (!response.headersSent) send(503, text, 'the witness cannot remember\n')
  }
}

/** Undefined when it is too long. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}
