/** Opens a transfer that `nocturne dump` wrote to files, without its gateway. */
import { createHash } from 'node:crypto'
import { dirname, join } from 'node:path'
import { NocturneError } from '../../lib/errors.js'
import { DUMP_LIST, MAX_DUMPED_BYTES, readDumpList } from '../../protocol/dump-list.js'
import type { DumpedItem, DumpList } from '../../protocol/dump-list.js'
import { shortfallOf } from '../../protocol/outcomes.js'
import type { Shortfall } from '../../protocol/outcomes.js'
import { itemPaths } from '../../protocol/opened-names.js'
import { LastSessionKey, openSignedMessage } from '../../seal/open/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import type { SignedContent, Signer } from '../../seal/open/index.js'
import { about, CommandError } from '../command-error.js'
import { makeFolder, writeWhole, writeWholeText } from '../local-write.js'
import { notLogged, readLoggedManifest } from '../audit/logged-manifest.js'
import type { LoggedManifest } from '../audit/logged-manifest.js'
import { mismatch, parseManifest } from './manifest.js'
import { readFileBlocks, readMessageFile } from './message-file.js'
import { openItem } from './open-item.js'

const MAX_RECIPIENTS = 1000

export interface Dumped {
  readonly folder: string
  readonly key: PrivateKey
  /**
   * Certificates of which one must have signed the manifest: nothing inside the folder could vouch
   * for the folder.
   */
  readonly signers: readonly Signer[]
  /**
   * If given, the ledger must contain this manifest, and the signing key must have been valid at
   * that time.
   */
  readonly ledgerKey: string | undefined
  /** Folder that gets one subfolder per transfer. */
  readonly out: string
  readonly signal: AbortSignal
  /** Called for an item that does not match or does not open. The others are opened. */
  readonly onFailed: (error: unknown) => void
}

export interface DumpedReport {
  readonly id: string
  readonly folder: string
  /** Number of items in the manifest, and how many of them were opened. */
  readonly items: number
  readonly opened: number
  /** Every item was opened, and there were none that the manifest does not name. */
  readonly isWhole: boolean
  /** What was sent and is not in the transfer, as the signed manifest says. */
  readonly shortfall?: Shortfall
  /** Time in the manifest, RFC 3339: as claimed by the signer. */
  readonly signedAt: string
  /** Time in the ledger. */
  readonly loggedAt?: string
  /**
   * The signing key has since expired or been replaced, and only the signer vouches for the time of
   * signing.
   */
  readonly hasKeyEnded: boolean
}

/**
 * Every item of the signed manifest, each checked against it. `manifest.json` is written last, and
 * only when all were opened: a folder with that file is complete.
 *
 * @throws CommandError `cannot_open`, `manifest_not_signed`, `manifest_not_logged`,
 *   `manifest_mismatch` for the manifest itself, `file_unreadable`
 */
export async function openDumped(work: Dumped): Promise<DumpedReport> {
  const list = await readList(work.folder)
  const signed = await openManifest(work, list.id, list.manifest)
  const manifest = parseManifest(signed.content, list.id)
  const folder = join(work.out, list.id)
  await makeFolder(folder)
  const paths = itemPaths(manifest.items)
  const places = new Map(list.items.map((item) => [item.index, item]))
  let opened = 0
  const lastSessionKey = new LastSessionKey()
  for (const item of manifest.items) {
    work.signal.throwIfAborted()
    const at = places.get(item.index)
    places.delete(item.index)
    try {
      if (!at) throw mismatch(`item ${item.index}`)
      const target = join(folder, paths.get(item.index) ?? '')
      await makeFolder(dirname(target))
      await openItem(
        item,
        () => messageOf(work.folder, at),
        { key: work.key, lastSessionKey },
        (content, check) => writeWhole(target, content, { mayReplace: false, check }),
      )
      opened += 1
    } catch (error) {
      work.onFailed(error)
    }
  }
  await lastSessionKey.forget()
  // Files that the signed manifest does not name.
  for (const index of places.keys()) work.onFailed(mismatch(`item ${index}`))
  const items = manifest.items.length
  const isWhole = opened === items && places.size === 0
  if (isWhole)
    await writeWholeText(
      join(folder, 'manifest.json'),
      Buffer.from(signed.content).toString('utf8'),
    )
  const shortfall = shortfallOf(manifest.outcomes)
  return {
    ...{ id: list.id, folder, items, opened, isWhole },
    ...(shortfall && { shortfall }),
    signedAt: signed.signedAt.toISOString(),
    ...(signed.logged && { loggedAt: signed.logged.at.toISOString() }),
    hasKeyEnded: signed.hasKeyEnded,
  }
}

async function readList(folder: string): Promise<DumpList> {
  const path = join(folder, DUMP_LIST)
  const bytes = await collect(readFileBlocks(path), path)
  const list = readDumpList(bytes.toString('utf8'))
  if (list) return list
  throw new CommandError(`the file is not the list of a dumped transfer: ${path}`, {
    code: 'cannot_open',
    hint: 'give a folder written by nocturne dump, or the sealed files themselves',
  })
}

/**
 * With the ledger's key, judged as of the time in the ledger: the holder of an expired key can put
 * any time in a signature, but not in a log that has been signed and witnessed since.
 */
async function openManifest(
  work: Dumped,
  transfer: string,
  at: DumpedItem,
): Promise<SignedContent & { readonly logged: LoggedManifest | undefined }> {
  const { folder, key, signers, ledgerKey } = work
  const logged =
    ledgerKey === undefined ? undefined : await readLoggedManifest(folder, transfer, ledgerKey)
  const sealed = await collect(messageOf(folder, at), at.data)
  try {
    const opened = await openSignedMessage(sealed, [key], signers, logged?.at ?? new Date())
    if (!logged) return { ...opened, logged: undefined }
    const digest = createHash('sha256').update(opened.content).digest('hex')
    if (digest !== logged.digest) throw notLogged('its digest there is different')
    if (opened.hasKeyEnded) throw new NocturneError('manifest_not_signed')
    return { ...opened, logged }
  } catch (error) {
    throw about('the manifest', error)
  }
}

/** All key packets, then the data packet: every recipient finds their own packet. */
async function* messageOf(folder: string, { data, keys }: DumpedItem): AsyncGenerator<Uint8Array> {
  for (const file of Object.values(keys).slice(0, MAX_RECIPIENTS))
    yield* readFileBlocks(join(folder, file))
  yield* readMessageFile(join(folder, data))
}

async function collect(pieces: AsyncIterable<Uint8Array>, path: string): Promise<Buffer> {
  const all: Buffer[] = []
  let size = 0
  for await (const piece of pieces) {
    size += piece.length
    if (size > MAX_DUMPED_BYTES)
      throw new CommandError(`a file is too large: ${path}`, {
        code: 'cannot_open',
        hint: 'give a folder written by nocturne dump',
      })
    all.push(Buffer.from(piece))
  }
  return Buffer.concat(all)
}
