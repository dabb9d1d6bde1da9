/**
 * The forms in which an export presents its events to people and programs, in addition to the
 * proved entries. Uses no Node modules.
 */
import { csvRecord } from '../../lib/csv.js'
import type { Json } from '../../lib/json.js'
import { EVENT_COLUMNS, eventRecord } from './csv.js'
import type { LedgerEntry } from '../log/events.js'
import { toAuditEvent } from '../records/audit-event.js'
import { toAuditMessage } from '../records/audit-message.js'
import type { RecordSource } from '../records/objects.js'

/** `ndjson` adds no rendering, because the entries are lines of JSON already. */
export const PACKAGE_FORMATS = ['csv', 'ndjson', 'fhir', 'dicom'] as const

export type PackageFormat = (typeof PACKAGE_FORMATS)[number]

export type EntryJson = Readonly<Record<string, Json>>

/**
 * A file made from the entries alone, so that anyone who has verified them can generate it again
 * and compare. Its events are between `head` and `tail`, in log order.
 */
export interface Rendering {
  readonly file: string
  /**
   * Incremented when the same entry is rendered differently; a verifier that knows another version
   * skips the comparison.
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
    // Arrays in FHIR must not be empty.
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
    // PS3.15 A.5 defines messages but no file of them, so the enclosing element is our own.
    head: () => '<?xml version="1.0" encoding="UTF-8"?>\n<AuditMessages>\n',
    between: '\n',
    tail: () => '\n</AuditMessages>\n',
    event: (index, entry, source) => toAuditMessage(asEntry(entry), index, source),
  },
}

/**
 * All required members were checked when the entry was recorded.
 * @throws the rendering's own error for an entry without them
 */
const asEntry = (entry: EntryJson): LedgerEntry => entry as unknown as LedgerEntry

export const isPackageFormat = (name: Json | undefined): name is PackageFormat =>
  PACKAGE_FORMATS.some((format) => format === name)
