/** A site's configuration after reading and checking. */
import type { AttributeRecipient } from '../deidentify/index.js'
import type { RequisitionField } from '../protocol/words.js'
import type { Profile } from '../deidentify/rules/index.js'
import type { LogLevel } from '../lib/logger.js'
import type { PersonRole } from '../protocol/roles.js'
import type { ReceiveLimits } from '../receive/index.js'
import type { ScannerAddress } from '../receive/inspect/index.js'
import type { StoreConfig } from '../store/index.js'
import type { DoorsConfig, PriorsConfig } from './doors-config.js'
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
    /** 0 means any free port. */
    readonly port: number
    /**
     * Absolute paths of PEM files: the server reads them, and reads them again when they are
     * renewed.
     */
    readonly tls?: {
      readonly cert: string
      readonly key: string
      /** Whether clients are asked for a certificate, which they need not have. */
      readonly clientCertificates: boolean
    }
    /** The origin that clients see, if there is a proxy in front; sign-in challenges name it. */
    readonly origin?: string
    /** A listener of its own for `/metrics` and the whole of `/readyz`. */
    readonly metrics?: { readonly host: string; readonly port: number }
  }
  readonly proxies?: ProxiesConfig
  /** `sqlite:/absolute/path` or `postgres://...`; the password is in Secrets, never here. */
  readonly database: string
  readonly store: StoreConfig
  readonly facilities: readonly FacilityConfig[]
  readonly groups: readonly GroupConfig[]
  readonly people: readonly PersonConfig[]
  /** Armored certificate. */
  readonly recovery: string
  /**
   * Witnesses that cosign the ledger; a checkpoint is witnessed once a majority has cosigned it.
   */
  readonly witnesses: readonly WitnessConfig[]
  readonly ledger: LedgerConfig
  /** Destinations to which the ledger is forwarded. */
  readonly sinks: readonly SinkConfig[]
  /** Looks for text in images at risk (src/deidentify/README.md). */
  readonly textDetector?: {
    readonly kind: 'tesseract' | 'none'
    readonly clears: boolean
    readonly threads: number
  }
  readonly doors: DoorsConfig
  /**
   * Seconds without a further instance until a study is closed, by priority; and the maximum in any
   * case.
   */
  readonly intake: IntakeFile
  /** Those that intake rules name, by the word used there. */
  readonly profiles: Readonly<Record<string, Profile>>
  /**
   * Whether actions that the compliance registers do not permit are blocked or only cause a
   * warning.
   */
  readonly registers: { readonly enforce: 'warn' | 'block' }
  /** Whether a new reader of a group takes effect alone, or once a second person has confirmed. */
  readonly directory: { readonly confirm: 'one' | 'two' }
  /** Where clamd listens, which scans every document. */
  readonly scanner?: ScannerAddress
  /** Bounds on an officer's searches for patients. */
  readonly officers: {
    /** Different patients per officer and hour. */
    readonly searchesPerHour: number
    /** Whether a second officer must agree. */
    readonly patientSearch: 'one' | 'two'
  }
  /**
   * Absolute paths: the folder, and the certificate that backups are sealed to; by default,
   * recovery.
   */
  readonly backup?: { readonly to: string; readonly certificate?: string }
  readonly keys: KeyPolicy
  readonly limits: Limits
  readonly cases: CasesConfig
  /** In milliseconds; what has no period stays. */
  readonly retention: RetentionConfig
  readonly notify: NotifyConfig
  readonly logLevel: LogLevel
}

/** Proxies that may say who a client is. */
export interface ProxiesConfig {
  /** Addresses and networks. */
  readonly trusted: readonly string[]
  /** By X-Forwarded-For, or by a header of the PROXY protocol on every connection. */
  readonly protocol: 'forwarded' | 'proxy'
}

/** How long contents are kept that nobody needs any more, in milliseconds. */
export interface RetentionConfig {
  /** From when a case was closed or recalled. */
  readonly closed?: number
  readonly quarantine?: number
  /** Of reports, critical results and crosswalks, from when their case was closed. */
  readonly reports?: number
}

export interface CasesConfig {
  /** How long a claim lasts without activity. */
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
   * How long every entry is kept, six years or more; published files are locked for the same time
   * if possible.
   */
  readonly retention: { readonly years: number }
  /** How often an officer reviews the recorded activity. */
  readonly review: { readonly days: number }
}

/**
 * Requirements on the site's certificates, in addition to the rules that always apply
 * (src/seal/README.md).
 */
export interface KeyPolicy {
  readonly allowRsa2048: boolean
  /** Only RSA and NIST curves. */
  readonly fips: boolean
}

