/**
 * One transfer from the gateway to a folder: manifest, items, acknowledgement.
 *
 * The folder of a transfer at any moment, even after a kill: finished items under their names,
 * complete and verified; `.partial/` with items in progress; `manifest.json` once every item is
 * there; `receipt.tlog-proof` once the gateway has the acknowledgement; `receipts.ndjson` after
 * that. Running again resumes with whichever of these is missing.
 */
import { createHash } from 'node:crypto'
import { access, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { freeMemory } from '../../lib/free-memory.js'
import { writeAcknowledgement } from '../../protocol/acknowledgement.js'
import type { Manifest, ManifestItem } from '../../protocol/manifest.js'
import { shortfallOf } from '../../protocol/outcomes.js'
import type { Shortfall } from '../../protocol/outcomes.js'
import { itemPaths } from '../../protocol/opened-names.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { LastSessionKey } from '../../seal/open/index.js'
import { acknowledge } from './acknowledge.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { fetchManifest, fetchToFile, fetchToMemory, IN_MEMORY_BYTES, readBack } from './download.js'
import type { Fetch } from './download.js'
import { makeFolder, once, writeWholeText } from '../local-write.js'
import { openItem } from './open-item.js'
import type { WriteOpened } from './open-item.js'
import type { Progress } from '../progress.js'
import type { TrustedGateway } from './pull-targets.js'
import { fetchReceipts } from './receipts.js'
import { folderShelf } from './opened/shelf.js'
import type { Shelf } from './opened/shelf.js'
import { openManifest } from './opened/signed-manifest.js'

/**
 * Items in progress at a time: small ones are many, so that gateway and disk make several durable
 * at once; larger ones are as many as fit in the memory.
 */
const MOST_AT_A_TIME = 12
const LEAST_AT_A_TIME = 4
const IN_PROGRESS_BYTES = 32 * 2 ** 20

export interface Pull {
  readonly client: GatewayClient
  readonly signal: AbortSignal
  readonly gateway: TrustedGateway
  readonly key: PrivateKey
  /** Folder that gets one subfolder per transfer. */
  readonly out: string
  /** Where opened items go instead of the transfer's folder. */
  readonly shelf?: Shelf
  /** Principal ID of the reader; undefined when the transfer was acknowledged earlier. */
  readonly reader: string | undefined
  /** The sealed manifest, if claiming fetched it. */
  readonly manifest: Buffer | undefined
  readonly startProgress: (totalBytes: number, totalItems: number) => Progress
  readonly onRetry: () => void
}

export interface PullReport {
  readonly id: string
  readonly folder: string
  readonly items: number
  readonly bytes: number
  /** Items that were already there and were verified again. */
  readonly kept: number
  /** What the readers did not receive, by the signed manifest; undefined when it is whole. */
  readonly shortfall: Shortfall | undefined
  readonly isAcknowledged: boolean
  /** False: the study is complete, but the receipts of its downloads could not be fetched. */
  readonly hasReceipts: boolean
  /**
   * Time in the manifest, RFC 3339; and whether the signing key has since expired or been replaced.
   */
  readonly signedAt: string
  readonly hasKeyEnded: boolean
}

/**
 * @throws CommandError `manifest_mismatch` naming the item, `cannot_open`, and errors of the
 * gateway and the disk.
 */
export async function pull(work: Pull, id: string): Promise<PullReport> {
  const folder = join(work.out, id)
  const partial = join(folder, '.partial')
  await makeFolder(partial)
  const sealed = work.manifest ?? (await fetchManifest(work, id))
  const { signed, manifest } = await openManifest(sealed, work.key, work.gateway, id)
  const { content: bytes, signedAt, hasKeyEnded } = signed
  const kept = await pullItems(work, manifest, partial)
  await writeWholeText(join(folder, 'manifest.json'), Buffer.from(bytes).toString('utf8'))
  await rm(partial, { recursive: true, force: true })
  const receipt = join(folder, 'receipt.tlog-proof')
  const shortfall = shortfallOf(manifest.outcomes)
  if (work.reader !== undefined) {
    const statement = writeAcknowledgement({
      gateway: manifest.gateway,
      transfer: id,
      manifest: createHash('sha256').update(bytes).digest('hex'),
      items: manifest.items.length,
      ...(shortfall && { lacks: shortfall }),
      reader: work.reader,
      openedAt: new Date().toISOString(),
    })
    const proof = await acknowledge(work, id, statement)
    if (proof !== undefined) await writeWholeText(receipt, proof)
  }
  return {
    id,
    folder,
    items: manifest.items.length,
    bytes: manifest.items.reduce((sum, { plaintext }) => sum + plaintext.size, 0),
    kept,
    shortfall,
    isAcknowledged: await exists(receipt),
    signedAt: signedAt.toISOString(),
    hasKeyEnded,
    hasReceipts: await fetchReceipts(work, manifest, join(folder, 'receipts.ndjson')),
  }
}

/**
 * Several items at a time, in order; stops at the first failure. Returns how many were already
 * there.
 */
async function pullItems(work: Pull, manifest: Manifest, partial: string): Promise<number> {
  const totalBytes = manifest.items.reduce((sum, { ciphertext }) => sum + ciphertext.size, 0)
  const progress = work.startProgress(totalBytes, manifest.items.length)
  const paths = itemPaths(manifest.items)
  const shelf = work.shelf ?? folderShelf(work.out)
  const { transfer } = manifest
  const failed = new AbortController()
  const signal = AbortSignal.any([work.signal, failed.signal])
  const lastSessionKey = new LastSessionKey()
  const pulling = { ...work, signal, transfer, partial, progress, lastSessionKey }
  const items = manifest.items.values()
  let kept = 0
  const worker = async () => {
    for (const item of items) {
      if (failed.signal.aborted) return
      const path = paths.get(item.index) ?? ''
      if (await shelf.has(transfer, path, item)) {
        kept += 1
        progress.skipBytes(item.ciphertext.size)
      } else {
        await pullItem(pulling, item, shelf.write(transfer, path, item))
      }
      progress.addItem()
    }
  }
  try {
    await Promise.all(
      Array.from({ length: atATime(manifest.items) }, () =>
        worker().catch((error: unknown) => {
          failed.abort()
          throw error
        }),
      ),
    )
    await shelf.sync?.()
  } finally {
    progress.clear()
    await lastSessionKey.forget()
  }
  return kept
}

function atATime(items: readonly ManifestItem[]): number {
  const largest = items.reduce((most, { ciphertext }) => Math.max(most, ciphertext.size), 1)
  const fitting = Math.floor(IN_PROGRESS_BYTES / largest)
  return Math.min(MOST_AT_A_TIME, Math.max(LEAST_AT_A_TIME, fitting))
}

interface Pulling extends Pull {
  readonly transfer: string
  /** Folder for items in progress. */
  readonly partial: string
  readonly progress: Progress
  readonly lastSessionKey: LastSessionKey
}

/**
 * Fetches and opens an item. Data that does not match the manifest is removed, so that the next
 * attempt fetches it again.
 */
async function pullItem(work: Pulling, item: ManifestItem, write: WriteOpened): Promise<void> {
  const { transfer, partial, progress } = work
  const what = `item ${item.index}`
  const fetch: Fetch = {
    ...work,
    path: `/v1/transfers/${transfer}/items/${item.index}`,
    what,
    size: item.ciphertext.size,
    onBytes: (count) => progress.addBytes(count),
  }
  const file = join(partial, `${item.index}.pgp`)
  const isSmall = item.ciphertext.size <= IN_MEMORY_BYTES
  let sealed: Buffer | undefined
  try {
    if (isSmall) sealed = await fetchToMemory(fetch)
    else await fetchToFile(fetch, file)
  } catch (error) {
    throw naming(what, error)
  }
  const message = sealed
  try {
    await openItem(item, () => (message ? once(message) : readBack(file)), work, write)
  } finally {
    // Wrong or finished: in either case it is no longer needed.
    if (message) freeMemory(message)
    else {
      await rm(file, { force: true })
      await rm(`${file}.etag`, { force: true })
    }
  }
}

/** When a gateway refuses an item, its error says why, but not which item. */
function naming(what: string, error: unknown): unknown {
  if (!(error instanceof GatewayError)) return error
  const { message, hint, code, cause } = error
  return new CommandError(`${message}: ${what}`, { hint, code, cause })
}

const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
