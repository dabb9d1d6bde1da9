/** Files that a person saves from a page, made in memory. */
import { csvRecord } from '../../../lib/csv.js'
import { saveBlob } from '../session/save-blob.js'

/** Spreadsheets recognize UTF-8 by the byte order mark. */
export const saveCsv = (name: string, records: readonly (readonly string[])[]): void =>
  saveBlob(name, new Blob([`\ufeff${records.map(csvRecord).join('')}`], { type: 'text/csv' }))

/** `nocturne-refusals-2026-11-30.csv` */
export const fileName = (what: string, extension: string, now: number): string =>
  `nocturne-${what}-${new Date(now).toISOString().slice(0, 10)}.${extension}`
