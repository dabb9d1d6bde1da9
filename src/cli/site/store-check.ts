/** Whether objects can be written to the store and read back; if not, why, as far as S3 says. */
import { relative } from 'node:path'
import type { SiteProblem, SiteSurvey } from '../../config/index.js'
import { asNocturneError, systemCode } from '../../lib/errors.js'
import { isUntrusted } from '../../lib/peers.js'
import { openStore } from '../../store/index.js'

export async function checkStore({
  store: config,
  dir,
}: Pick<SiteSurvey, 'store' | 'dir'>): Promise<SiteProblem[]> {
  if (config === undefined) return []
  try {
    const store = await openStore(config)
    try {
      await store.check()
    } finally {
      await store.close()
    }
    return []
  } catch (error) {
    const { code, cause } = asNocturneError(error, 'store_unavailable')
    if (config.kind === 's3') return [s3Problem(cause, `bucket ${config.bucket}`, code)]
    const where = relative(dir, config.path)
    return [{ path: 'store.path', ...general(where, code, FOLDER_HINT) }]
  }
}

const general = (where: string, code: string, hint: string) =>
  code === 'store_full'
    ? { problem: `${where} is full`, hint: 'free space in it' }
    : { problem: `writing and reading ${where} failed`, hint }

function s3Problem(cause: unknown, bucket: string, code: string): SiteProblem {
  if (isUntrusted(systemCode(cause)))
    return { path: 'store.endpoint', problem: UNTRUSTED, hint: UNTRUSTED_HINT }
  const fault = cause instanceof Error ? S3_FAULTS[cause.name] : undefined
  if (!fault) return { path: 'store.bucket', ...general(bucket, code, S3_HINT) }
  const [path, problem, hint] = fault
  return { path, problem, hint }
}

const UNTRUSTED = 'the TLS certificate of the server was not accepted'
const UNTRUSTED_HINT =
  'write the host name that the certificate is for, and name a private CA with store.caFile'
const S3_HINT =
  'check that the bucket exists in that region (Nocturne does not create it), that the endpoint answers, and that the credentials may list, read, write and delete in it'
const FOLDER_HINT =
  'make sure that the folder, or its parent folder, belongs to the user that runs the gateway'

const REGION = [
  'store.region',
  'the bucket is in another region',
  'write the region of the bucket, and the endpoint of that region if one is given',
] as const

/** By the error codes of the S3 API. */
const S3_FAULTS: Readonly<Record<string, readonly [string, string, string]>> = {
  RequestTimeTooSkewed: [
    'clock',
    'the S3 server refuses requests because its clock and that of this machine differ',
    'set the clock of this machine, and keep it set with NTP',
  ],
  PermanentRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  InvalidAccessKeyId: [
    'NOCTURNE_S3_ACCESS_KEY_ID',
    'the S3 server does not know the access key',
    'check the access key, and that it is one for this server',
  ],
  SignatureDoesNotMatch: [
    'NOCTURNE_S3_SECRET_ACCESS_KEY',
    'the secret access key does not match the access key',
    'set the secret that was issued with the access key',
  ],
  AccessDenied: [
    'store.bucket',
    'the credentials may not use the bucket',
    'allow them to list, read, write and delete objects in it',
  ],
  NoSuchBucket: ['store.bucket', 'the bucket does not exist', 'create it: Nocturne does not'],
}
