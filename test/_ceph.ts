/**
 * A real S3 server for tests: the one at NOCTURNE_TEST_S3_ENDPOINT (with
 * NOCTURNE_TEST_S3_ACCESS_KEY and NOCTURNE_TEST_S3_SECRET_KEY), otherwise a private Ceph started by
 * scripts/ceph-s3.sh.
 */
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { execFile } from 'node:child_process'
import { access, mkdtemp } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { randomName } from '../src/lib/ids.js'
import type { S3StoreConfig } from '../src/store/index.js'

const SCRIPT = join(import.meta.dirname, '../scripts/ceph-s3.sh')
const run = promisify(execFile)

export interface S3Server {
  readonly endpoint: string
  readonly region: string
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** A client with administrator rights, for inspecting what our store wrote. */
  readonly client: S3Client
  /** Creates a bucket and returns a store configuration for it. */
  newBucket(): Promise<S3StoreConfig>
  stop(): Promise<void>
}

/** Starts the server, or returns the reason why it cannot, for the titles of skipped tests. */
export async function startS3(): Promise<S3Server | { readonly skip: string }> {
  const endpoint = process.env.NOCTURNE_TEST_S3_ENDPOINT
  if (endpoint !== undefined)
    return server(
      new Map([
        ['S3_ENDPOINT', endpoint],
        ['S3_ACCESS_KEY', process.env.NOCTURNE_TEST_S3_ACCESS_KEY ?? ''],
        ['S3_SECRET_KEY', process.env.NOCTURNE_TEST_S3_SECRET_KEY ?? ''],
        ['S3_REGION', process.env.NOCTURNE_TEST_S3_REGION ?? 'us-east-1'],
      ]),
      () => Promise.resolve(),
    )
  const installed = await Promise.all(
    ['radosgw', 'ceph-mon', 'ceph-osd', 'curl'].map((name) => isThere(`/usr/bin/${name}`)),
  )
  if (
    !installed.every(Boolean) &&
    (process.getuid?.() !== 0 || !(await isThere('/usr/bin/apt-get')))
  )
    return {
      skip: 'needs a Ceph S3 gateway: set NOCTURNE_TEST_S3_ENDPOINT, or run as root on Debian',
    }
  for (let attempt = 1; ; attempt++) {
    const dir = await mkdtemp(join(tmpdir(), 'nocturne-ceph-'))
    const env = {
      ...process.env,
      S3_DIR: dir,
      S3_STORE: 'memstore',
      S3_PORT: String(await freePort()),
      MON_PORT: String(13_000 + 200 * Math.floor(Math.random() * 90)),
    }
    const wipe = async (): Promise<void> => {
      await run(SCRIPT, ['wipe'], { env })
    }
    try {
      const { stdout } = await run(SCRIPT, ['start'], { env })
      const pairs = stdout.trim().split(' ')
      return server(new Map(pairs.map((pair) => cutAt(pair, '='))), wipe)
    } catch (error) {
      await wipe()
      // Another suite may have taken a port after it was chosen and before the server started.
      if (attempt === 3) throw error
    }
  }
}

function server(env: ReadonlyMap<string, string>, wipe: () => Promise<void>): S3Server {
  const endpoint = env.get('S3_ENDPOINT') ?? ''
  const region = env.get('S3_REGION') ?? ''
  const credentials = {
    accessKeyId: env.get('S3_ACCESS_KEY') ?? '',
    secretAccessKey: env.get('S3_SECRET_KEY') ?? '',
  }
  const client = new S3Client({
    endpoint,
    region,
    credentials,
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  })
  return {
    endpoint,
    region,
    credentials,
    client,
    newBucket: async () => {
      const bucket = `nocturne-${randomName()}`
      await client.send(new CreateBucketCommand({ Bucket: bucket }))
      return { kind: 's3', bucket, region, endpoint, forcePathStyle: true, credentials }
    },
    stop: async () => {
      client.destroy()
      await wipe()
    },
  }
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const cutAt = (text: string, mark: string): [string, string] => {
  const at = text.indexOf(mark)
  return [text.slice(0, at), text.slice(at + 1)]
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
