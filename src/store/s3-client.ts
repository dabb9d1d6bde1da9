/** The S3 client as this store needs it: bounded in time, tries and connections. */
import { S3Client } from '@aws-sdk/client-s3'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { S3StoreConfig } from './contract.js'

export interface S3Options {
  /** For a connection to stand. */
  readonly connectTimeoutMs?: number
  /**
   * For an answer to begin, and between two pieces of its body. Uploads get more, by their size.
   */
  readonly answerTimeoutMs?: number
  /**
   * What an upload gains in time for its size; slower than this is taken for a server that stalls.
   */
  readonly slowestBytesPerMs?: number
  /** Tries of one request, the first included. */
  readonly attempts?: number
}

export const DEFAULTS: Required<S3Options> = {
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 15_000,
  slowestBytesPerMs: 128,
  attempts: 3,
}

/** Options of one request that carries `bytes`: its time limit, counted anew for each try. */
export function timeLimit(options: Required<S3Options>, bytes = 0): { requestTimeout: number } {
  const sending = Math.ceil(bytes / options.slowestBytesPerMs)
  return { requestTimeout: options.answerTimeoutMs + sending }
}

export function createS3Client(config: S3StoreConfig, options: Required<S3Options>): S3Client {
  // A slow download holds its connection; uploads must find one beside hundreds of them.
  const agent = { keepAlive: true, maxSockets: 512 }
  return new S3Client({
    region: config.region,
    ...(config.endpoint !== undefined && { endpoint: config.endpoint }),
    ...(config.forcePathStyle !== undefined && { forcePathStyle: config.forcePathStyle }),
    ...(config.credentials && { credentials: config.credentials }),
    maxAttempts: options.attempts,
    retryMode: 'standard',
    // CRC trailers would make bodies streams, which not every server takes (Ceph answers 411).
    // Bodies are Buffers, so each request carries the SHA-256 of its body under its signature
    // (x-amz-content-sha256), and every server that checks signatures refuses bytes that changed on
    // the way.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // A server that does not know `Expect: 100-continue` would let each part wait for the whole
    // time limit, and the SDK opens a connection for each request that carries it. See
    // `withListener` for what else it would save us from.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.answerTimeoutMs,
      throwOnRequestTimeout: true,
      // Would also count the time in which a slow reader holds back a download; bodies are watched
      // in s3-body.ts.
      socketTimeout: 0,
      httpAgent: withListener(new HttpAgent(agent)),
      httpsAgent: withListener(new HttpsAgent(agent)),
    },
  })
}

/**
 * Sees to it that a connection always has somebody who listens for its errors. When a server
 * answers and hangs up before it has read a body, Node has let go of the socket while the rest of
 * the body is still being written: that write then fails, and an error event that nobody hears ends
 * the process. The request itself has failed already.
 */
function withListener<T extends HttpAgent>(agent: T): T {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) =>
    connect(options, callback)?.on('error', () => undefined)
  return agent
}
