/** Tokens, challenges, certificates, and the keys of the gateway and of facilities. */

export interface TokenTable {
  id: string
  /** SHA-256 of the token, hexadecimal; the token itself is 256 random bits and is not stored. */
  hash: string
  principal: string
  /** How the token was obtained: issued by the operator, or in exchange for a signature. */
  method: 'issued' | 'signature'
  created_at: number
  expires_at: number
  revoked_at: number | null
  last_used_at: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

export interface ChallengeTable {
  nonce: string
  principal: string
  expires_at: number
}

/**
 * The certificates that have taken effect, so that a changed file becomes an event in the ledger.
 */
export interface CertificateTable {
  /** Principal ID, or `recovery`. */
  principal: string
  fingerprint: string
  since: number
  /** Armored. Null in rows from older versions, until the next start. */
  certificate: string | null
  /**
   * When the configuration stopped naming it; a later certificate under the same ID is compared
   * with it.
   */
  removed_at: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/** A replacement certificate awaiting confirmation: at most one per principal. */
export interface CertificateChangeTable {
  principal: string
  fingerprint: string
  certificate: string
  proposed_at: number
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/** A TLS client certificate that a principal's requests came with lately. */
export interface ClientCertificateTable {
  principal: string
  /** Of the certificate, hexadecimal. */
  sha256: string
  valid_until: number
  /** Accurate to the day. */
  seen_at: number
}

/** The gateway's own signing keys: the current one, with `until` null, and former ones. */
export interface GatewayKeyTable {
  fingerprint: string
  certificate: string
  since: number
  until: number | null
  /** MAC over every other column that affects decisions (src/ledger/rows). */
  mac: string | null
}

/**
 * The generations of each facility's secret, by public ID. Exactly one per facility is not retired.
 */
export interface FacilityKeyTable {
  facility: string
  key_id: string
  since: number
  retired_at: number | null
}
