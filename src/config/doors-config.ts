/** The doors configuration after reading and checking. */
import type { Listen } from './listen.js'

export interface DimseConfig {
  readonly host: string
  readonly port: number
  readonly aeTitle: string
  /** Absolute paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly plainFrom: readonly string[]
  readonly peers: readonly {
    readonly aeTitle: string
    readonly facility: string
    readonly addresses: readonly string[]
    /** Absolute path of a PEM file. */
    readonly certificate?: string
    /** Address that storage commitment reports are sent to. */
    readonly report?: Listen
  }[]
}

export interface MllpConfig {
  readonly host: string
  readonly port: number
  /** Absolute paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly plainFrom: readonly string[]
  readonly peers: readonly {
    /** MSH-3. */
    readonly application: string
    readonly facility: string
    readonly addresses: readonly string[]
    /** Absolute path of a PEM file. */
    readonly certificate?: string
  }[]
}

export interface DoorsConfig {
  readonly stow: boolean
  readonly dimse?: DimseConfig
  readonly mllp?: MllpConfig
}
