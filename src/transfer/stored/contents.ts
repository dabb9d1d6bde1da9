/** Where the contents of a transfer are stored. */
import type { State } from '../../state/index.js'
import type { Transfer } from '../find.js'

/** One data packet of a transfer: an accepted item, or the manifest as number 0. */
export interface StoredContent {
  readonly index: number
  readonly object: string
  /** In bytes, not counting the key packet. */
  readonly size: number
  readonly envelope: string
  /**
   * Keyed handle of the patient it names. A document in a transfer for one patient has that
   * patient's handle.
   */
  readonly patient: string | undefined
}

/** The manifest, then the items; empty while there is no manifest. */
export async function storedContents(
  { db }: Pick<State, 'db'>,
  transfer: Transfer,
): Promise<StoredContent[]> {
  const { manifest } = transfer
  if (!manifest) return []
  const rows = await db
    .selectFrom('items')
    .select(['idx', 'object', 'sealed_size', 'envelope', 'patient'])
    .where('transfer', '=', transfer.id)
    .where('outcome', '=', 'accepted')
    .orderBy('idx')
    .execute()
  return [manifestOf(transfer, manifest), ...rows.flatMap((row) => contentOf(transfer, row))]
}

/** Undefined when the item does not exist or was not accepted. */
export async function storedContent(
  { db }: Pick<State, 'db'>,
  transfer: Transfer,
  index: number,
): Promise<StoredContent | undefined> {
  if (index === 0) return transfer.manifest && manifestOf(transfer, transfer.manifest)
  const row = await db
    .selectFrom('items')
    .select(['idx', 'object', 'sealed_size', 'envelope', 'patient'])
    .where('transfer', '=', transfer.id)
    .where('idx', '=', index)
    .where('outcome', '=', 'accepted')
    .executeTakeFirst()
  return row && contentOf(transfer, row)[0]
}

const manifestOf = (
  { patient }: Transfer,
  { object, size, envelope }: NonNullable<Transfer['manifest']>,
): StoredContent => ({ index: 0, object, size, envelope, patient })

const contentOf = (
  transfer: Transfer,
  row: {
    readonly idx: number
    readonly object: string | null
    readonly sealed_size: number | null
    readonly envelope: string
    readonly patient: string | null
  },
): StoredContent[] =>
  row.object === null || row.sealed_size === null
    ? []
    : [
        {
          index: row.idx,
          object: row.object,
          size: row.sealed_size,
          envelope: row.envelope,
          patient: row.patient ?? transfer.patient,
        },
      ]
