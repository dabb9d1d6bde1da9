/** A site as it was read and checked. */
import type { AttributeRecipient } from '../deidentify/index.js'
import type { Profile } from '../deidentify/rules/index.js'
import type { LogLevel } from '../lib/logger.js'
import type { ReceiveLimits } from '../receive/index.js'
import type { StoreConfig } from '../store/index.js'
import type { DoorsConfig } from './doors-config.js'
import type { IntakeFile } from './yaml/doors-schema.js'
import type { SinkConfig } from '../ledger/sinks/index.js'
import type { WitnessConfig } from '../ledger/witness/index.js'
import type { ClockTarget, EscalationStep } from '../cases/index.js'
import type { DutyDate, WeeklyDuty } from './duty.js'

export interface SiteConfig {
  /**
   * Absolute path of the site's folder; paths in the YAML are relative to it, and absolute here.
   */
  readonly dir: string
  readonly gateway: {
    readonly name: string
    readonly host: string
    /** 0 asks the system for a free one. */
    readonly port: number
    /** Absolute paths of PEM files: the server reads them, and again when they are renewed. */
    readonly tls?: { readonly cert: string; readonly key: string }
    /** What clients see, when a proxy stands in front: the origin that sign-in challenges name. */
    readonly origin?: string
  }
  /** `sqlite:/absolute/path` or `postgres://...`; the password is in Secrets, never here. */
  readonly database: string
  readonly store: StoreConfig
  readonly facilities: readonly FacilityConfig[]
  readonly groups: readonly GroupConfig[]
  readonly people: readonly PersonConfig[]
  /** Armored certificate. */
  readonly recovery: string
  /** Who cosigns the ledger; a majority of them makes a checkpoint witnessed. */
  readonly witnesses: readonly WitnessConfig[]
  readonly ledger: LedgerConfig
  /** Where the ledger is forwarded to. */
  readonly sinks: readonly SinkConfig[]
  /** Looks for writing in images at risk (src/deidentify/README.md). */
  readonly textDetector?: {
    readonly kind: 'tesseract' | 'none'
    readonly clears: boolean
    readonly threads: number
  }
  readonly doors: DoorsConfig
  /** Seconds: without a further instance until a study is closed, by priority; and at the most. */
  readonly intake: IntakeFile
  /** Whether the compliance registers stop what they speak against, or warn of it. */
  readonly registers: { readonly enforce: 'warn' | 'block' }
  /**
   * Absolute paths: the folder, and the certificate that backups are sealed to; else to recovery.
   */
  readonly backup?: { readonly to: string; readonly certificate?: string }
  readonly keys: KeyPolicy
  readonly limits: Limits
  readonly cases: CasesConfig
  readonly notify: NotifyConfig
  readonly logLevel: LogLevel
}

export interface CasesConfig {
  /** How long a claim lasts without work. */
  readonly claimMinutes: number
  /** When a case leaves the worklist. */
  readonly closeOn: 'reported' | 'acknowledged'
}

/** Paths are absolute; the files are read when the gateway starts. */
export interface NotifyConfig {
  readonly smtp?: {
    readonly host: string
    readonly port: number
    readonly secure: boolean
    readonly from: string
    readonly user?: string
    readonly passwordFile?: string
    readonly ca?: string
  }
  readonly webhooks: readonly {
    readonly id: string
    readonly url: string
    readonly secretFile: string
  }[]
  readonly push?: { readonly hosts: readonly string[]; readonly subject: string }
}

export interface LedgerConfig {
  /**
   * How long every entry stays, six years or more; published files are locked for as long, where
   * they can be.
   */
  readonly retention: { readonly years: number }
  /** How often an officer reviews what happened. */
  readonly review: { readonly days: number }
}

/**
 * What certificates of the site must be like, beyond the rules that always hold
 * (src/seal/README.md).
 */
export interface KeyPolicy {
  readonly allowRsa2048: boolean
  /** RSA and NIST curves alone. */
  readonly fips: boolean
}

export interface FacilityConfig {
  readonly id: string
  /** Armored, like every `certificate` here. */
  readonly certificate: string
  readonly profile: Profile
  readonly groups: readonly string[]
  /**
   * Documents cannot be de-identified: pass them to the readers sealed, or hold them in quarantine.
   */
  readonly documents: 'pass' | 'quarantine'
  /**
   * People who may release from quarantine, each with their own key; the facility's own key where
   * none is named.
   */
  readonly releasedBy?: readonly string[]
  /** Who can open the original values that travel in each instance (0400,0500). */
  readonly encryptedAttributes?: readonly AttributeRecipient[]
}

export interface GroupConfig {
  readonly id: string
  /** IANA name. */
  readonly timezone: string
  readonly readers: readonly string[]
  /** When they read. Downloads at another time go on as ever and are marked in the ledger. */
  readonly duty?: DutyHours & { readonly roster?: readonly RosterConfig[] }
  /** Targets of its cases. */
  readonly clock?: readonly ClockTarget[]
  /** Who is told of a case that nobody takes, and when. */
  readonly escalate?: readonly EscalationStep[]
}

/** Either `reader` or `backup`. */
export interface RosterConfig extends DutyHours {
  readonly reader?: string
  readonly backup?: string
}

export interface DutyHours {
  readonly weekly: readonly WeeklyDuty[]
  readonly dates: readonly DutyDate[]
}

export interface PersonConfig {
  readonly id: string
  readonly role: 'sender' | 'reader' | 'officer' | 'operator'
  readonly certificate: string
  /** Senders only: the facility they send for. */
  readonly facility?: string
  readonly contact?: { readonly email?: string }
}

export interface Limits extends ReceiveLimits {
  /** DICOM header: everything but pixel data, in memory while an instance passes. */
  readonly headerBytes: number
  readonly requestItems: number
  readonly transferItems: number
  readonly transferBytes: number
  /**
   * Seconds within which a client must send 8 KiB of its upload, or take something of its answer.
   */
  readonly idleSeconds: number
  /** Requests that may upload at the same time. */
  readonly uploads: number
  /** Failed sign-ins or tokens by one address or account within a minute, before 429. */
  readonly failuresPerMinute: number
}

export interface Secrets {
  /** Ed25519 private key of the ledger, PKCS #8 PEM. */
  readonly ledgerKey: string
  /** Armored OpenPGP private key that signs manifests. */
  readonly gatewayKey: string
  /** 32 bytes a facility. */
  readonly facilities: ReadonlyMap<string, Buffer>
  /** The ones before, of facilities whose secret was rotated; the oldest first. */
  readonly retired?: ReadonlyMap<string, readonly Buffer[]>
  /** PostgreSQL's, when the environment gave one. */
  readonly databasePassword?: string
}

export interface Site {
  readonly config: SiteConfig
  readonly secrets: Secrets
}

export interface SiteProblem {
  /** `facilities[0].groups[1]`, `keys/reader-1.asc`, `secrets/`, `NOCTURNE_LISTEN`. */
  readonly path: string
  /** Its line in nocturne.yaml, from 1, when it has one. */
  readonly line?: number
  /** Lower case, no final period; reads on after the path. */
  readonly problem: string
  /** What to write or do instead. */
  readonly hint: string
}
