/** The S3 client configured for this store, with limits on time, retries and connections. */
import { S3Client } from '@aws-sdk/client-s3'
import { readFileSync } from 'node:fs'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import type { S3StoreConfig } from './contract.js'

export interface S3Options {
  /** Time allowed for establishing a connection. */
  readonly connectTimeoutMs?: number
  /**
   * Time allowed before a response starts, and between two pieces of its body. Uploads get more,
   * depending on their size.
   */
  readonly answerTimeoutMs?: number
  /**
   * Extends the time limit of an upload in proportion to its size; a slower server is treated as
   * stalled.
   */
  readonly slowestBytesPerMs?: number
  /** Attempts per request, including the first. */
  readonly attempts?: number
}

export const DEFAULTS: Required<S3Options> = {
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 15_000,
  slowestBytesPerMs: 128,
  attempts: 3,
}

/**
 * Options for one request with a body of `bytes` bytes: its time limit, which restarts with each
 * attempt.
 */
export function timeLimit(options: Required<S3Options>, bytes = 0): { requestTimeout: number } {
  const sending = Math.ceil(bytes / options.slowestBytesPerMs)
  return { requestTimeout: options.answerTimeoutMs + sending }
}

export function createS3Client(config: S3StoreConfig, options: Required<S3Options>): S3Client {
  // A slow download occupies its connection, and uploads must still get one when there are hundreds
  // of downloads.
  const agent = { keepAlive: true, maxSockets: 512 }
  const ca = config.caFile === undefined ? {} : { ca: readFileSync(config.caFile) }
  return new S3Client({
    region: config.region,
    ...(config.endpoint !== undefined && { endpoint: config.endpoint }),
    ...(config.forcePathStyle !== undefined && { forcePathStyle: config.forcePathStyle }),
    ...(config.credentials && { credentials: config.credentials }),
    maxAttempts: options.attempts,
    retryMode: 'standard',
    // CRC trailers would turn bodies into streams, which some servers reject (Ceph answers 411).
    // Bodies are Buffers, so each request carries the signed SHA-256 of its body
    // (x-amz-content-sha256), and every server that checks signatures rejects bytes changed in
    // transit.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With `Expect: 100-continue`, a server that does not support it would delay each part by the
    // whole time limit, and the SDK would open a new connection for each request. See
    // `withListener` for the problem this header would otherwise prevent.
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.answerTimeoutMs,
      throwOnRequestTimeout: true,
      // This limit would also count time in which a slow reader holds back a download; s3-body.ts
      // watches bodies instead.
      socketTimeout: 0,
      httpAgent: withListener(new HttpAgent(agent)),
      httpsAgent: withListener(new HttpsAgent({ ...agent, ...ca, minVersion: 'TLSv1.2' })),
    },
  })
}

/**
 * Makes sure that every connection has an error listener. When a server responds and closes the
 * connection before reading the whole body, Node detaches the socket while the rest is still being
 * written. That write then fails, and an unhandled error event would end the process. The request
 * itself has already failed by then.
 */
function withListener<T extends HttpAgent>(agent: T): T {
  const connect = agent.createConnection.bind(agent)
  agent.createConnection = (options, callback) =>
    connect(options, callback)?.on('error', () => undefined)
  return agent
}
