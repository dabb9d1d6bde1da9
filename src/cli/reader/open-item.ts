/** One item of a manifest, from its message to its file. */
import { NocturneError } from '../../lib/errors.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import type { LastSessionKey } from '../../seal/open/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { about, CommandError } from '../command-error.js'
import { ContentMeter, isSame } from './content-meter.js'
import { DataPacketMeter, metered } from './data-packet.js'
import { mismatch } from './manifest.js'
import type { ManifestItem } from '../../protocol/manifest.js'

/**
 * Takes the opened content. `check` is called after the last byte; if it throws, nothing of the
 * content may remain under its name.
 */
export type WriteOpened = (content: AsyncIterable<Uint8Array>, check: () => void) => Promise<void>

export interface OpeningKey {
  readonly key: PrivateKey
  /** Shared by the items of a transfer. */
  readonly lastSessionKey?: LastSessionKey
}

/**
 * Measures, opens and measures again; the content gets its name only when both digests match the
 * manifest. If opening fails, `message` is read again to find out why.
 *
 * @throws CommandError `manifest_mismatch` naming the item, `cannot_open`, and what `write` throws
 */
export async function openItem(
  item: ManifestItem,
  message: () => AsyncIterable<Uint8Array>,
  { key, lastSessionKey }: OpeningKey,
  write: WriteOpened,
): Promise<void> {
  const what = `item ${item.index}`
  const meter = new DataPacketMeter()
  const opened = new ContentMeter()
  const check = () => {
    if (!isSame(meter.digest(), item.ciphertext)) throw mismatch(what)
    if (!isSame(opened.digest(), item.plaintext)) throw mismatch(what)
    // A file that a viewer treats as DICOM must have been DICOM when it was signed for.
    if (item.kind === 'instance' && !opened.isDicom) throw mismatch(what)
  }
  try {
    const source = metered(message(), meter)
    const content = openMessage(source, [key], {
      ...{ ciphers: nodeCiphers, isTransient: true },
      ...(lastSessionKey && { lastSessionKey }),
    })
    await write(opened.watch(content), check)
  } catch (error) {
    throw await explain(error, item, message())
  }
}

const NOT_OPENED: ReadonlySet<string> = new Set(['cannot_open', 'not_sealed_to_key'])

/**
 * A changed byte makes opening fail before the digests are compared: this determines which of the
 * two it was.
 */
async function explain(
  error: unknown,
  item: ManifestItem,
  message: AsyncIterable<Uint8Array>,
): Promise<unknown> {
  const isKnown = error instanceof NocturneError || error instanceof CommandError
  if (!isKnown || !NOT_OPENED.has(error.code)) return error
  const what = `item ${item.index}`
  const meter = new DataPacketMeter()
  try {
    for await (const chunk of message) meter.update(chunk)
  } catch {
    return mismatch(what)
  }
  return isSame(meter.digest(), item.ciphertext) ? about(what, error) : mismatch(what)
}
