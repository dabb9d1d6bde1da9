/** A ZIP, read once from front to back by its local headers, in constant memory. */
import { NocturneError } from '../lib/errors.js'
import type { ByteSource } from './byte-source.js'
import { ZipEntry } from './zip-entry.js'
import type { InflateBudget } from './zip-entry.js'
import {
  CENTRAL_HEADER,
  CENTRAL_HEADER_SIZE,
  DIRECTORY_END,
  DIRECTORY_END_64,
  DIRECTORY_END_64_SIZE,
  DIRECTORY_END_SIZE,
  EntryBalance,
  LOCAL_HEADER,
  LOCAL_HEADER_SIZE,
  LOCATOR_64,
  LOCATOR_64_SIZE,
  centralTailSize,
  directoryPlace,
  localTailSize,
  parseLocalHeader,
} from './zip-format.js'
import type { LocalHeader } from './zip-format.js'

export interface ZipReading {
  /**
   * The archive itself is passed on: any program must find the same directory and the same names in
   * it, wherever it begins to look. Otherwise `archive_malformed`.
   */
  readonly isForOthers?: boolean
}

/**
 * The entries in the order of the bytes, one at a time. What is left of one is skipped when the
 * next is asked for. It ends normally only if the directory at the end names the same entries.
 *
 * @throws NocturneError `truncated`, `archive_malformed`, whatever `ZipEntry.finish` throws, or the
 *   error of the source
 */
export async function* zipEntries(
  source: ByteSource,
  budget: InflateBudget,
  { isForOthers = false }: ZipReading = {},
): AsyncGenerator<{ readonly header: LocalHeader; readonly entry: ZipEntry }, void> {
  const balance = new EntryBalance()
  await skipSplitMarker(source)
  while ((await signatureOf(source)) === LOCAL_HEADER) {
    const header = await readLocalHeader(source)
    const entry = new ZipEntry(header, source, budget)
    try {
      yield { header, entry }
      balance.addLocal(header, await entry.finish())
    } finally {
      await entry.close()
    }
  }
  await readDirectory(source, balance, isForOthers)
}

async function readLocalHeader(source: ByteSource): Promise<LocalHeader> {
  const { offset } = source
  const fixed = await take(source, LOCAL_HEADER_SIZE)
  const tail = await take(source, localTailSize(fixed))
  return parseLocalHeader(fixed, tail, offset)
}

/** Reads the central directory and what follows it (4.3.12 to 4.3.16), to the last byte. */
async function readDirectory(
  source: ByteSource,
  balance: EntryBalance,
  isForOthers: boolean,
): Promise<void> {
  const begin = source.offset
  while ((await signatureOf(source)) === CENTRAL_HEADER) {
    const fixed = await take(source, CENTRAL_HEADER_SIZE)
    balance.takeCentral(fixed, await take(source, centralTailSize(fixed)))
  }
  const size = source.offset - begin
  let wide: Buffer | undefined
  if ((await signatureOf(source)) === DIRECTORY_END_64) {
    wide = await take(source, DIRECTORY_END_64_SIZE)
    await skip(source, Number(wide.readBigUInt64LE(4)) + 12 - DIRECTORY_END_64_SIZE)
  }
  const isLocated = (await signatureOf(source)) === LOCATOR_64
  const locator = isLocated ? await take(source, LOCATOR_64_SIZE) : undefined
  if ((await signatureOf(source)) !== DIRECTORY_END) throw new NocturneError('archive_malformed')
  const end = await take(source, DIRECTORY_END_SIZE)
  const comment = end.readUInt16LE(20)
  await skip(source, comment)
  const isOver = (await source.chunk()) === undefined
  if (!isOver || !balance.isEven) throw new NocturneError('archive_malformed')
  if (!isForOthers) return
  const place = directoryPlace(end, wide)
  const isClear =
    comment === 0 &&
    !balance.hasOtherNames &&
    (locator ? Number(locator.readBigUInt64LE(8)) === begin + size : wide === undefined) &&
    (wide === undefined) === (locator === undefined) &&
    place?.offset === begin &&
    place.size === size &&
    place.entries === balance.entries
  if (!isClear) throw new NocturneError('archive_malformed')
}

/** Skips the marker of a split archive (APPNOTE 8.5.3 and 8.5.4). */
async function skipSplitMarker(source: ByteSource): Promise<void> {
  const signature = await signatureOf(source)
  if (signature === 0x08074b50 || signature === 0x30304b50) source.consume(4)
}

/**
 * Returns the next four bytes without consuming them.
 * @throws NocturneError `truncated`, or the error of the source
 */
async function signatureOf(source: ByteSource): Promise<number> {
  const bytes = await source.peek(4)
  if (bytes.length < 4) throw cutShort(source)
  return bytes.readUInt32LE(0)
}

async function take(source: ByteSource, count: number): Promise<Buffer> {
  const bytes = await source.read(count)
  if (bytes === undefined) throw cutShort(source)
  return bytes
}

async function skip(source: ByteSource, count: number): Promise<void> {
  if ((await source.skip(count)) < count) throw cutShort(source)
}

function cutShort(source: ByteSource): unknown {
  return source.failure === undefined ? new NocturneError('truncated') : source.failure.error
}
