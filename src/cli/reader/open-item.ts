/** One item of a manifest, from its message to its file. */
import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { NocturneError } from '../../lib/errors.js'
import { nodeCiphers } from '../../seal/index.js'
import { openMessage } from '../../seal/open/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { about, CommandError } from '../command-error.js'
import { ContentMeter, isSame } from './content-meter.js'
import { DataPacketMeter, metered } from './data-packet.js'
import { writeError, writeWhole } from '../local-write.js'
import { mismatch } from './manifest.js'
import type { ManifestItem } from '../../protocol/manifest.js'

/**
 * Measures, opens and measures again; the file gets its name only when both digests match the
 * manifest. If opening fails, `message` is read again to find out why.
 *
 * @throws CommandError `manifest_mismatch` naming the item, `cannot_open`, and disk errors
 */
export async function openItem(
  item: ManifestItem,
  message: () => AsyncIterable<Uint8Array>,
  key: PrivateKey,
  target: string,
  options: { readonly temporaryFolder?: string; readonly mayReplace?: boolean },
): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw writeError(dirname(target), error)
  })
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
    const content = openMessage(source, [key], { ciphers: nodeCiphers, isTransient: true })
    await writeWhole(target, opened.watch(content), { ...options, check })
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
