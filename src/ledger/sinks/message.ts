/**
 * An entry as a syslog message (RFC 5424) in its frame (RFC 5425 section 4.3). Everything is
 * US-ASCII: RFC 5424 section 6.4 requires a byte order mark before UTF-8, but ITI-20 and RFC 8259
 * forbid it; ASCII satisfies both.
 */
import { canonicalJson } from '../../lib/json.js'
import type { LedgerEntry } from '../log/events.js'
import { toAuditEvent } from '../records/audit-event.js'
import { toAuditMessage } from '../records/audit-message.js'
import type { RecordSource } from '../records/objects.js'

/**
 * `dicom`: the audit message of PS3.15 A.5, as carried by IHE ITI-20. `fhir`: an AuditEvent.
 * `json`: the canonical entry with its index, which can be compared with the ledger.
 */
export type SinkFormat = 'dicom' | 'fhir' | 'json'

/**
 * PS3.15 A.6: the size that every receiver must accept. A longer message might be truncated, and
 * truncated XML is useless.
 */
const MAX_MESSAGE_BYTES = 32_768

/** Security and authorization messages (RFC 5424 table 1), as PS3.15 A.6 specifies. */
const FACILITY = 10
/** 5 is notice (normal but significant), 4 is warning, used for failures (RFC 5424 table 2). */
const SEVERITY = { success: 5, failure: 4 } as const

/** RFC 5424 section 7.3.1: the sequence continues with 1 after this value. */
const MAX_SEQUENCE_ID = 2_147_483_647

export function frameOf(
  format: SinkFormat,
  entry: LedgerEntry,
  index: number,
  source: RecordSource,
): Buffer {
  const whole = messageOf(format, entry, index, source)
  // The ledger holds the complete event; this message states that it is shortened, and where to
  // find the rest.
  const message =
    whole.length <= MAX_MESSAGE_BYTES
      ? whole
      : messageOf(format, { ...entry, detail: { omitted: true } }, index, source)
  return Buffer.from(`${message.length} ${message}`, 'latin1')
}

function messageOf(
  format: SinkFormat,
  entry: LedgerEntry,
  index: number,
  source: RecordSource,
): string {
  const severity = entry.outcome === 0 ? SEVERITY.success : SEVERITY.failure
  const { id, data, body } = contentOf(format, entry, index, source)
  return `<${FACILITY * 8 + severity}>1 ${entry.time} ${entry.gateway} nocturne - ${id} ${data} ${body}`
}

interface Content {
  /** The MSGID field (RFC 5424). */
  readonly id: string
  /** The STRUCTURED-DATA field (RFC 5424). */
  readonly data: string
  readonly body: string
}

function contentOf(
  format: SinkFormat,
  entry: LedgerEntry,
  index: number,
  source: RecordSource,
): Content {
  const data = `[meta sequenceId="${(index % MAX_SEQUENCE_ID) + 1}"]`
  switch (format) {
    case 'dicom':
      // ITI TF-2 3.20.4.1.2 prescribes the MSGID and uses no STRUCTURED-DATA.
      return { id: 'IHE+RFC-3881', data: '-', body: asciiXml(toAuditMessage(entry, index, source)) }
    case 'fhir':
      return {
        id: 'FHIR+AuditEvent',
        data,
        body: asciiJson(JSON.stringify(toAuditEvent(entry, index, source))),
      }
    case 'json':
      return {
        id: entry.type.slice(0, 32),
        data,
        body: asciiJson(canonicalJson({ entry: { ...entry, actor: { ...entry.actor } }, index })),
      }
  }
}

/** In JSON, non-ASCII characters can occur only inside strings. */
const asciiJson = (text: string): string =>
  text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** In our XML, non-ASCII characters occur only in text and attribute values. */
const asciiXml = (text: string): string =>
  text.replace(/[^\0-\x7f]/gu, (character) => `&#${character.codePointAt(0) ?? 0xfffd};`)
