/** Files that a person saves from a page, made in memory. */
import { csvRecord } from '../../../lib/csv.js'

export function saveFile(name: string, content: BlobPart, type: string): void {
  saveBlob(name, new Blob([content], { type }))
}

export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The download has begun by then; the blob is not kept any longer.
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

/** Spreadsheets recognize UTF-8 by the byte order mark. */
export const saveCsv = (name: string, records: readonly (readonly string[])[]): void =>
  saveFile(name, `\ufeff${records.map(csvRecord).join('')}`, 'text/csv')

/** `nocturne-refusals-2026-11-30.csv` */
export const fileName = (what: string, extension: string, now: number): string =>
  `nocturne-${what}-${new Date(now).toISOString().slice(0, 10)}.${extension}`
