/**
 * Messages between a page and the worker that has the private key. The worker signs only what it
 * composes or has read itself: a page cannot have it sign any other text.
 */
import type { ContactRole, CriticalLevel } from '../../../protocol/critical.js'
import type { CriticalWhole } from '../../../protocol/http/critical.js'
import type { ReportAnswer, ReportRecipientsAnswer } from '../../../protocol/http/reports.js'
import type { Manifest, ManifestItem } from '../../../protocol/manifest.js'
import type { Agreement, ReportDocument, ReportStatus } from '../../../protocol/report.js'
import type { HeldRequest, HeldResults } from './held-desk.js'
import type { Signed } from './signed.js'
import type { SharingRequest, SharingResults } from './sharing/messages.js'
import type { KeptRequest, KeptResults } from './kept/messages.js'

/** A certificate with which the gateway signs, or signed until a moment (RFC 3339). */
export interface Signer {
  readonly certificate: string
  readonly until?: string
}

export interface Unlock {
  readonly do: 'unlock'
  readonly key: Uint8Array
  readonly passphrase: string | undefined
}

/** A new key, which is held from then on. It leaves the worker only under its passphrase. */
export interface MakeKey {
  readonly do: 'make key'
  /** In the user ID. */
  readonly name: string
  readonly passphrase: string
}

/** Signs that the bearer of an invitation has the key that is held. */
export interface Join {
  readonly do: 'join'
  readonly gateway: string
  readonly invitation: string
  readonly principal: string
}

/** The challenge is signed only if it names this origin and this principal. */
export interface SignIn {
  readonly do: 'sign in'
  readonly challenge: string
  readonly origin: string
  readonly principal: string
}

/** The proof that the key opens the case. */
export interface Prove {
  readonly do: 'prove'
  readonly gateway: string
  readonly reader: string
  readonly challenge: {
    readonly case: string
    readonly transfer: string
    readonly nonce: string
    /** Base64. */
    readonly sealed?: string | undefined
  }
  readonly manifest: Uint8Array
}

/** Opens the manifest of a transfer, and remembers it for `open` and `acknowledge`. */
export interface ReadManifest {
  readonly do: 'manifest'
  readonly sealed: Uint8Array
  readonly transfer: string
  readonly gateway: string
  readonly signers: readonly Signer[]
}

/** Opens an item of a manifest that was read; content and data packet must match it. */
export interface OpenItem {
  readonly do: 'open'
  readonly transfer: string
  readonly index: number
  readonly message: Uint8Array
}

/** Signs that every item of the transfer was opened; refused otherwise. */
export interface Acknowledge {
  readonly do: 'acknowledge'
  readonly transfer: string
  readonly reader: string
}

/** A case on which a reader writes: the worker has opened the manifests of these transfers. */
interface Writing {
  readonly found: ReportRecipientsAnswer
  readonly reader: string
  readonly transfers: readonly string[]
  readonly authorName: string | undefined
}

export interface WriteReport extends Writing {
  readonly do: 'report'
  readonly status: ReportStatus
  readonly agreement: Agreement | undefined
  readonly sections: ReportDocument['sections']
}

export interface WriteFinding extends Writing {
  readonly do: 'finding'
  readonly level: CriticalLevel
  readonly text: string
}

export interface ReadReport {
  readonly do: 'read report'
  readonly view: ReportAnswer
  readonly sealed: Uint8Array
  readonly gateway: string
}

/** Opens a finding, and its newest read-back when there is one. */
export interface ReadFinding {
  readonly do: 'read finding'
  readonly view: CriticalWhole
  readonly sealed: Uint8Array
  readonly readBack: Uint8Array | undefined
  readonly gateway: string
}

/** Signs whether the read-back that `read finding` opened last has the meaning of the finding. */
export interface Compare {
  readonly do: 'compare'
  readonly critical: string
  readonly gateway: string
  readonly reader: string
  readonly matches: boolean
}

