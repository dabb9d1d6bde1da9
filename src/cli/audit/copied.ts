/**
 * Evidence as people keep it: unzipped, compressed again, or copied by a program that converts line
 * endings. What changes no event is undone before verification, and reported.
 */
import { createReadStream } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createGunzip } from 'node:zlib'
import type { NamedFiles } from '../../lib/zip.js'
import { CommandError, fileError } from '../command-error.js'

const [LF, CR] = [0x0a, 0x0d]
const GZIP_START = '\u001f\u008b'
const UTF_16_STARTS = ['\u00ff\u00fe', '\u00fe\u00ff']

export interface Changes {
  /** Files whose line endings differ from those of the export. */
  readonly lineEndings: Set<string>
}

export const noChanges = (): Changes => ({ lineEndings: new Set() })

/** The content of an export of lines, whatever its line endings, and decompressed if necessary. */
export function exportedLines(
  path: string,
  start: string,
  changes: Changes,
): AsyncIterable<Uint8Array> {
  if (UTF_16_STARTS.some((mark) => start.startsWith(mark)))
    throw new CommandError(`the file was saved as UTF-16: ${path}`, {
      code: 'file_unreadable',
      hint: 'use the original file, or convert this one to UTF-8 (`iconv -f UTF-16 -t UTF-8`)',
    })
  const file = createReadStream(path)
  const content = start.startsWith(GZIP_START) ? file.pipe(createGunzip()) : file
  return withLineEnding(content, '\n', () => changes.lineEndings.add(path))
}

/** A receipt or another signed note: its lines end with LF alone. */
export function exportedText(text: string, path: string, changes: Changes): string {
  const plain = text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
  if (plain !== text) changes.lineEndings.add(path)
  return plain
}

/** The files of an export that was unzipped, or undefined if the folder is not one. */
export async function unzippedExport(
  dir: string,
  changes: Changes,
): Promise<NamedFiles | undefined> {
  const entries = await readdir(dir, { withFileTypes: true }).catch((error: unknown) => {
    throw fileError(dir, error)
  })
  const names = entries.filter((one) => one.isFile()).map(({ name }) => name)
  if (!names.includes('query.json')) return undefined
  return {
    names,
    open: (name) =>
      names.includes(name)
        ? withLineEnding(
            createReadStream(join(dir, name)),
            name.endsWith('.csv') ? '\r\n' : '\n',
            () => changes.lineEndings.add(name),
          )
        : undefined,
  }
}

/**
 * Converts every line ending to `wanted`. No file of an export contains a carriage return
 * otherwise: JSON escapes it, and the other formats have none. `onChange` is called when any
 * differed.
 */
export async function* withLineEnding(
  chunks: AsyncIterable<Uint8Array>,
  wanted: '\n' | '\r\n',
  onChange: () => void,
): AsyncGenerator<Uint8Array> {
  const keepsReturn = wanted === '\r\n'
  let isAfterReturn = false
  for await (const chunk of chunks) {
    const out = Buffer.alloc(chunk.length * 2 + 1)
    let length = 0
    for (const byte of chunk) {
      if (isAfterReturn && byte !== LF) out[length++] = CR
      if (byte === LF) {
        if (isAfterReturn !== keepsReturn) onChange()
        if (keepsReturn) out[length++] = CR
      }
      isAfterReturn = byte === CR
      if (!isAfterReturn) out[length++] = byte
    }
    yield out.subarray(0, length)
  }
  if (isAfterReturn) yield Buffer.of(CR)
}
