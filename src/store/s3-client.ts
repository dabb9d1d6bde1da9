/** The S3 client as this store needs it: bounded in time, tries and connections. */
import { S3Client } from '@aws-sdk/client-s3'
import type { S3StoreConfig } from './index.js'

export interface S3Options {
  /** For a connection to stand. */
  readonly connectTimeoutMs?: number
  /** For an answer to begin, and between two pieces of its body. Uploads get more, by their size. */
  readonly answerTimeoutMs?: number
  /** Tries of one request, the first included. */
  readonly attempts?: number
}

export const DEFAULTS: Required<S3Options> = {
  connectTimeoutMs: 5_000,
  answerTimeoutMs: 15_000,
  attempts: 3,
}

/** Slower than this is taken for a server that stalls. */
const MIN_UPLOAD_BYTES_PER_MS = 128

/** Options of one request that carries `bytes`: its time limit, counted anew for each try. */
export function timeLimit(options: Required<S3Options>, bytes = 0): { requestTimeout: number } {
  return { requestTimeout: options.answerTimeoutMs + Math.ceil(bytes / MIN_UPLOAD_BYTES_PER_MS) }
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
    // CRC trailers would make bodies streams, which not every server takes (Ceph answers 411). Bodies are Buffers,
    // so each request carries the SHA-256 of its body under its signature (x-amz-content-sha256), and every server
    // that checks signatures refuses bytes that changed on the way.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // Plain options: with an Agent instance the SDK does not wait for `100 Continue`, and a server that refuses
    // early ends the process by an EPIPE that nobody can catch.
    requestHandler: {
      connectionTimeout: options.connectTimeoutMs,
      requestTimeout: options.answerTimeoutMs,
      throwOnRequestTimeout: true,
      // Would also count the time in which a slow reader holds back a download; bodies are watched in s3-body.ts.
      socketTimeout: 0,
      httpAgent: agent,
      httpsAgent: agent,
    },
  })
}
