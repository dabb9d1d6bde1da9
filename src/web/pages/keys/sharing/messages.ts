/** Messages by which somebody who can open a transfer lets a colleague open it. */
import type { ChallengeAnswer } from '../../../../protocol/http/cases.js'
import type { PacketsAnswer } from '../../../../protocol/http/recipients.js'

/** Seals one's own key packets of a transfer again; the certificate must have the fingerprint. */
export interface Share {
  readonly do: 'share'
  readonly listed: Pick<PacketsAnswer, 'id' | 'manifest' | 'envelopes'>
  readonly colleague: PacketsAnswer['candidates'][number]
}

/** The proof for the packets that `share` made last for this transfer, and for no others. */
export interface ProveSharing {
  readonly do: 'prove sharing'
  readonly challenge: ChallengeAnswer
  readonly gateway: string
  readonly actor: string
}

export type SharingRequest = Share | ProveSharing

export interface Addition {
  readonly recipient: string
  readonly fingerprint: string
  readonly packets: readonly { readonly envelope: string; readonly packet: string }[]
}

export interface SharingResults {
  share: Addition
  'prove sharing':
    | { readonly nonce: string; readonly signature: string }
    | { readonly nonce: string; readonly answer: string }
}
