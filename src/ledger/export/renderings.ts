/**
 * The forms in which an export shows its events to people and programs, beside the entries that are
 * proved. Without Node.
 */
import { csvRecord } from '../../lib/csv.js'
import type { Json } from '../../lib/json.js'
import { EVENT_COLUMNS, eventRecord } from './csv.js'
import type { LedgerEntry } from '../log/events.js'
import { toAuditEvent } from '../records/audit-event.js'
import { toAuditMessage } from '../records/audit-message.js'
import type { RecordSource } from '../records/objects.js'

/** `ndjson` shows nothing beside the entries, which are lines of JSON already. */
export const PACKAGE_FORMATS = ['csv', 'ndjson', 'fhir', 'dicom'] as const

export type PackageFormat = (typeof PACKAGE_FORMATS)[number]

export type EntryJson = Readonly<Record<string, Json>>

/**
 * A file that is made of the entries alone, so that who has verified those can make it again and
 * compare. Its events stand between `head` and `tail`, in the order of the log.
 */
export interface Rendering {
  readonly file: string
  /**
   * Goes up when the same entry is written otherwise: who knows another version does not compare.
   */
  readonly version: number
  head(count: number): string
  readonly between: string
  tail(count: number): string
  event(index: number, entry: EntryJson, source: RecordSource): string
}

export const RENDERINGS: Readonly<Record<PackageFormat, Rendering | undefined>> = {
  csv: {
    file: 'events.csv',
    version: 1,
    head: () => csvRecord(EVENT_COLUMNS),
    between: '',
    tail: () => '',
    event: eventRecord,
  },
  ndjson: undefined,
  fhir: {
    file: 'events.fhir.json',
    version: 1,
    // FHIR's arrays are never empty.
    head: (count) =>
      `{"resourceType":"Bundle","type":"collection"${count > 0 ? ',"entry":[\n' : ''}`,
    between: ',\n',
    tail: (count) => (count > 0 ? '\n]}\n' : '}\n'),
    event: (index, entry, source) => {
      const resource = toAuditEvent(asEntry(entry), index, source)
      return JSON.stringify({ fullUrl: `urn:uuid:${resource.id}`, resource })
    },
  },
  dicom: {
    file: 'events.dicom.xml',
    version: 1,
    // PS3.15 A.5 has messages and no file of them: the element around them is ours.
    head: () => '<?xml version="1.0" encoding="UTF-8"?>\n<AuditMessages>\n',
    between: '\n',
    tail: () => '\n</AuditMessages>\n',
    event: (index, entry, source) => toAuditMessage(asEntry(entry), index, source),
  },
}

/**
 * The members that every entry has were checked when it was recorded.
 * @throws what a rendering throws for one that lacks them
 */
const asEntry = (entry: EntryJson): LedgerEntry => entry as unknown as LedgerEntry

export const isPackageFormat = (name: Json | undefined): name is PackageFormat =>
  PACKAGE_FORMATS.some((format) => format === name)