export interface FacilityConfig {
  readonly id: string
  /** Armored, like every `certificate` here. */
  readonly certificate: string
  readonly profile: Profile
  readonly groups: readonly string[]
  /**
   * Documents cannot be de-identified: they are either passed to the readers, sealed, or held in
   * quarantine.
   */
  readonly documents: 'pass' | 'quarantine'
  /** Media types of documents that may pass; a list of inert ones if none is given. */
  readonly documentTypes?: readonly string[]
  /**
   * People who may release from quarantine, each with their own key; if none is named, the
   * facility's own key signs.
   */
  readonly releasedBy?: readonly string[]
  /** Senders that seal at the facility: the gateway stores what they sealed, and cannot open it. */
  readonly edges?: readonly string[]
  /**
   * SHA-256 of the TLS client certificates with one of which the facility's requests must come,
   * lower-case hexadecimal.
   */
  readonly clientCertificates?: readonly string[]
  /** Recipients that can open the original values included in each instance (0400,0500). */
  readonly encryptedAttributes?: readonly AttributeRecipient[]
  /** Fields that a requisition must have. */
  readonly requisition?: readonly RequisitionField[]
  /** IANA name, for times in what its people are told; without it, UTC alone. */
  readonly timezone?: string
  /** Where its PACS is asked for prior studies, and for which; without it, nowhere. */
  readonly priors?: PriorsConfig
  /** Who is notified about critical results; without it, the facility and then the operators. */
  readonly critical?: CriticalConfig
}

export interface CriticalConfig {
  /** In order: the facility itself, or its people. */
  readonly contacts: readonly string[]
  /** A person; without one, all operators. */
  readonly failSafe?: string
  /** How long a critical result of each level may take to be read back, in milliseconds. */
  readonly withinMs: Readonly<Record<'minutes' | 'hours' | 'days', number>>
}

export interface GroupConfig {
  readonly id: string
  /** IANA name. */
  readonly timezone: string
  readonly readers: readonly string[]
  /** When they read. Downloads at other times are allowed and marked in the ledger. */
  readonly duty?: DutyHours & {
    readonly roster?: readonly RosterConfig[]
    /** Whom studies are sealed to: the whole group, unless the site asks for the roster. */
    readonly sealTo?: 'group' | 'roster'
  }
  /** Who is notified when readers and backups do not react; without any, the operators. */
  readonly coordinators?: readonly string[]
  /** Targets of its cases. */
  readonly clock?: readonly ClockTarget[]
  /** Who is notified, and when, about a case that nobody claims. */
  readonly escalate?: readonly EscalationStep[]
}

/** Exactly one of `reader` and `backup`. */
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
  readonly role: PersonRole
  readonly certificate: string
  /** Senders only: the facility they send for. */
  readonly facility?: string
  readonly contact?: {
    readonly email?: string
    /** Hours in which only pressing notices are sent, by the person's own clock. */
    readonly quiet?: DutyHours & { readonly timezone: string }
  }
}

export interface Limits extends ReceiveLimits {
  /** DICOM header: everything except pixel data, held in memory while an instance is processed. */
  readonly headerBytes: number
  readonly requestItems: number
  readonly transferItems: number
  readonly transferBytes: number
  /**
   * Seconds within which a client must send 8 KiB of its upload, or read some of its answer.
   */
  readonly idleSeconds: number
  /** Bytes per second that a client must send or read, on average over an upload or answer. */
  readonly slowestBytes: number
  /** Maximum number of simultaneous downloads of one principal; all have eight times as many. */
  readonly downloads: number
  /** What a facility may send within 24 hours; STAT studies beyond that. */
  readonly dailyBytes: number
  /** Connections per address that are served; beyond, new ones wait. */
  readonly connectionsPerAddress: number
  /** DICOM associations that are open at the same time from one address. */
  readonly associationsPerAddress: number
  /** A signed-in session without a request for this long has ended; issued tokens have not. */
  readonly sessionIdleSeconds: number
  /** Maximum number of simultaneous upload requests. */
  readonly uploads: number
  /** Failed sign-ins or tokens per address or account and minute, before the answer is 429. */
  readonly failuresPerMinute: number
}

export interface Secrets {
  /** Ed25519 private key of the ledger, PKCS #8 PEM. */
  readonly ledgerKey: string
  /** Armored OpenPGP private key that signs manifests. */
  readonly gatewayKey: string
  /** 32 bytes per facility. */
  readonly facilities: ReadonlyMap<string, Buffer>
  /** Previous secrets of facilities whose secret was rotated; the oldest first. */
  readonly retired?: ReadonlyMap<string, readonly Buffer[]>
  /** Password for PostgreSQL, if the environment gives one. */
  readonly databasePassword?: string
}

export interface Site {
  readonly config: SiteConfig
  readonly secrets: Secrets
}

export interface SiteProblem {
  /** `facilities[0].groups[1]`, `keys/reader-1.asc`, `secrets/`, `NOCTURNE_LISTEN`. */
  readonly path: string
  /** Its line in nocturne.yaml, from 1, if any. */
  readonly line?: number
  /** Lower case, no final period; the second half of a sentence that begins with the path. */
  readonly problem: string
  /** What to write or do instead. */
  readonly hint: string
}
