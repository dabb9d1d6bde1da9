import { setMaxListeners } from 'node:events'
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Writable } from 'node:stream'
import { CATALOGUE, systemCode } from '../lib/errors.js'
import { isThisMachine } from '../lib/peers.js'
import type { Code } from '../lib/errors.js'
import { clocksOf } from './clock.js'
import type { Clocks } from './clock.js'
import { CommandError } from './command-error.js'
import { readBeforeFailing } from './early-answer.js'
import { connectionCode, frontError, webPageError } from './front.js'

/** JSON answers are never larger; one for an upload of 10,000 items takes about 1.5 MB. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024
const MAX_TEXT_CHARS = 500

export interface GatewayClientOptions {
  /** Origin of the gateway, with a path in front of /v1 when a proxy adds one. */
  readonly url: string
  readonly token?: string
  /** PEM certificates to trust for TLS instead of the system's. */
  readonly ca?: string
  /** PEM: our client certificate, and its key. */
  readonly certificate?: string
  readonly signal?: AbortSignal
  /** A request fails when no byte moves in either direction for this long; default two minutes. */
  readonly idleTimeoutMs?: number
}

/** Writes a request's body, without ending it. */
export interface Body {
  readonly contentType: string
  readonly contentLength: number
  /**
   * Resolves when everything is written, or soon after `stopped`; rejects when the source fails.
   */
  writeTo(request: Writable, stopped: AbortSignal): Promise<void>
}

export interface Call {
  readonly method?: 'GET' | 'POST'
  /** Path below the gateway's address, with its query, such as `/v1/inbox`. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Body
}

/** A POST with a small JSON body. */
export function jsonCall(path: string, value: Readonly<Record<string, unknown>>): Call {
  const bytes = Buffer.from(JSON.stringify(value))
  return {
    method: 'POST',
    path,
    body: {
      contentType: 'application/json',
      contentLength: bytes.length,
      writeTo: (request) => Promise.resolve(void request.write(bytes)),
    },
  }
}

/** The gateway answered with an error. `answer` is the whole problem document. */
export class GatewayError extends CommandError {
  readonly status: number
  readonly answer: Readonly<Record<string, unknown>>

  constructor(status: number, answer: Readonly<Record<string, unknown>>) {
    const own = CATALOGUE.internal
    const text = (name: string) => {
      const value = answer[name]
      return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT_CHARS) : undefined
    }
    const subject = text('subject')
    const field = text('field')
    super(`${text('title') ?? `the gateway answered ${status}`}${subject ? `: ${subject}` : ''}`, {
      hint: text('hint') ?? own.hint,
      code: text('code') ?? 'internal',
      ...(field !== undefined && { details: [`field: ${field}`] }),
    })
    this.status = status
    this.answer = answer
  }
}

/**
 * The connection failed before an answer came: the request may or may not have been carried out.
 */
export class ConnectionError extends CommandError {
  constructor(
    cause: unknown,
    code: Code = 'gateway_unreachable',
    about: string | undefined = systemCode(cause),
  ) {
    const { title, hint } = CATALOGUE[code]
    super(about === undefined ? title : `${title} (${about})`, { hint, code, cause })
  }
}

/**
 * Talks to one gateway over keep-alive connections. It follows no redirects, so the token goes
 * nowhere else, and never sends the token over plain HTTP beyond loopback. `close()` ends the idle
 * connections.
 */
export class GatewayClient {
  readonly #base: URL
  readonly #options: GatewayClientOptions
  readonly #agent: HttpAgent
  #clocks: Clocks | undefined

  /** @throws CommandError for an unusable address, `insecure_gateway` */
  constructor(options: GatewayClientOptions) {
    this.#base = parseGateway(options.url, options.token !== undefined)
    this.#options = options
    // Every request in progress listens.
    if (options.signal) setMaxListeners(0, options.signal)
    const keepAlive = { keepAlive: true, maxSockets: 12 }
    this.#agent =
      this.#base.protocol === 'https:'
        ? new HttpsAgent({
            ...keepAlive,
            ...(options.ca !== undefined && { ca: options.ca }),
            ...(options.certificate !== undefined && {
              cert: options.certificate,
              key: options.certificate,
            }),
          })
        : new HttpAgent(keepAlive)
  }

