/**
 * A proxy in front of a real S3 server that can make each kind of request fail in each way that
 * networks and servers do. It forwards the Host header, so signatures stay valid.
 */
import { createServer, request } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

export type Call =
  | 'PutObject'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'GetObject'
  | 'HeadObject'
  | 'other'

/**
 * - refuse: the connection is closed before anything is read.
 * - stall: no response is ever sent.
 * - reset: the connection is reset in the middle of the body: the request's or, for GetObject, the
 *   response's.
 * - 500, 503: errors of the server itself.
 * - 503 early: answered and closed without reading the body.
 * - lost answer: executed by the server, but not answered.
 * - changed: a bit of the request body is flipped.
 * - changed answer: a bit of the response body is flipped.
 * - stall within: GetObject's response stops in the middle.
 * - ended early: GetObject's connection is closed cleanly in the middle.
 */
export type Fault =
  | 'refuse'
  | 'stall'
  | 'reset'
  | '500'
  | '503'
  | '503 early'
  | 'lost answer'
  | 'changed'
  | 'changed answer'
  | 'stall within'
  | 'ended early'

export interface FaultProxy {
  readonly endpoint: string
  /** Every request received, by kind. */
  readonly seen: Call[]
  /**
   * Makes the next `times` requests of this kind, or of any kind, fail; only for keys under `under`
   * if it is given. Replaces the previous fault.
   */
  inject(call: Call | 'any', fault: Fault, times?: number, under?: string): void
  /** Number of requests that the last fault has made fail. */
  hits(): number
  clear(): void
  /** Stops listening, so that the system refuses connections, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const target = new URL(upstream)
  const sockets = new Set<Socket>()
  const seen: Call[] = []
  let hits = 0
  let active: { call: Call | 'any'; fault: Fault; left: number; under: string } | undefined

  const handle = (req: IncomingMessage, res: ServerResponse): void => {
    const call = callOf(req)
    seen.push(call)
    req.on('error', () => undefined)
    res.on('error', () => undefined)
    const isHit =
      active &&
      active.left > 0 &&
      (active.call === 'any' || active.call === call) &&
      keyOf(req).startsWith(active.under)
    if (active && isHit) {
      active.left -= 1
      hits += 1
    }
    const fault = isHit ? active?.fault : undefined
    if (fault === 'refuse') req.socket.resetAndDestroy()
    else if (fault === '503 early') {
      answer(res, '503')
      setTimeout(() => req.socket.destroy(), 2)
    } else if (fault === 'stall') req.resume()
    else if (fault === 'reset' && call !== 'GetObject') {
      if (Number(req.headers['content-length'] ?? 0) === 0) req.socket.resetAndDestroy()
      else req.once('data', () => req.socket.resetAndDestroy())
    } else void pass(req, res, target, call, fault).catch(() => req.socket.destroy())
  }

  const server = createServer(handle)
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', () => resolve())
    })
  const down = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    seen,
    inject: (call, fault, times = Infinity, under = '') => {
      active = { call, fault, left: times, under }
      hits = 0
    },
    hits: () => hits,
    clear: () => (active = undefined),
    down,
    up: () => listen(port),
    close: down,
  }
}

/** The key without the bucket. */
const keyOf = (req: IncomingMessage): string =>
  new URL(req.url ?? '/', 'http://x').pathname.split('/').slice(2).join('/')

function callOf(req: IncomingMessage): Call {
  const { pathname, searchParams: query } = new URL(req.url ?? '/', 'http://x')
  const isObject = pathname.split('/').length > 2 && !pathname.endsWith('/')
  if (!isObject) return 'other'
  if (query.has('uploads')) return req.method === 'POST' ? 'CreateMultipartUpload' : 'other'
  if (query.has('uploadId')) {
    if (req.method === 'PUT') return 'UploadPart'
    if (req.method === 'POST') return 'CompleteMultipartUpload'
    return req.method === 'DELETE' ? 'AbortMultipartUpload' : 'other'
  }
  if (req.method === 'PUT') return 'PutObject'
  if (req.method === 'HEAD') return 'HeadObject'
  return req.method === 'GET' ? 'GetObject' : 'other'
}

function answer(res: ServerResponse, status: '500' | '503'): void {
  const code = status === '500' ? 'InternalError' : 'ServiceUnavailable'
  res.writeHead(Number(status), { 'content-type': 'application/xml', connection: 'close' })
  res.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>injected</Message></Error>`)
}

async function pass(
  req: IncomingMessage,
  res: ServerResponse,
  target: URL,
  call: Call,
  fault: Fault | undefined,
): Promise<void> {
  const body = await readWhole(req)
  if (fault === '500' || fault === '503') {
    answer(res, fault)
    return
  }
  if (fault === 'changed' && body.length > 0) body.writeUInt8(body.readUInt8(0) ^ 1, 0)
  const headers = { ...req.headers }
  delete headers.expect
  const theirs = await new Promise<IncomingMessage>((resolve, reject) => {
    const { hostname, port } = target
    request({ hostname, port, method: req.method, path: req.url, headers }, resolve)
      .once('error', reject)
      .end(body)
  })
  const content = await readWhole(theirs)
  if (fault === 'lost answer') {
    req.socket.destroy()
    return
  }
  if (fault === 'changed answer' && content.length > 0) {
    const at = content.length >> 1
    content.writeUInt8(content.readUInt8(at) ^ 1, at)
  }
  res.writeHead(theirs.statusCode ?? 502, theirs.headers)
  const isCut = fault === 'reset' || fault === 'stall within' || fault === 'ended early'
  if (call !== 'GetObject' || !isCut) {
    res.end(content)
    return
  }
  res.write(content.subarray(0, content.length >> 1), () => {
    if (fault === 'reset') req.socket.resetAndDestroy()
    else if (fault === 'ended early') req.socket.destroySoon()
  })
}

async function readWhole(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
