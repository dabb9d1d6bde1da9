/** Who and what an instance was about. */

export interface FormerElement {
  readonly characterSet: string
  /** Explicit VR little endian. */
  readonly bytes: Buffer
}

export interface FormerIdentity {
  readonly code: string
  readonly patientId: string
  readonly patientName: string
  readonly shiftSeconds: number
  /** `YYYYMMDD` of the day it was sent: later dates were never shifted. */
  readonly sentOn: string
  /** New UID to original. */
  readonly uids: ReadonlyMap<string, string>
  readonly elements: readonly FormerElement[]
}
