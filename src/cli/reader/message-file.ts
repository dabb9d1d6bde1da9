import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { CommandError, fileError } from '../command-error.js'

/** With smaller blocks, waiting for the disk thread takes longer than opening the data. */
const BLOCK_BYTES = 2 * 1024 * 1024
/** For memory that is not reused: the garbage collector frees much of it at a time. */
const OWN_BYTES = 256 * 1024
/** Armored messages are decoded in memory. */
const MAX_ARMORED_BYTES = 64 * 1024 * 1024

/**
 * A message on disk, binary or in ASCII armor (RFC 9580 section 6), as its binary bytes, for
 * `openMessage`: each piece is invalid once the next is requested.
 *
 * @throws CommandError `file_unreadable`
 */
export async function* readMessageFile(path: string): AsyncGenerator<Uint8Array> {
  const blocks = readBlocks(path)
  const first = await blocks.next()
  if (first.done === true) return
  // A packet begins with bit 7 set; text does not.
  if ((first.value[0] ?? 0) >= 0x80) {
    yield first.value
    yield* blocks
    return
  }
  const text = [Buffer.from(first.value)]
  let size = first.value.length
  for await (const block of blocks) {
    text.push(Buffer.from(block))
    size += block.length
    if (size > MAX_ARMORED_BYTES) throw tooLarge(path)
  }
  const armored = ARMOR.exec(Buffer.concat(text).toString('latin1').replaceAll('\r\n', '\n'))
  if (armored?.[1] === undefined) throw notAMessage(path)
  yield Buffer.from(armored[1], 'base64')
}

/**
 * Headers up to an empty line, base64, and an optional checksum, which is ignored (RFC 9580 section
 * 6.1.1): changes are detected when the message is opened.
 */
const ARMOR =
  /^-----BEGIN PGP MESSAGE-----[ \t]*\n(?:[^\n]*\S[^\n]*\n)*[ \t]*\n([A-Za-z0-9+/=\s]*?)(?:^=[A-Za-z0-9+/]{4}\s*)?^-----END PGP MESSAGE-----/m

/**
 * A file's bytes. Each block is invalid once the next is requested: one is filled while the other
 * is processed.
 *
 * @throws CommandError `file_unreadable`
 */
export async function* readBlocks(path: string | Buffer): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileError(String(path), error)
  })
  const memory = [Buffer.allocUnsafeSlow(BLOCK_BYTES), Buffer.allocUnsafeSlow(BLOCK_BYTES)] as const
  const read = (turn: 0 | 1) => {
    const reading = file.read(memory[turn], 0, BLOCK_BYTES)
    // A caller that stops here does not need to know whether the next block could be read.
    reading.catch(() => undefined)
    return reading
  }
  let next = read(0)
  let turn: 0 | 1 = 0
  try {
    for (;;) {
      const { bytesRead, buffer } = await next
      if (bytesRead === 0) return
      turn = turn === 0 ? 1 : 0
      next = read(turn)
      yield buffer.subarray(0, bytesRead)
    }
  } catch (error) {
    throw fileError(String(path), error)
  } finally {
    // A pending read still writes to its block.
    await next.catch(() => undefined)
    await file.close()
  }
}

/**
 * A file's bytes, in memory that the caller may keep.
 * @throws CommandError `file_unreadable`
 */
export async function* readFileBlocks(path: string | Buffer): AsyncGenerator<Buffer> {
  try {
    for await (const block of createReadStream(path, { highWaterMark: OWN_BYTES }))
      yield block as Buffer
  } catch (error) {
    throw fileError(String(path), error)
  }
}

const notAMessage = (path: string) =>
  new CommandError(`the file is not an OpenPGP message: ${path}`, {
    code: 'cannot_open',
    hint: 'give a file sealed with OpenPGP, binary or in ASCII armor',
  })

const tooLarge = (path: string) =>
  new CommandError(`an armored message is too large to open: ${path}`, {
    code: 'cannot_open',
    hint: 'convert it to binary first, for example with gpg --dearmor',
  })
