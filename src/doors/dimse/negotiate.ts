/**
 * Decides an association request: a pure function of the request and a policy, independent of
 * sockets. Every rejection is one of PS3.8 Table 9-21, and every context result one of Table 9-18.
 */
import { IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME } from '../../dicom/write/index.js'
import { MAX_PDU } from './pdu-exchange.js'
import { ContextResult } from './items.js'
import type { ProposedContext, RoleSelection } from './items.js'
import type { AssociateAc, AssociateRj, AssociateRq } from './pdu.js'

export const APPLICATION_CONTEXT = '1.2.840.10008.3.1.1.1'
export const VERIFICATION = '1.2.840.10008.1.1'
export const COMMITMENT = '1.2.840.10008.1.20.1'
/** Modality Performed Procedure Step. */
export const STEP = '1.2.840.10008.3.1.2.3.3'
/** The well-known SOP instance to which commitment requests are addressed (PS3.4 J.3.5). */
export const COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'
export const IMPLICIT_LITTLE = '1.2.840.10008.1.2'

export interface AcceptedContext {
  readonly id: number
  readonly abstractSyntax: string
  readonly transferSyntax: string
}

export interface Negotiated {
  readonly answer: AssociateAc | AssociateRj
  /** By presentation context ID; empty when rejected. */
  readonly contexts: ReadonlyMap<number, AcceptedContext>
}

export interface Policy {
  /** Our own AE title. */
  readonly aeTitle: string
  /** Whether this caller is configured, with this address and certificate. */
  readonly isKnown: (callingAeTitle: string) => boolean
  /** Whether too many associations are open, in total or from this caller. */
  readonly isCrowded: (callingAeTitle: string) => boolean
}

const rejection = (result: number, source: number, reason: number): Negotiated => ({
  answer: { kind: 'associate-rj', result, source, reason },
  contexts: new Map(),
})

export function negotiate(request: AssociateRq, policy: Policy): Negotiated {
  // The service provider's checks come first (Table 9-21, source 2), then the service user's.
  if ((request.protocolVersion & 1) === 0) return rejection(1, 2, 2)
  if (request.applicationContext !== APPLICATION_CONTEXT) return rejection(1, 1, 2)
  if (request.called !== policy.aeTitle) return rejection(1, 1, 7)
  if (!policy.isKnown(request.calling)) return rejection(1, 1, 3)
  if (policy.isCrowded(request.calling)) return rejection(2, 3, 2)

  const answered = request.contexts.map((context) => ({ context, choice: choose(context) }))
  const contexts = new Map(
    answered.flatMap(({ context: { id, abstractSyntax }, choice }) =>
      choice.result === ContextResult.acceptance
        ? [[id, { id, abstractSyntax, transferSyntax: choice.transferSyntax }] as const]
        : [],
    ),
  )
  return {
    answer: {
      kind: 'associate-ac',
      protocolVersion: 1,
      called: request.called,
      calling: request.calling,
      applicationContext: APPLICATION_CONTEXT,
      contexts: answered.map(({ context: { id }, choice }) => ({ id, ...choice })),
      user: {
        maxLength: MAX_PDU,
        implementationClass: IMPLEMENTATION_CLASS_UID,
        implementationVersion: IMPLEMENTATION_VERSION_NAME,
        // Omitted, which means one operation at a time (PS3.7 D.3.3.3).
        asyncOperations: undefined,
        roles: request.user.roles.filter(({ sopClass }) => isOffered(sopClass)).map(roleOf),
      },
    },
    contexts,
  }
}

function choose(context: ProposedContext): {
  readonly result: number
  readonly transferSyntax: string
} {
  const { abstractSyntax, transferSyntaxes } = context
  if (!isOffered(abstractSyntax)) {
    return { result: ContextResult.abstractSyntaxNotSupported, transferSyntax: IMPLICIT_LITTLE }
  }
  // In the caller's order: it lists first the syntax it already has, and nothing is transcoded
  // here.
  const transferSyntax = isStorage(abstractSyntax)
    ? transferSyntaxes.find(isTransferSyntax)
    : (transferSyntaxes.find((uid) => uid === EXPLICIT_LITTLE) ??
      transferSyntaxes.find((uid) => uid === IMPLICIT_LITTLE))
  return transferSyntax === undefined
    ? { result: ContextResult.transferSyntaxesNotSupported, transferSyntax: IMPLICIT_LITTLE }
    : { result: ContextResult.acceptance, transferSyntax }
}

export const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'

/**
 * The gateway is SCP of everything it accepts, and never SCU on an association opened by a peer.
 */
const roleOf = ({ sopClass, scu }: RoleSelection): RoleSelection => ({ sopClass, scu, scp: false })

const isOffered = (sopClass: string): boolean =>
  [VERIFICATION, COMMITMENT, STEP].includes(sopClass) || isStorage(sopClass)

/** SOP classes under the storage root that are not storage services (PS3.4 Annexes KK and GGG). */
const NOT_STORAGE = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(200\.[4-6]|201\.[2-5])$/

/**
 * Storage SOP classes outside that root: RT, hanging protocols, colour palettes, implants, stored
 * print (PS3.4 B.5).
 */
const MORE_STORAGE =
  /^1\.2\.840\.10008\.5\.1\.(4\.34\.(7|10)|4\.(38|39|43|44|45)\.1|1\.(27|29|30))$/

/**
 * Whether this is a storage SOP class: every one in the standard, future ones under its root, and
 * private ones. Unfamiliar classes are accepted and held for the facility, because a caller that
 * receives "not supported" would silently drop them.
 */
export function isStorage(sopClass: string): boolean {
  if (!sopClass.startsWith('1.2.840.10008.')) return true
  if (MORE_STORAGE.test(sopClass)) return true
  return sopClass.startsWith('1.2.840.10008.5.1.4.1.1.') && !NOT_STORAGE.test(sopClass)
}

/**
 * The syntaxes of PS3.5 Annex A that the walker reads. JPIP (94, 95, 204, 205) refers to pixels
 * that would have to be fetched, and SMPTE ST 2110 (7.x) is a live signal.
 */
const isTransferSyntax = (uid: string): boolean =>
  /^1\.2\.840\.10008\.1\.2(\.1(\.9[89])?|\.2|\.5|\.8\.1|\.4\.(?!(94|95|204|205)$)\d{1,3}(\.1)?)?$/.test(
    uid,
  )
