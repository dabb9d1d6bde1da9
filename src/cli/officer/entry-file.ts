/** A CSV file (RFC 4180) whose first record names the fields. */
import { readSmallText } from '../secret-file.js'
import { usageError } from '../command-error.js'

/** @throws CommandError `file_unreadable`, `usage` when the file is not such a CSV file */
export async function readEntryFile(
  file: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const records = parseCsv(await readSmallText(file))
  const [head, ...rows] = records ?? []
  if (!head || rows.length === 0 || rows.some((row) => row.length !== head.length))
    throw usageError(
      `${file} is not a CSV file with a header line and the same number of cells in every line`,
      'write the field names in the first line; nocturne register add --help lists them',
    )
  return rows.map((row) => Object.fromEntries(head.map((name, i) => [name.trim(), row[i] ?? ''])))
}

/** Undefined for an unterminated quote. */
function parseCsv(text: string): readonly (readonly string[])[] | undefined {
  const records: string[][] = [[]]
  let cell = ''
  let isQuoted = false
  const source = text.replace(/^\ufeff/, '').replace(/(?:\r?\n)+$/, '')
  for (let i = 0; i < source.length; i++) {
    const char = source[i] ?? ''
    if (isQuoted) {
      if (char !== '"') cell += char
      else if (source[i + 1] === '"') {
        cell += '"'
        i += 1
      } else isQuoted = false
    } else if (char === '"' && cell === '') isQuoted = true
    else if (char === ',') {
      records.at(-1)?.push(cell)
      cell = ''
    } else if (char === '\n') {
      records.at(-1)?.push(cell.replace(/\r$/, ''))
      records.push([])
      cell = ''
    } else cell += char
  }
  records.at(-1)?.push(cell)
  return isQuoted ? undefined : records
}
