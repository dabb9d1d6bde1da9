/** The PEM files that the settings of a door name, as its listener needs them. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { TlsFiles } from './dimse/listen.js'

interface PeerSettings {
  /** Absolute path of a PEM file. */
  readonly certificate?: string
}

interface PortSettings<P extends PeerSettings> {
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly peers: readonly P[]
}

export interface PortFiles<P extends PeerSettings> {
  readonly tls: TlsFiles | undefined
  /** With the certificates in DER. */
  readonly peers: readonly (Omit<P, 'certificate'> & {
    readonly certificate: Buffer | undefined
  })[]
}

/** @throws the system's error for a file that cannot be read */
export async function readPortFiles<P extends PeerSettings>({
  tls,
  peers,
}: PortSettings<P>): Promise<PortFiles<P>> {
  const certificates = await Promise.all(
    peers.map(async ({ certificate }) =>
      certificate === undefined ? undefined : await readFile(certificate, 'utf8'),
    ),
  )
  return {
    tls: tls && {
      cert: await readFile(tls.cert, 'utf8'),
      key: await readFile(tls.key, 'utf8'),
      peers: certificates.filter((pem) => pem !== undefined),
    },
    peers: peers.map((peer, i) => {
      const pem = certificates[i]
      return { ...peer, certificate: pem === undefined ? undefined : new X509Certificate(pem).raw }
    }),
  }
}

/** What a connection to a peer needs if the peer has a certificate; otherwise it is plain. */
export async function clientTls(
  own: { readonly cert: string; readonly key: string } | undefined,
  certificate: string | undefined,
) {
  if (!own || certificate === undefined) return undefined
  return {
    cert: await readFile(own.cert, 'utf8'),
    key: await readFile(own.key, 'utf8'),
    ca: await readFile(certificate, 'utf8'),
  }
}
