/**
 * Uploads by the key that their client chose. A client that lost the answer can ask for the
 * outcome, or send the request again under the same key, without creating a second transfer.
 */
import { CATALOGUE } from '../../lib/errors.js'
import type { Db, State, Tx } from '../../state/index.js'
import type { ItemAnswer, KnownAnswer } from './answers.js'
import { rowOf } from './upload-key.js'

export interface KnownUpload {
  readonly transfer: string
  readonly length: number | undefined
  /** Undefined while the upload is in progress. */
  readonly answer: KnownAnswer | undefined
}

/**
 * How long an answer can be requested. Files sent again after that are still recognized by their
 * content.
 */
const KEPT_MS = 30 * 86_400_000

/** Runs in the transaction that makes the upload visible, so neither exists without the other. */
export async function keepAnswer(tx: Tx, envelope: string, answer: KnownAnswer): Promise<void> {
  const items = answer.items.map(({ hint: _, ...item }) => item)
  await tx
    .updateTable('upload_keys')
    .set({ answer: JSON.stringify({ ...answer, items }) })
    .where('envelope', '=', envelope)
    .execute()
}

export async function findUpload(
  db: Db,
  facility: string,
  key: string,
): Promise<KnownUpload | undefined> {
  const row = await rowOf(db, facility, key)
  if (!row) return undefined
  const { transfer, length, answer } = row
  return {
    transfer,
    length: length ?? undefined,
    answer: answer === null ? undefined : withHints(JSON.parse(answer) as KnownAnswer),
  }
}

export async function forgetOldKeys(
  state: Pick<State, 'db' | 'transaction'>,
  now: number,
): Promise<void> {
  const before = now - KEPT_MS
  const old = await state.db
    .selectFrom('upload_keys')
    .select('key')
    .where('created_at', '<', before)
    .limit(1)
    .executeTakeFirst()
  if (!old) return
  await state.transaction((tx) =>
    tx
      .deleteFrom('upload_keys')
      .where('created_at', '<', before)
      .where('answer', 'is not', null)
      .execute(),
  )
}

const withHints = (answer: KnownAnswer): KnownAnswer => ({
  ...answer,
  items: answer.items.map((item): ItemAnswer => ({
    ...item,
    ...(item.code && { hint: CATALOGUE[item.code].hint }),
  })),
})
