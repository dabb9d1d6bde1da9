/** A site whose objects are in a bucket. */
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { S3StoreConfig } from '../src/store/index.js'
import type { S3Server } from './_ceph.js'
import type { TestSite } from './whole-way/_gateway.js'

/**
 * Configures nocturne.yaml to use the bucket, through `endpoint`.
 *
 * @returns the environment that contains the credentials.
 */
export async function useBucket(
  site: TestSite,
  bucket: S3StoreConfig,
  endpoint: string,
): Promise<NodeJS.ProcessEnv> {
  const { bucket: name, region } = bucket
  const store = JSON.stringify({ kind: 's3', bucket: name, region, endpoint, forcePathStyle: true })
  await site.configure((yaml) => yaml.replace(/^store:.*$/m, `store: ${store}`))
  return {
    NOCTURNE_S3_ACCESS_KEY_ID: bucket.credentials?.accessKeyId ?? '',
    NOCTURNE_S3_SECRET_ACCESS_KEY: bucket.credentials?.secretAccessKey ?? '',
  }
}

/**
 * The content of the bucket according to the server: keys of the transfers' objects, sorted, and
 * the number of unfinished uploads.
 */
export async function bucketContent(
  server: S3Server,
  bucket: string,
): Promise<{ readonly keys: string[]; readonly uploads: number }> {
  const keys: string[] = []
  let token: string | undefined
  do {
    const page = await server.client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: 't/', ContinuationToken: token }),
    )
    keys.push(...(page.Contents ?? []).flatMap(({ Key }) => (Key === undefined ? [] : [Key])))
    token = page.NextContinuationToken
  } while (token !== undefined)
  const { Uploads: uploads } = await server.client.send(
    new ListMultipartUploadsCommand({ Bucket: bucket }),
  )
  return { keys: keys.sort(), uploads: uploads?.length ?? 0 }
}
