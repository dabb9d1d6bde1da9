/** The doors configuration after reading and checking. */
import type { PriorRule } from '../priors/index.js'
import type { Listen } from './listen.js'

/** A door with a port of its own. */
interface PortConfig<Peer> {
  readonly host: string
  readonly port: number
  /** Absolute paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly plainFrom: readonly string[]
  readonly peers: readonly (BoundPeer & Peer)[]
}

interface BoundPeer {
  readonly facility: string
  readonly addresses: readonly string[]
  /** Absolute path of a PEM file. */
  readonly certificate?: string
}

export interface DimseConfig extends PortConfig<{
  readonly aeTitle: string
  /** Address that storage commitment reports are sent to. */
  readonly report?: Listen
}> {
  readonly aeTitle: string
}

export type MllpConfig = PortConfig<{
  /** MSH-3. */
  readonly application: string
}>

export interface DoorsConfig {
  readonly stow: boolean
  readonly dimse?: DimseConfig
  readonly mllp?: MllpConfig
}

export interface PriorsConfig extends PriorRule {
  readonly ask:
    | (Listen & { readonly kind: 'dimse'; readonly aeTitle: string })
    | {
        readonly kind: 'web'
        /** Ends with a slash. */
        readonly url: string
        /** Absolute path of a file with the value of the Authorization header. */
        readonly authorizationFile?: string
        /** Absolute path of a PEM file. */
        readonly ca?: string
      }
}
