/** What goes in and what comes out, and what the room asks of others. */
import type { RawDeflate } from '../dicom/index.js'
import type { Code } from '../lib/errors.js'
import type { Station } from '../lib/station.js'
import type { GreyPicture } from '../pixels/index.js'
import type { Profile } from './rules/profile.js'
import type { WayBack } from './identity/way-back.js'

export interface InstanceFacts {
  /** All UIDs are the new ones. */
  readonly studyInstanceUID: string
  readonly seriesInstanceUID: string
  readonly sopInstanceUID: string
  readonly sopClassUID: string
  readonly transferSyntaxUID: string
  /** Modality (0008,0060) when it is a defined term, else `OT`. */
  readonly modality: string
  /**
   * Keyed handle of the patient, hexadecimal: for the ledger. Undefined when the instance names no
   * patient.
   */
  readonly patient: string | undefined
  /**
   * Names may be burned into the pixels, and the profile lets them pass. For manifest and event.
   */
  readonly pixelsAtRisk: boolean
  /**
   * Text was blanked as config/blanking-rules.yaml says: the Clean Pixel Data Option was carried
   * out.
   */
  readonly pixelsBlanked: boolean
}

/** What was done to one element. Never a value. */
export interface ElementReport {
  /** `00100010`, or with nesting `00081140[0].00081155`. */
  readonly path: string
  readonly action: 'removed' | 'emptied' | 'replaced' | 'remapped' | 'shifted' | 'cleaned' | 'added'
  /** Row or rule: `E.1-1`, `private`, `group length`, `backstop PN`, ... */
  readonly reason: string
  /** The option of the profile that decided, by its CID 7050 code, when one did. */
  readonly option?: string
  /**
   * Keyed digest of what stood there, 8 characters; absent for what was added, and behind Pixel
   * Data.
   */
  readonly digest?: string
}

export type DeidentifiedInstance = Station<
  'deidentified',
  {
    readonly kind: 'instance'
    readonly facts: InstanceFacts
    /** Complete once `bytes` was read to the end: what lay behind Pixel Data comes last. */
    readonly report: readonly ElementReport[]
    /**
     * For the crosswalk, which the facility alone can open. Undefined where the profile links no
     * further than a transfer.
     */
    readonly wayBack: WayBack | undefined
    /**
     * Iterate once. Throws NocturneError when what follows cannot be shown to be safe: discard what
     * was read.
     */
    readonly bytes: AsyncIterable<Buffer>
  }
>

export interface Pseudonym {
  /**
   * Random; stands for the Patient ID and the Patient's Name. At most 16 characters of [A-Z0-9].
   */
  readonly code: string
  /**
   * Added to every date and time of this patient, as one instant. Whole days under the shipped
   * profiles.
   */
  readonly shiftSeconds: number
}

/** Looks for writing in images at risk. */
export interface TextDetector {
  /**
   * The words that seem to stand in the picture, for this room alone to judge; undefined when that
   * cannot be told in time.
   */
  readWords(picture: GreyPicture): Promise<readonly string[] | undefined>
  /**
   * An image at risk that no blanking rule covers may pass, marked as such, when nothing in it may
   * say who the patient is.
   */
  readonly clears: boolean
  /** Pictures that it reads at a time. */
  readonly threads: number
}

/**
 * Who can read the original values that travel encrypted in an instance: an RSA key of an X.509
 * certificate.
 */
export interface AttributeRecipient {
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicKey: string
  /** Subject Key Identifier of the certificate, hexadecimal (RFC 5280 section 4.2.1.2). */
  readonly keyId: string
}

export interface DeidentifyContext {
  readonly profile: Profile
  /** 32 bytes, of the facility alone; every keyed digest comes from it with a domain of its own. */
  readonly secret: Buffer
  /** Under `strip` the new UIDs are linked to nothing beyond this transfer. */
  readonly transfer: string
  /**
   * Finds or makes the pseudonym of a patient (see `handle` in InstanceFacts). Called once an
   * instance, before any byte leaves.
   */
  readonly pseudonymOf: (handle: string) => Promise<Pseudonym>
  readonly headerBytes: number
  /** For data sets in Deflated Explicit VR Little Endian. */
  readonly rawDeflate: RawDeflate
  /**
   * Puts original values into every instance, encrypted to each of these keys (0400,0500). Never
   * under `links: transfer`.
   */
  readonly encryptedAttributes?: readonly AttributeRecipient[] | undefined
  /** Findings that the facility has looked at and answers for: they do not stop this instance. */
  readonly waived?: readonly Code[]
  /** Under `pixels: blank`: looks at images that were blanked, and at those that no rule covers. */
  readonly textDetector?: TextDetector | undefined
}

export type DeidentifyFailure = Code
