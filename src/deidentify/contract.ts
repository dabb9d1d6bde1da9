/** The input and output of this room, and the functions it needs from others. */
import type { RawDeflate } from '../dicom/index.js'
import type { Code } from '../lib/errors.js'
import type { Station } from '../lib/station.js'
import type { GreyPicture, Rectangle } from '../pixels/index.js'
import type { Profile } from './rules/profile.js'
import type { WayBack } from './identity/way-back.js'

export interface InstanceFacts {
  /** All UIDs are the new ones. */
  readonly studyInstanceUID: string
  readonly seriesInstanceUID: string
  readonly sopInstanceUID: string
  readonly sopClassUID: string
  readonly transferSyntaxUID: string
  /** Modality (0008,0060) if it is a defined term, otherwise `OT`. */
  readonly modality: string
  /**
   * Keyed handle of the patient in hexadecimal, for the ledger. Undefined when the instance names
   * no patient.
   */
  readonly patient: string | undefined
  /**
   * Keyed handle of the Patient ID alone, so that an officer finds it whatever its issuer.
   * Undefined when the instance names no issuer, since `patient` then serves.
   */
  readonly idHandle: string | undefined
  /** Keyed handle of Accession Number and Patient ID together; absent without either. */
  readonly order?: string
  /**
   * Names may be burned into the pixels, and the profile lets the image pass. For the manifest and
   * the event.
   */
  readonly pixelsAtRisk: boolean
  /**
   * Text was blanked according to config/blanking-rules.yaml: the Clean Pixel Data Option was
   * applied.
   */
  readonly pixelsBlanked: boolean
}

/** What was done to one element. Never contains a value. */
export interface ElementReport {
  /** `00100010`, or for nested elements `00081140[0].00081155`. */
  readonly path: string
  readonly action: 'removed' | 'emptied' | 'replaced' | 'remapped' | 'shifted' | 'cleaned' | 'added'
  /** The row or rule: `E.1-1`, `private`, `group length`, `backstop PN`, ... */
  readonly reason: string
  /** The option of the profile that decided, if one did, by its CID 7050 code. */
  readonly option?: string
  /**
   * Keyed digest of the original value, 8 characters; absent for elements that were added, or that
   * follow Pixel Data.
   */
  readonly digest?: string
}

export type DeidentifiedInstance = Station<
  'deidentified',
  {
    readonly kind: 'instance'
    readonly facts: InstanceFacts
    /**
     * Complete once `bytes` has been read to the end, because elements after Pixel Data come last.
     */
    readonly report: readonly ElementReport[]
    /**
     * For the crosswalk, which only the facility can open. Undefined if the profile links studies
     * only within a transfer.
     */
    readonly wayBack: WayBack | undefined
    /**
     * Can be iterated once. Throws NocturneError if the rest cannot be shown to be safe: then
     * discard everything read so far.
     */
    readonly bytes: AsyncIterable<Buffer>
  }
>

export interface Pseudonym {
  /** Random; replaces the Patient ID and the Patient's Name. At most 16 characters of [A-Z0-9]. */
  readonly code: string
  /**
   * Added to every date and time of this patient, as one instant. A whole number of days under the
   * profiles that are shipped.
   */
  readonly shiftSeconds: number
}

/** A word that seems to be in a picture. */
export interface FoundWord {
  readonly text: string
  /** Around what was read, in pixels. */
  readonly box: Rectangle
  /**
   * The whole line that it belongs to, with a margin; absent if that cannot be told with certainty.
   * Blanking it leaves no part of the line and hides nothing else.
   */
  readonly place?: Rectangle | undefined
}

/** Looks for text in images at risk. */
export interface TextDetector {
  /**
   * The words that seem to be in the picture; only this room may see them. Undefined when the
   * detector cannot tell in time.
   */
  readWords(picture: GreyPicture): Promise<readonly FoundWord[] | undefined>
  /**
   * Whether an image at risk that no blanking rule covers may pass, marked as such, if the detector
   * finds nothing in it that could identify the patient.
   */
  readonly clears: boolean
  /** Number of pictures it reads at a time. */
  readonly threads: number
}

/**
 * A recipient of the original values that are included encrypted in an instance: the RSA key of an
 * X.509 certificate.
 */
export interface AttributeRecipient {
  /** SubjectPublicKeyInfo in PEM. */
  readonly publicKey: string
  /** Subject Key Identifier of the certificate, in hexadecimal (RFC 5280 section 4.2.1.2). */
  readonly keyId: string
}

export interface DeidentifyContext {
  readonly profile: Profile
  /** Whose large headers are processed one at a time. */
  readonly facility?: string
  /**
   * 32 bytes, specific to the facility; every keyed digest is derived from it under a separate
   * domain.
   */
  readonly secret: Buffer
  /** Under `strip`, new UIDs cannot be linked to anything outside this transfer. */
  readonly transfer: string
  /**
   * Finds or creates the pseudonym of a patient (see `handle` in InstanceFacts). Called once per
   * instance, before any byte is output.
   */
  readonly pseudonymOf: (handle: string) => Promise<Pseudonym>
  readonly headerBytes: number
  /** For data sets in Deflated Explicit VR Little Endian. */
  readonly rawDeflate: RawDeflate
  /**
   * Includes the original values in every instance, encrypted to each of these keys (0400,0500).
   * Never set under `links: transfer`.
   */
  readonly encryptedAttributes?: readonly AttributeRecipient[] | undefined
  /**
   * Findings that the facility has reviewed and takes responsibility for: they do not stop this
   * instance.
   */
  readonly waived?: readonly Code[]
  /** Under `pixels: blank`: inspects images that were blanked, and those that no rule covers. */
  readonly textDetector?: TextDetector | undefined
}

export type DeidentifyFailure = Code
