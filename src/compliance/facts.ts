/**
 * A snapshot of a site as plain data, which every check evaluates. A source that could not be read
 * is undefined.
 */
import type { Action, IncidentSummary, RegisterEntry, RegisterKind } from './kinds.js'

export interface Facts {
  /** Time of the snapshot, in milliseconds since 1970. */
  readonly at: number
  readonly configuration: ConfigurationFacts | undefined
  readonly ledger: LedgerFacts | undefined
  readonly registers: RegisterFacts | undefined
  readonly system: SystemFacts | undefined
}

export interface ConfigurationFacts {
  readonly gateway: {
    readonly name: string
    /** Whether the gateway listens only on the loopback interface. */
    readonly isLoopback: boolean
    readonly hasTls: boolean
  }
  readonly database: {
    readonly kind: 'sqlite' | 'postgres'
    readonly isEncryptedOnTheWire: boolean
  }
  readonly store: { readonly kind: 'files' | 's3'; readonly isEncryptedOnTheWire: boolean }
  readonly facilities: readonly {
    readonly id: string
    readonly groups: readonly string[]
    readonly documents: 'pass' | 'quarantine'
    readonly pixels: string
  }[]
  readonly groups: readonly {
    readonly id: string
    readonly readers: readonly string[]
    readonly hasDuty: boolean
  }[]
  readonly people: readonly {
    readonly id: string
    readonly role: string
    readonly facility?: string
  }[]
  readonly certificates: readonly CertificateFacts[]
  readonly witnesses: readonly string[]
  readonly sinks: readonly string[]
  readonly retentionYears: number
  readonly reviewDays: number
  readonly failuresPerMinute: number
  readonly archiveDepth: number
  readonly allowRsa2048: boolean
  readonly enforce: 'warn' | 'block'
  readonly backupTo: string | undefined
}

export interface CertificateFacts {
  /** Principal ID, facility ID or `recovery`. */
  readonly principal: string
  readonly fingerprint: string
  /** Milliseconds since 1970; undefined when it does not expire. */
  readonly usableUntil: number | undefined
  /** Why nothing can be sealed to it now; undefined when it can be. */
  readonly problem: string | undefined
  readonly algorithm: string
}

export interface EventSpan {
  readonly count: number
  readonly first: { readonly index: number; readonly time: number }
  readonly last: { readonly index: number; readonly time: number }
}

export interface LedgerFacts {
  readonly size: number
  /** By event type; types that never occurred are missing. */
  readonly spans: Readonly<Record<string, EventSpan>>
  readonly review: {
    readonly last: { readonly at: number; readonly by: string } | undefined
    readonly isOverdue: boolean
    readonly due: number
  }
  /**
   * By principal: when their key was last proven to decrypt or sign, and the entry that records it.
   */
  readonly proven: Readonly<Record<string, { readonly at: number; readonly index: number }>>
  /** By principal: fingerprint of the certificate that is in effect according to the ledger. */
  readonly inEffect: Readonly<Record<string, string>>
  /** Replacement certificates that are not confirmed yet. */
  readonly proposed: readonly { readonly principal: string; readonly at: number }[]
  /** When witnesses last cosigned the log. */
  readonly witnessedAt: number | undefined
  readonly lostSinks: readonly string[]
  readonly lastBackup: { readonly at: number; readonly index: number } | undefined
  readonly lastDrill:
    | {
        readonly at: number
        readonly index: number
        readonly ok: boolean
        readonly seconds: number
        /** Whether a sample was opened with the recovery key. */
        readonly isOpened: boolean
      }
    | undefined
  readonly lastAssessment: { readonly at: number; readonly index: number } | undefined
}

export interface RegisterFacts {
  /** All entries, including ended ones. */
  readonly entries: Readonly<Record<RegisterKind, readonly RegisterEntry[]>>
  readonly actions: readonly Action[]
  readonly incidents: readonly IncidentSummary[]
}

export interface SystemFacts {
  readonly node: string
  /** Result of recomputing the ledger from its entries. */
  readonly ledger:
    { readonly ok: boolean; readonly size: number; readonly problem?: string } | undefined
  /** Result of connecting to the gateway; undefined when it did not answer. */
  readonly endpoint:
    | {
        readonly isTls: boolean
        readonly protocol: string | undefined
        readonly cipher: string | undefined
        readonly takesOldTls: boolean
        readonly certificateUntil: number | undefined
        /** Whether a request without a token was refused. */
        readonly refusesAnonymous: boolean
      }
    | undefined
  /** Result of sampling objects from the store. */
  readonly objects:
    { readonly sampled: number; readonly sealed: number; readonly intact: number } | undefined
  /** Files of the site that other users of the machine can access, with their mode. */
  readonly looseFiles: readonly string[]
  /** Private keys on the gateway's machine that belong elsewhere. */
  readonly strayKeys: readonly string[]
  readonly tokens: readonly {
    readonly id: string
    readonly principal: string
    readonly method: string
    readonly createdAt: number
    readonly expiresAt: number
    readonly lastUsedAt: number | undefined
  }[]
}
