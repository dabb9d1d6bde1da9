/**
 * What an invited person signs with their new key: that whoever holds the link also holds the
 * private key of the certificate that is sent.
 */

export interface JoinStatement {
  readonly gateway: string
  /** ID of the invitation. */
  readonly invitation: string
  readonly principal: string
  /** Lower-case hexadecimal. */
  readonly fingerprint: string
}

/** `nocturne-join/v1|gateway|invitation|principal|fingerprint`, without a line feed. */
export const writeJoin = ({ gateway, invitation, principal, fingerprint }: JoinStatement): string =>
  ['nocturne-join/v1', gateway, invitation, principal, fingerprint].join('|')
