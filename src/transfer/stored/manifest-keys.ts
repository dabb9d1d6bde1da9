import type { State } from '../../state/index.js'

/** A certificate that the manifest of a transfer is sealed to. */
export interface ManifestKey {
  readonly transfer: string
  readonly recipient: string
  readonly fingerprint: string
}

/** SQLite takes 32,766 parameters in one statement, PostgreSQL 65,535. */
const AT_ONCE = 10_000

/** To whom each of the transfers is sealed. */
export async function manifestKeys(
  { db }: Pick<State, 'db'>,
  transfers: readonly string[],
): Promise<readonly ManifestKey[]> {
  const found: ManifestKey[] = []
  for (let at = 0; at < transfers.length; at += AT_ONCE)
    found.push(
      ...(await db
        .selectFrom('transfers')
        .innerJoin('key_packets', 'key_packets.envelope', 'transfers.manifest_envelope')
        .select(['transfers.id as transfer', 'key_packets.recipient', 'key_packets.fingerprint'])
        .where('transfers.id', 'in', transfers.slice(at, at + AT_ONCE))
        .execute()),
    )
  return found
}
