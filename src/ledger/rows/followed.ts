/** Rows of a table of which the ledger tells what must be there. */
export interface FollowedTable<R> {
  readonly read: () => Promise<readonly R[]>
  readonly idOf: (row: R) => string
  /** Whether the ledger, as far as it was followed, contradicts the row. */
  readonly contradicts: (row: R) => boolean
  /** The IDs that must be there, according to the ledger as far as it was followed. */
  readonly expected: () => readonly string[]
}

export interface FollowedRows<R> {
  readonly rows: readonly R[]
  /** Those that may be used. */
  readonly good: readonly R[]
  /** IDs of rows that must be there, but are not. */
  readonly gone: readonly string[]
}

export interface RowJudge<R> {
  /** Reads what the ledger has recorded since. */
  readonly follow: () => Promise<void>
  readonly sift: (rows: readonly R[]) => Promise<readonly R[]>
  readonly missing: (ids: readonly string[]) => Promise<void>
}

export async function followedRows<R>(
  { read, idOf, contradicts, expected }: FollowedTable<R>,
  judge: RowJudge<R>,
): Promise<FollowedRows<R>> {
  const missing = (rows: readonly R[]) => {
    const there = new Set(rows.map(idOf))
    return expected().filter((id) => !there.has(id))
  }
  const readAfterLedger = async () => {
    await judge.follow()
    return read()
  }
  let rows = await readAfterLedger()
  // Another process may have recorded a change, and written its row, between the two reads.
  if (rows.some(contradicts) || missing(rows).length > 0) rows = await readAfterLedger()
  const good = await judge.sift(rows)
  const gone = missing(rows)
  await judge.missing(gone)
  return { rows, good, gone }
}
