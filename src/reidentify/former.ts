/** The original values behind the pseudonyms of an instance. */

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
  /** `YYYYMMDD` of the day of sending: later dates cannot have been shifted. */
  readonly sentOn: string
  /** Maps new UIDs to original ones. */
  readonly uids: ReadonlyMap<string, string>
  readonly elements: readonly FormerElement[]
}
