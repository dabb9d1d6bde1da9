/**
 * Renders a ledger entry as a DICOM audit message: XML of PS3.15 A.5.1, following the tables of
 * A.5.3.
 */
import { ID_PATTERN } from '../../lib/id-pattern.js'
import { toBase64, toUtf8 } from '../verify/encoding.js'
import type { LedgerEntry } from '../log/events.js'
import { dcmOf } from './audit-event.js'
import { ID_TYPES, meaningOf } from './codes.js'
import { objectsOf, queryOf } from './objects.js'
import type { RecordObject, RecordSource } from './objects.js'
import { addressOf, flowOf, outcomeText } from './participants.js'
import { shapeOf } from './shapes.js'
import type { Shape } from './shapes.js'
import { element, text } from './xml.js'

/** Private coding scheme designators begin with 99 (PS3.16 section 8.2). */
const OWN_SCHEME = '99NOCTURNE'
const UID = /^[0-2](\.(0|[1-9]\d*))+$/
const FINGERPRINT = /^([0-9a-f]{40}|[0-9a-f]{64})$/i
const SECURITY_ALERT = '110113'

/**
 * The audit message for one entry, without an XML declaration, as carried by syslog (ITI-20). It is
 * pseudonymous like the entry.
 */
export function toAuditMessage(entry: LedgerEntry, index: number, source: RecordSource): string {
  const shape = shapeOf(entry.type)
  return element(
    'AuditMessage',
    {},
    eventOf(entry, shape),
    ...participantsOf(entry, shape, source),
    element(
      'AuditSourceIdentification',
      { AuditSourceID: entry.gateway },
      element('AuditSourceTypeCode', { 'csd-code': '4' }),
    ),
    ...objectsOf(entry, index, shape, source).map((object) => objectOf(entry, object)),
  )
}

/**
 * The last `EventTypeCode` is our own type of event, which distinguishes what the standard's codes
 * do not.
 */
function eventOf(entry: LedgerEntry, shape: Shape): string {
  const [event = '', ...types] = dcmOf(entry.type, entry.dcm)
  const reason = outcomeText(entry)
  return element(
    'EventIdentification',
    {
      EventActionCode: shape.action,
      EventDateTime: entry.time,
      EventOutcomeIndicator: String(entry.outcome),
    },
    coded('EventID', event),
    ...types.map((code) => coded('EventTypeCode', code)),
    coded('EventTypeCode', entry.type, OWN_SCHEME, shape.title),
    ...(reason === undefined ? [] : [element('EventOutcomeDescription', {}, text(reason))]),
  )
}

const coded = (name: string, code: string, system = 'DCM', meaning = meaningOf(code)): string =>
  element(name, { 'csd-code': code, codeSystemName: system, originalText: meaning })

/**
 * When the gateway acts on its own, it is the actor. In an alert it is the reporter, and the actor
 * is never the requestor (A.5.3.11).
 */
function participantsOf(
  entry: LedgerEntry,
  shape: Shape,
  { origin }: RecordSource,
): readonly string[] {
  const { actor, dcm } = entry
  const [event] = dcmOf(entry.type, dcm)
  const isAlert = event === SECURITY_ALERT
  const isAlone = actor.role === 'system'
  const flow = flowOf(shape)
  const address = addressOf(actor)
  const gateway = element(
    'ActiveParticipant',
    {
      UserID: entry.gateway,
      UserIsRequestor: isAlone || isAlert,
      NetworkAccessPointID: origin,
      NetworkAccessPointTypeCode: '5',
    },
    coded('RoleIDCode', shape.isExport ? '110153' : (flow?.gateway ?? '110150')),
  )
  // A.5.3.4: an actor without a network address exports locally and is the source; one with an
  // address receives the export and is the destination.
  const exports = address === undefined ? '110153' : '110152'
  const role = shape.isExport ? exports : flow?.actor
  const user = element(
    'ActiveParticipant',
    {
      UserID: actor.id,
      AlternativeUserID: actor.token,
      UserIsRequestor: !isAlert,
      NetworkAccessPointID: address,
      NetworkAccessPointTypeCode: address === undefined ? undefined : '2',
    },
    ...(role === undefined ? [] : [coded('RoleIDCode', role)]),
    coded('RoleIDCode', actor.role, OWN_SCHEME, actor.role),
  )
  return [...(isAlone ? [] : [user]), gateway, ...(shape.isExport ? [mediumOf(entry)] : [])]
}

/** The medium is identified by the export's own ID, because no entry contains a folder name. */
const mediumOf = ({ id }: LedgerEntry): string =>
  element(
    'ActiveParticipant',
    { UserID: `urn:uuid:${id}`, UserIsRequestor: false },
    coded('RoleIDCode', '110154'),
    element('MediaIdentifier', {}, coded('MediaType', '110037')),
  )

function objectOf(entry: LedgerEntry, object: RecordObject): string {
  const { what, type, role, name, details } = object
  const { id, idType } = identityOf(entry, object)
  return element(
    'ParticipantObjectIdentification',
    {
      ParticipantObjectID: id,
      ParticipantObjectTypeCode: type,
      // A.5.3.10 gives a query the role of a report.
      ParticipantObjectTypeCodeRole: what === 'query' ? '3' : role,
    },
    idType,
    what === 'query'
      ? element('ParticipantObjectQuery', {}, base64(queryOf(entry)))
      : element('ParticipantObjectName', {}, text(name)),
    ...details.map(([label, value]) =>
      element('ParticipantObjectDetail', { type: label, value: base64(value) }),
    ),
    ...(what === 'transfer' ? [descriptionOf(entry)] : []),
  )
}

/**
 * Identifies an instance's study by its new UID, as the tables of A.5.3 require, and a transfer by
 * its URI, because it may contain several studies.
 */
function identityOf(
  { detail = {} }: LedgerEntry,
  { what, id }: RecordObject,
): { readonly id: string; readonly idType: string } {
  const idType = (code: keyof typeof ID_TYPES) =>
    coded('ParticipantObjectIDTypeCode', code, 'RFC-3881', ID_TYPES[code])
  const { study } = detail
  if (what === 'patient') return { id, idType: idType('2') }
  if (what === 'query') return { id, idType: idType('10') }
  if (what === 'gateway' || what === 'subject') return subjectIdentity(id, idType('12'))
  if (what === 'transfer' && typeof study === 'string' && UID.test(study)) {
    return { id: study, idType: coded('ParticipantObjectIDTypeCode', '110180') }
  }
  return { id, idType: idType('12') }
}

/** Identifies keys and tokens by URI; gateways and witnesses, which have names, as nodes. */
function subjectIdentity(
  id: string,
  uri: string,
): { readonly id: string; readonly idType: string } {
  if (FINGERPRINT.test(id)) return { id: `openpgp4fpr:${id.toUpperCase()}`, idType: uri }
  if (ID_PATTERN.test(id)) return { id: `urn:uuid:${id}`, idType: uri }
  return { id, idType: coded('ParticipantObjectIDTypeCode', '110182') }
}

/**
 * Everything in a transfer is encrypted; for an instance, the profile shows that it was
 * de-identified.
 */
const descriptionOf = ({ detail = {} }: LedgerEntry): string =>
  element(
    'ParticipantObjectDescription',
    {},
    element('Encrypted', {}, 'true'),
    element('Anonymized', {}, String(typeof detail.profile === 'string')),
  )

const base64 = (value: string): string => toBase64(toUtf8(value))
