/** Doors as they were read and checked. */

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
  }[]
}

export interface DoorsConfig {
  readonly stow: boolean
  readonly dimse?: DimseConfig
}
