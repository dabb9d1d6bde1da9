/** The basic actions of Table E.1-1: the replacement for a value, whatever it is. */
import { NocturneError } from '../../lib/errors.js'
import { type Kind, vrOf } from '../../dicom/dictionary/index.js'
import type { Element } from '../../dicom/elements/index.js'
import { encodeText } from '../../dicom/write/index.js'
import type { ElementReport } from '../contract.js'
import { isRegistered, isWellKnownInstance } from '../identity/keys.js'
import type { Base } from '../rules/rules.js'
import { dummyOf } from './dummy.js'
import type { Scope } from './scope.js'

export interface NewValue {
  readonly action: ElementReport['action']
  readonly bytes: Buffer
}

/** The UIDs that identify the instance: never kept, even if they look registered. */
const OWN_UIDS: ReadonlySet<number> = new Set([0x00080018, 0x0020000d, 0x0020000e])
/**
 * UIDs of classes, coding schemes and their resources: a vendor's UID here does not identify an
 * instance.
 */
const CLASS_UIDS: ReadonlySet<number> = new Set([
  0x0008001a, 0x0008001b, 0x00080062, 0x0008010c, 0x00080117, 0x00080118, 0x00081150, 0x0008115a,
])
/** Per attribute: 65,534 bytes hold about a thousand UIDs of the usual length. */
const MAX_UIDS = 4096

export function basic(
  scope: Scope,
  element: Element,
  { vr }: Kind,
  step: Base,
): NewValue | undefined {
  if (step === 'remove') return { action: 'removed', bytes: NO_BYTES }
  if (step === 'empty') return { action: 'emptied', bytes: NO_BYTES }
  if (step === 'remap' || vr === 'UI' || element.vr === 'UI') return remap(scope, element)
  const dummy = dummyOf(vr)
  const bytes = typeof dummy === 'string' ? encodeText(dummy, vr) : dummy
  return { action: 'replaced', bytes }
}

export const NO_BYTES = Buffer.alloc(0)

function remap({ subject, buffer }: Scope, { tag, valueStart, valueEnd }: Element) {
  const isListed = vrOf(tag) === 'UI' && subject.rules.isListed(tag)
  const values = buffer
    .toString('latin1', valueStart, valueEnd)
    .split('\\', MAX_UIDS + 1)
    .map((uid) => uid.replace(/[\0 ]+/g, ''))
  if (values.length > MAX_UIDS) throw new NocturneError('header_too_complex')
  const mapped = values.map((uid) => {
    if (uid === '') return uid
    if (OWN_UIDS.has(tag)) return subject.mapUid(uid)
    if (CLASS_UIDS.has(tag) && isUid(uid) && !subject.identifiers.isInText(uid)) return uid
    const isKept = isListed ? isWellKnownInstance(uid) : isRegistered(uid)
    return isKept ? uid : subject.mapUid(uid)
  })
  if (mapped.every((uid, index) => uid === values[index])) return undefined
  return { action: 'remapped' as const, bytes: encodeText(mapped.join('\\'), 'UI') }
}

/** PS3.5 section 9.1, except that leading zeros are allowed. */
export const isUid = (text: string): boolean => /^[0-9.]{1,64}$/.test(text)
