/**
 * An entry as a syslog message (RFC 5424) in its frame (RFC 5425 section 4.3). Everything is
 * US-ASCII: RFC 5424 section 6.4 wants a byte order mark before UTF-8, ITI-20 and RFC 8259 want
 * none, and without other characters both are kept.
 */
import { canonicalJson } from '../../lib/json.js'
import type { LedgerEntry } from '../log/events.js'
import { toAuditEvent } from '../records/audit-event.js'
import { toAuditMessage } from '../records/audit-message.js'
import type { RecordSource } from '../records/objects.js'

/**
 * dicom: the audit message of PS3.15 A.5, as IHE ITI-20 carries it. fhir: AuditEvent. json: the
 * entry itself, with its index, canonical: who holds it can compare it with the ledger.
 */
export type SinkFormat = 'dicom' | 'fhir' | 'json'

/**
 * PS3.15 A.6: what every receiver takes. Beyond it a message might be cut, and an XML that was cut
 * is none.
 */
const MAX_MESSAGE_BYTES = 32_768

/** Security and authorization messages (RFC 5424 table 1), as PS3.15 A.6 says. */
const FACILITY = 10
/** Normal but significant; warning for what failed (table 2). */
const SEVERITY = { success: 5, failure: 4 } as const

/** RFC 5424 section 7.3.1: starts again at 1 when it is reached. */
const MAX_SEQUENCE_ID = 2_147_483_647

export function frameOf(
  format: SinkFormat,
  entry: LedgerEntry,
  index: number,
  source: RecordSource,
): Buffer {
  const whole = messageOf(format, entry, index, source)
  // The ledger has all of it; that something is missing here is said, and where to find it.
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
  /** MSGID. */
  readonly id: string
  /** STRUCTURED-DATA. */
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
      // ITI TF-2 3.20.4.1.2 names the MSGID, and uses no STRUCTURED-DATA.
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

/** Within JSON only strings hold such characters. */
const asciiJson = (text: string): string =>
  text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )

/** In text and attributes, the only places of ours with such characters. */
const asciiXml = (text: string): string =>
  text.replace(/[^\0-\x7f]/gu, (character) => `&#${character.codePointAt(0) ?? 0xfffd};`)