export interface LogCall {
  readonly do: 'call'
  readonly critical: string
  readonly gateway: string
  readonly reader: string
  readonly role: ContactRole
  readonly calledAt: string
  readonly readBack: boolean
}

/** A text sealed to the key's own certificate alone. */
export interface SealDraft {
  readonly do: 'seal draft'
  readonly text: string
}

export interface OpenDraft {
  readonly do: 'open draft'
  readonly sealed: Uint8Array
}

/** The note of a hand-over, sealed to the readers of the group. */
export interface SealNote {
  readonly do: 'seal note'
  readonly text: string
  readonly recipients: ReportRecipientsAnswer['recipients']
}

export interface OpenNote {
  readonly do: 'open note'
  readonly sealed: Uint8Array
  readonly certificate: string
}

export type KeyRequest =
  | Unlock
  | MakeKey
  | Join
  | SignIn
  | Prove
  | ReadManifest
  | OpenItem
  | Acknowledge
  | HeldRequest
  | KeptRequest
  | SharingRequest
  | WritingRequest

/** Signs that the facility has a report that `read report` opened here. */
export interface ConfirmReport {
  readonly do: 'confirm report'
  readonly report: string
  readonly gateway: string
  readonly facility: string
}

/** Types back the finding that `read finding` opened last. */
export interface TypeBack {
  readonly do: 'type back'
  readonly view: CriticalWhole
  readonly found: ReportRecipientsAnswer
  readonly role: ContactRole
  readonly text: string
}

/** Whose studies these are, from crosswalks that the gateway signed. */
export interface Identify {
  readonly do: 'identify'
  readonly crosswalks: readonly Uint8Array[]
  readonly signers: readonly Signer[]
  readonly gateway: string
  readonly facility: string
  /** Pseudonymous UIDs. */
  readonly studies: readonly string[]
}

export type WritingRequest =
  | WriteReport
  | WriteFinding
  | ReadReport
  | ReadFinding
  | Compare
  | LogCall
  | SealDraft
  | OpenDraft
  | SealNote
  | OpenNote
  | ConfirmReport
  | TypeBack
  | Identify

export interface Identity {
  readonly patientName: string
  readonly patientId: string
  /** As DICOM has it: `YYYYMMDD`, or empty. */
  readonly birthDate: string
}

/** The message is base64. */
export interface SealedStatement extends Signed {
  readonly message: string
}

export interface WritingResults {
  report: SealedStatement
  finding: SealedStatement
  'read report': { readonly document: ReportDocument }
  'read finding': { readonly text: string; readonly readBack: string | undefined }
  compare: Signed
  call: Signed
  'seal draft': { readonly message: string }
  'open draft': { readonly text: string }
  'seal note': { readonly message: string }
  'open note': { readonly text: string }
  'confirm report': Signed
  'type back': SealedStatement & { readonly proof?: string }
  identify: { readonly identity: Identity | undefined }
}

export interface KeyResults extends WritingResults, HeldResults, KeptResults, SharingResults {
  unlock: { readonly fingerprint: string }
  /** Armored, and encrypted with the passphrase. */
  'make key': { readonly lockedKey: string; readonly fingerprint: string }
  join: {
    readonly certificate: string
    readonly signature: string
    readonly fingerprint: string
  }
  'sign in': { readonly signature: string }
  prove:
    | { readonly nonce: string; readonly signature: string }
    | { readonly nonce: string; readonly answer: string }
  manifest: {
    readonly manifest: Manifest
    readonly signedAt: string
    readonly hasKeyEnded: boolean
  }
  open: { readonly item: ManifestItem; readonly content: Uint8Array }
  acknowledge: { readonly statement: string; readonly signature: string }
}

/** What failed, by the codes of the catalogue. */
export type KeyAnswer =
  | { readonly id: number; readonly result: KeyResults[keyof KeyResults] }
  | { readonly id: number; readonly failed: string }

export interface KeyCall {
  readonly id: number
  readonly request: KeyRequest
}
