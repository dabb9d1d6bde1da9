/** The statement that the owner of a certificate signs when another certificate replaces it. */

export interface CertificateChange {
  readonly gateway: string
  readonly principal: string
  /** Fingerprints, lower-case hexadecimal. */
  readonly from: string
  readonly to: string
}

const FORMAT =
  /^nocturne-certificate\/v1\|([a-z0-9.-]{1,120})\|([a-z0-9][a-z0-9-]{0,62})\|([0-9a-f]{40,64})\|([0-9a-f]{40,64})$/

/** `nocturne-certificate/v1|gateway|principal|from|to`, without a line feed. */
export const writeChange = ({ gateway, principal, from, to }: CertificateChange): string =>
  ['nocturne-certificate/v1', gateway, principal, from, to].join('|')

/**
 * Undefined unless the text, apart from a final line feed, is such a statement; if undefined, it
 * must not be signed.
 */
export function readChange(text: string): CertificateChange | undefined {
  const [, gateway, principal, from, to] = FORMAT.exec(text.replace(/\n$/, '')) ?? []
  return gateway && principal && from && to ? { gateway, principal, from, to } : undefined
}
