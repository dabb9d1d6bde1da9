/**
 * The room that reads a site: nocturne.yaml, the environment, and the secrets, apart.
 *
 * In:  a site's folder and the environment.
 * Out: Site, typed and checked; or every problem at once, each with its path and what to write instead.
 * Always true: a secret is never in YAML, is in a file that only its owner reads, and is never printed.
 * Trusts: the operator's files, as far as `problems` finds nothing.
 */
import type { Profile } from '../deidentify/index.js'
import type { LogLevel } from '../lib/logger.js'
import type { ReceiveLimits } from '../receive/index.js'
import type { StoreConfig } from '../store/index.js'

export interface SiteConfig {
  /** Absolute path of the site's folder; paths in the YAML are relative to it, and absolute here. */
  readonly dir: string
  readonly gateway: {
    readonly name: string
    readonly host: string
    /** 0 asks the system for a free one. */
    readonly port: number
    readonly tls?: { readonly cert: string; readonly key: string }
    /** What clients see, when a proxy stands in front: the origin that sign-in challenges name. */
    readonly origin?: string
  }
  /** `sqlite:/absolute/path` or `postgres://...`. */
  readonly database: string
  readonly store: StoreConfig
  readonly facilities: readonly FacilityConfig[]
  readonly groups: readonly GroupConfig[]
  readonly people: readonly PersonConfig[]
  /** Armored certificate. */
  readonly recovery: string
  readonly limits: Limits
  readonly logLevel: LogLevel
}

export interface FacilityConfig {
  readonly id: string
  readonly certificate: string
  readonly profile: Profile
  readonly groups: readonly string[]
  /** Documents cannot be de-identified: pass them to the readers sealed, or hold them in quarantine. */
  readonly documents: 'pass' | 'quarantine'
}

export interface GroupConfig {
  readonly id: string
  /** IANA name. */
  readonly timezone: string
  readonly readers: readonly string[]
}

export interface PersonConfig {
  readonly id: string
  readonly role: 'sender' | 'reader' | 'officer' | 'operator'
  readonly certificate: string
  /** Senders only: the facility they send for. */
  readonly facility?: string
}

export interface Limits extends ReceiveLimits {
  /** DICOM header: everything but pixel data, in memory while an instance passes. */
  readonly headerBytes: number
  readonly requestItems: number
  readonly transferItems: number
  readonly transferBytes: number
  /** Seconds without a byte from a client before its request is given up. */
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
}

export interface Site {
  readonly config: SiteConfig
  readonly secrets: Secrets
}

export interface SiteProblem {
  /** `facilities[0].groups[1]`, `keys/reader-1.asc`, `secrets/`. */
  readonly path: string
  /** Lower case, no final period. */
  readonly problem: string
  /** What to write or do instead. */
  readonly hint: string
}

export { loadSite, SiteInvalidError } from './load.js'
export { initSite } from './init.js'
export type { InitReport } from './init.js'
