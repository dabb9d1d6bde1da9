/** The forms in which an export shows its events to people and programs, beside the entries that are proved. */
import type { Json } from '../lib/json.js'
import { csvRecord, EVENT_COLUMNS, eventRecord } from './csv.js'

/** `ndjson` shows nothing beside the entries, which are lines of JSON already. */
export const PACKAGE_FORMATS = ['csv', 'ndjson'] as const

export type PackageFormat = (typeof PACKAGE_FORMATS)[number]

/**
 * A file that is made of the entries alone, so that who has verified those can make it again and compare. Its events stand
 * between `head` and `tail`, in the order of the log.
 */
export interface Rendering {
  readonly file: string
  readonly head: string
  readonly between: string
  readonly tail: string
  event(index: number, entry: Readonly<Record<string, Json>>, origin: string): string
}

export const RENDERINGS: Readonly<Record<PackageFormat, Rendering | undefined>> = {
  csv: {
    file: 'events.csv',
    head: csvRecord(EVENT_COLUMNS),
    between: '',
    tail: '',
    event: eventRecord,
  },
  ndjson: undefined,
}

export const isPackageFormat = (name: Json | undefined): name is PackageFormat =>
  PACKAGE_FORMATS.some((format) => format === name)
