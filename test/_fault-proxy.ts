/**
 * A proxy in front of a real S3 server that can fail each kind of request in each way that networks
 * and servers do. It passes the Host header on, so signatures stay valid.
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
 * refuse: the connection ends before anything is read. stall: nothing is ever answered. reset: the
 * connection is reset within the body, of the request or, for GetObject, of the answer. 500, 503:
 * the server's own errors. 503 early: answered, and hung up, without reading the body. lost answer:
 * done by the server, and not answered. changed: a bit of the body is flipped. changed answer: the
 * same of the answer. stall within: GetObject's answer stops in the middle. ended early:
 * GetObject's connection closes in the middle in good order.
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
  /** Every request that came, by kind. */
  readonly seen: Call[]
  /**
   * Fails the next `times` requests of that kind, or of any; only for keys under `under` where it
   * is given. Replaces the fault before.
   */
  inject(call: Call | 'any', fault: Fault, times?: number, under?: string): void
  /** How many requests the last fault has failed. */
  hits(): number
  clear(): void
  /** Stops listening, so that connections are refused by the system, until `up`. */
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

/** Without the bucket. */
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
