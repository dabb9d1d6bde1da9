/**
 * Opens files in a worker, so that the page stays responsive. Each worker runs once: when it ends,
 * the key in its memory is gone.
 */
import './open/without-eval.js'
import { readManifest } from '../../protocol/manifest.js'
import type { ManifestItem } from '../../protocol/manifest.js'
import { openSignedMessage, readPrivateKey } from '../../seal/browser.js'
import type { PrivateKey } from '../../seal/browser.js'
import type {
  Compared,
  Failure,
  OpenNews,
  OpenRequest,
  StopRequest,
  WholeTransfer,
} from './open/messages.js'
import { KEY_FAILURES } from './open/messages.js'
import { messageOf } from './open/message-of.js'
import { Meter } from './open/meter.js'
import { openFile, OpenError } from './open/open-file.js'

/** Progress is reported at most once per this many octets. */
const NEWS_BYTES = 4 * 1024 * 1024

const tell = (news: OpenNews): void => {
  postMessage(news)
}

let isStopped = false

addEventListener('message', ({ data }: MessageEvent<OpenRequest | StopRequest>) => {
  if ('stop' in data) isStopped = true
  else void run(data)
})

async function run(request: OpenRequest): Promise<void> {
  let key: PrivateKey
  try {
    key = await readPrivateKey(request.key, request.passphrase)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    const failed = KEY_FAILURES.find((one) => one === code) ?? 'key_unreadable'
    tell({ ended: true, failed })
    return
  } finally {
    request.key.fill(0)
  }
  const { transfer } = request
  const manifest = transfer && (await openManifest(transfer, key))
  if (transfer && !manifest) {
    tell({ ended: true, failed: 'not_signed' })
    return
  }
  for (const index of request.files.keys()) await openOne(index, key, request, manifest?.named)
  if (!manifest) tell({ ended: true })
  else {
    const there = new Set(request.files.map((file) => file.index))
    const missing = [...manifest.named.keys()].filter((index) => !there.has(index))
    tell({ ended: true, compared: { ...manifest.signature, missing } })
  }
}

interface OpenedManifest {
  readonly named: ReadonlyMap<number, ManifestItem>
  readonly signature: Omit<Compared, 'missing'>
}

/**
 * Undefined when it does not open, was not signed by this gateway while its key was valid, or
 * belongs to another transfer.
 */
async function openManifest(
  { id, manifest, certificate }: WholeTransfer,
  key: PrivateKey,
): Promise<OpenedManifest | undefined> {
  try {
    const sealed = new Uint8Array(await manifest.message.arrayBuffer())
    const opened = await openSignedMessage(sealed, [key], [{ certificate }], new Date())
    const { content, signedAt, hasKeyEnded } = opened
    const items = readManifest(content, { transfer: id })?.items
    return (
      items && {
        named: new Map(items.map((item) => [item.index, item])),
        signature: { signedAt: signedAt.toISOString(), hasKeyEnded },
      }
    )
  } catch {
    return undefined
  }
}

/** A file that does not open must not hold up the others. */
async function openOne(
  place: number,
  key: PrivateKey,
  { files, folder }: OpenRequest,
  named: ReadonlyMap<number, ManifestItem> | undefined,
): Promise<void> {
  const file = files[place]
  if (!file) return
  let bytes = 0
  let told = 0
  const sealed = named && new Meter(file.keyBytes)
  const onBytes = (piece: Uint8Array): void => {
    if (isStopped) throw new Error('stopped')
    sealed?.update(piece)
    bytes += piece.length
    if (bytes - told < NEWS_BYTES) return
    told = bytes
    tell({ file: place, bytes })
  }
  try {
    onBytes(new Uint8Array(0))
    const message = messageOf(file.message)
    const compare = sealed && comparison(sealed, named.get(file.index ?? 0))
    const { name, size } = await openFile(
      { name: file.message.name, message, ...(compare && { compare }) },
      [key],
      folder,
      onBytes,
    )
    tell({ file: place, opened: name, size })
  } catch (error) {
    const why: Failure = error instanceof OpenError ? error.failure : 'cannot_open'
    // Whatever else is wrong with it, it is not the item that was signed.
    const isOther = named !== undefined && (why === 'cannot_open' || why === 'not_sealed_to_key')
    tell({ file: place, failed: isStopped ? 'stopped' : isOther ? 'mismatch' : why })
  }
}

/** Content and data packet must match the manifest once both have passed through. */
function comparison(sealed: Meter, item: ManifestItem | undefined) {
  if (!item) throw new OpenError('mismatch', undefined)
  const content = new Meter()
  return {
    update: (piece: Uint8Array) => content.update(piece),
    end: () => {
      if (!sealed.is(item.ciphertext) || !content.is(item.plaintext))
        throw new OpenError('mismatch', undefined)
    },
  }
}
