/** `POST /add-checkpoint` of a witness (c2sp.org/tlog-witness). */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Witness } from '../ledger/witness/index.js'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'

/** Room for a checkpoint with many signatures, and 63 hashes. */
const MAX_BODY_BYTES = 192 * 1024
const REQUEST_MS = 15_000
const CONNECTIONS = 256

/** Plain HTTP: everything exchanged is public and signed. Put a proxy in front if TLS is wanted. */
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
    // Also if the memory cannot be read or written: a checkpoint that is not stored is not
    // cosigned.
    logger.error('a checkpoint could not be witnessed', { code: asNocturneError(error).code })
    if (!response.headersSent) send(503, text, 'the witness cannot store its state\n')
  }
}

/** Undefined when the body is too long. */
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
