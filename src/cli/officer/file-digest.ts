import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { CommandError } from '../command-error.js'

/** SHA-256 of a file of any size, hexadecimal. @throws CommandError `file_unreadable` */
export async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) hash.update(chunk)
  } catch (cause) {
    throw new CommandError(`${file} cannot be read`, {
      hint: 'check that it exists and that you may read it',
      code: 'file_unreadable',
      cause,
    })
  }
  return hash.digest('hex')
}
