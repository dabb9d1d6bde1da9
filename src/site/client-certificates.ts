/**
 * TLS client certificates that are in use. The configuration names only fingerprints, and tokens
 * only hashes, so when one expires is known from the handshakes in which it was shown.
 */
import type { State } from '../state/index.js'

export interface UsedCertificate {
  readonly principal: string
  /** Milliseconds since 1970. */
  readonly validUntil: number
}

export interface ClientCertificates {
  /**
   * The principal's request came with this certificate, which it must come with. Written once a day
   * for each; a failure to write is not the request's, and is tried again with the next one.
   */
  note(principal: string, certificate: ShownCertificate): void
  /** Those in use, with the end of each. */
  used(): Promise<readonly UsedCertificate[]>
}

interface ShownCertificate {
  readonly sha256: string
  /** Milliseconds since 1970. */
  readonly validTo: number
}

const DAY_MS = 86_400_000
/** After this time without it, its holder has another one. */
const IN_USE_MS = 7 * DAY_MS

export function createClientCertificates({
  state,
  now,
}: {
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly now: () => number
}): ClientCertificates {
  const noted = new Map<string, number>()
  return {
    note: (principal, { sha256, validTo }) => {
      const key = `${principal} ${sha256}`
      const at = now()
      if (at - (noted.get(key) ?? -Infinity) < DAY_MS) return
      noted.set(key, at)
      const row = { principal, sha256, valid_until: validTo, seen_at: at }
      void state
        .transaction(async (tx) => {
          await tx
            .deleteFrom('client_certificates')
            .where('seen_at', '<', at - IN_USE_MS)
            .execute()
          await tx
            .insertInto('client_certificates')
            .values(row)
            .onConflict((conflict) =>
              conflict.columns(['principal', 'sha256']).doUpdateSet({ seen_at: at }),
            )
            .execute()
        })
        .catch(() => void noted.delete(key))
    },
    used: async () => {
      const rows = await state.db
        .selectFrom('client_certificates')
        .select(['principal', 'valid_until'])
        .where('seen_at', '>=', now() - IN_USE_MS)
        .orderBy('principal')
        .orderBy('valid_until')
        .execute()
      return rows.map(({ principal, valid_until: validUntil }) => ({ principal, validUntil }))
    },
  }
}