  /** Of the gateway and this machine, at the newest answer. */
  get clocks(): Clocks | undefined {
    return this.#clocks
  }

  /** Aborted when the command is to end. */
  get signal(): AbortSignal | undefined {
    return this.#options.signal
  }

  /** The answer as JSON. @throws GatewayError, FrontError, ConnectionError */
  async json(call: Call): Promise<unknown> {
    const response = await this.open(call)
    const text = (await this.#readAll(response)).toString('utf8')
    try {
      return JSON.parse(text)
    } catch {
      throw webPageError(response.statusCode ?? 0)
    }
  }

  async text(call: Call): Promise<string> {
    const response = await this.open(call)
    return (await this.#readAll(response)).toString('utf8')
  }

  /** POST with a small JSON body. */
  post(path: string, value: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    return this.json(jsonCall(path, value))
  }

  /**
   * Returns the answer once its header has arrived and reports success; the caller reads its body.
   *
   * @throws GatewayError for every other answer of the gateway, FrontError for one of a proxy in
   *   front of it, ConnectionError
   */
  async open(call: Call): Promise<IncomingMessage> {
    const response = await this.#send(call)
    const status = response.statusCode ?? 0
    if (status >= 200 && status < 300) return response
    const text = (await this.#readAll(response)).toString('utf8')
    const problem = parseProblem(text)
    if (typeof problem.code === 'string') throw new GatewayError(status, problem)
    throw frontError(this.#base, status, response.headers.location, text)
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(call: Call): Promise<IncomingMessage> {
    const { token, signal } = this.#options
    const { body } = call
    const url = new URL(`${this.#base.href.replace(/\/$/, '')}${call.path}`)
    const options: RequestOptions = {
      method: call.method ?? 'GET',
      agent: this.#agent,
      timeout: this.#options.idleTimeoutMs ?? 120_000,
      headers: {
        accept: 'application/json, */*',
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body && { 'content-type': body.contentType, 'content-length': body.contentLength }),
        ...call.headers,
      },
      ...(signal && { signal }),
    }
    return new Promise((resolve, reject) => {
      const stop = new AbortController()
      const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(url, options)
      request.on('socket', readBeforeFailing)
      request.on('response', (response) => {
        this.#clocks = clocksOf(response.headers.date)
        // An early answer ends the upload: the answer matters, not the data still to be sent.
        stop.abort()
        if (!request.writableEnded) response.once('end', () => request.destroy())
        resolve(response)
      })
      request.on('error', (error) => {
        stop.abort()
        if (error instanceof ConnectionError) {
          reject(error)
          return
        }
        void connectionCode(url, error).then(({ code, about }) => {
          reject(new ConnectionError(error, code, about))
        })
      })
      request.on('timeout', () => request.destroy(new ConnectionError(undefined)))
      request.on('close', () => stop.abort())
      if (body === undefined) {
        request.end()
        return
      }
      body.writeTo(request, stop.signal).then(
        () => {
          if (!stop.signal.aborted) request.end()
        },
        (error: unknown) => {
          // The source failed, for example because a file shrank: the request must not look
          // complete.
          reject(error instanceof Error ? error : new ConnectionError(error))
          request.destroy()
        },
      )
    })
  }

  async #readAll(response: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = []
    let size = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) throw webPageError(response.statusCode ?? 0)
        chunks.push(chunk)
      }
    } catch (error) {
      throw error instanceof CommandError ? error : new ConnectionError(error)
    }
    return Buffer.concat(chunks)
  }
}

/** @throws CommandError `usage`, `insecure_gateway` */
function parseGateway(text: string, hasToken: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.search !== '' ||
    url.hash !== ''
  ) {
    throw new CommandError('--gateway is not a valid gateway address', {
      hint: 'give its origin, such as https://gateway.example.org',
      exit: 2,
    })
  }
  if (url.username !== '' || url.password !== '') {
    throw new CommandError('--gateway must not contain a user name or password', {
      hint: 'give the token with --token-file',
      exit: 2,
    })
  }
  if (hasToken && url.protocol === 'http:' && !isThisMachine(url.hostname)) {
    const { title, hint } = CATALOGUE.insecure_gateway
    throw new CommandError(title, { hint, code: 'insecure_gateway' })
  }
  return url
}

/** RFC 9457. A proxy in front may answer in another format, of which nothing is shown. */
function parseProblem(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}
