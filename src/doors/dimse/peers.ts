/**
 * Decides who may call. An AE title is only a name, so each is bound to addresses, to a
 * certificate, or to this machine. Pure functions.
 */
import { createHash } from 'node:crypto'
import { addressList } from '../../lib/net/networks.js'

export interface Peer {
  readonly aeTitle: string
  readonly facility: string
  /** Addresses and networks (`10.1.2.0/24`) from which it calls. */
  readonly addresses: readonly string[]
  /** DER of its certificate, or of the authority that issued it. */
  readonly certificate: Buffer | undefined
}

/** What is known about a connection before any DICOM is exchanged. */
export interface Link {
  readonly address: string
  readonly tls:
    | {
        /**
         * DER of the certificate whose key the peer proved to hold, followed by as many of its
         * issuers as it sent.
         */
        readonly chain: readonly Buffer[]
        /** The chain leads to one of the configured certificates. */
        readonly isVerified: boolean
        /** The peer's own certificate is within its validity period. */
        readonly isCurrent: boolean
      }
    | undefined
}

export interface Callers {
  /**
   * Whether a caller may connect without TLS; only this machine and the addresses that the site
   * lists may.
   */
  mayBePlain(address: string): boolean
  /** The peer with this title, if the connection satisfies its binding. */
  find(aeTitle: string, link: Link): Peer | undefined
}

export function createCallers(peers: readonly Peer[], plainFrom: readonly string[]): Callers {
  const isPlain = addressList(plainFrom)
  const known = peers.map((peer) => ({
    peer,
    isFrom: addressList(peer.addresses),
    pin: peer.certificate && fingerprint(peer.certificate),
  }))
  return {
    mayBePlain: (address) => isLoopback(address) || isPlain(address),
    find: (aeTitle, link) =>
      known.find(({ peer, isFrom, pin }) => {
        if (peer.aeTitle !== aeTitle) return false
        if (peer.addresses.length > 0 && !isFrom(link.address)) return false
        if (pin !== undefined) return isPinned(link, pin)
        return peer.addresses.length > 0 || isLoopback(link.address)
      })?.peer,
  }
}

function isPinned({ tls }: Link, pin: string): boolean {
  if (!tls) return false
  const [own, ...issuers] = tls.chain.map(fingerprint)
  // A pinned certificate of the peer itself needs only to be current; a pinned authority must have
  // been verified through the chain.
  if (own === pin) return tls.isCurrent
  return tls.isVerified && issuers.includes(pin)
}

const fingerprint = (der: Buffer): string => createHash('sha256').update(der).digest('hex')

const isLoopback = addressList(['127.0.0.0/8', '::1'])
