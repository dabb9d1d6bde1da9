/** The key that a client chooses for an upload, and the row that stores it. */
import { NocturneError } from '../../lib/errors.js'
import type { Db, Tx } from '../../state/index.js'

export interface UploadKey {
  readonly key: string
  /** Content-Length of the request, if it has one. */
  readonly length: number | undefined
}

/**
 * @throws NocturneError `upload_under_way` when an upload with this key exists already
 */
export async function insertUploadKey(
  tx: Tx,
  { key, length }: UploadKey,
  about: {
    readonly facility: string
    readonly envelope: string
    readonly transfer: string
    readonly now: number
  },
): Promise<void> {
  const { facility, envelope, transfer, now: created_at } = about
  // Transactions on the ledger run one after another, so nothing can come between this check and
  // the insert.
  if (await rowOf(tx, facility, key)) throw new NocturneError('upload_under_way')
  const row = { facility, key, envelope, transfer, length: length ?? null, answer: null }
  await tx
    .insertInto('upload_keys')
    .values({ ...row, created_at })
    .execute()
}

export const rowOf = (db: Db | Tx, facility: string, key: string) =>
  db
    .selectFrom('upload_keys')
    .select(['transfer', 'length', 'answer'])
    .where('facility', '=', facility)
    .where('key', '=', key)
    .executeTakeFirst()
