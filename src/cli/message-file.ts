import { open } from 'node:fs/promises'
import { freeMemory } from '../lib/free-memory.js'
import { CommandError, fileError } from './command-error.js'

const BLOCK_BYTES = 256 * 1024
/** An armored message is taken apart in memory. */
const MAX_ARMORED_BYTES = 64 * 1024 * 1024

/**
 * A message on disk, binary or in ASCII armor (RFC 9580 section 6), as its binary bytes, for `openMessage`: each piece is
 * gone when the next is asked for.
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
    for await (const block of blocks) {
      yield block
      freeMemory(block)
    }
    return
  }
  const text = [first.value]
  let size = first.value.length
  for await (const block of blocks) {
    text.push(block)
    size += block.length
    if (size > MAX_ARMORED_BYTES) throw tooLarge(path)
  }
  const armored = ARMOR.exec(Buffer.concat(text).toString('latin1').replaceAll('\r\n', '\n'))
  if (armored?.[1] === undefined) throw notAMessage(path)
  yield Buffer.from(armored[1], 'base64')
}

/**
 * Headers up to an empty line, base64, and a checksum that is there or not and says nothing (RFC 9580 section
 * 6.1.1): a change is found when the message is opened.
 */
const ARMOR =
  /^-----BEGIN PGP MESSAGE-----[ \t]*\n(?:[^\n]*\S[^\n]*\n)*[ \t]*\n([A-Za-z0-9+/=\s]*?)(?:^=[A-Za-z0-9+/]{4}\s*)?^-----END PGP MESSAGE-----/m

async function* readBlocks(path: string): AsyncGenerator<Buffer> {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fileError(path, error)
  })
  try {
    for (;;) {
      const { bytesRead, buffer } = await file
        .read(Buffer.allocUnsafe(BLOCK_BYTES), 0, BLOCK_BYTES)
        .catch((error: unknown) => {
          throw fileError(path, error)
        })
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** A file's bytes. @throws CommandError `file_unreadable` */
export const readFileBlocks = (path: string): AsyncGenerator<Buffer> => readBlocks(path)

const notAMessage = (path: string) =>
  new CommandError(`this is not an OpenPGP message: ${path}`, {
    code: 'cannot_open',
    hint: 'give a file that was sealed with OpenPGP, binary or in ASCII armor',
  })

const tooLarge = (path: string) =>
  new CommandError(`an armored message is too large to open: ${path}`, {
    code: 'cannot_open',
    hint: 'turn it into a binary one first, for example with gpg --dearmor',
  })
