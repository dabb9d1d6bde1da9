/**
 * What a key holder signs when they seal a transfer to somebody else. The signing key is that of a
 * claim (claim.ts): only someone who can open the transfer has it. The statement names every packet
 * by its digest, so the proof is good for these packets alone.
 */
import { canonicalJson } from '../lib/json.js'

/** Who is added, and with which key packets. */
export interface RecipientAddition {
  readonly recipient: string
  /** Of the certificate that the packets are encrypted to, hexadecimal. */
  readonly fingerprint: string
  readonly packets: readonly {
    readonly envelope: string
    /** SHA-256 of the packet, hexadecimal. */
    readonly sha256: string
  }[]
}

export interface RecipientStatement extends RecipientAddition {
  readonly gateway: string
  readonly case: string
  readonly transfer: string
  /** The principal who adds the recipient. */
  readonly actor: string
  /** From the gateway's challenge. */
  readonly nonce: string
}

/** Stands for the packets in a challenge, as SHA-256 of this text. */
export const packetsText = (packets: RecipientAddition['packets']): string =>
  packets
    .map(({ envelope, sha256 }) => `${envelope}=${sha256}`)
    .sort()
    .join(',')

/** Canonical JSON (RFC 8785), with the packets in the order of their envelopes. */
export const recipientStatement = ({ packets, ...one }: RecipientStatement): string =>
  canonicalJson({
    ...{ v: 1, type: 'nocturne-recipient', ...one },
    packets: [...packets]
      .sort((a, b) => (a.envelope < b.envelope ? -1 : 1))
      .map(({ envelope, sha256 }) => ({ envelope, sha256 })),
  })
