/** Reads rows of the ledger for reports. */
import type { Ledger, LedgerRow } from '../ledger/log/index.js'
import type { Json } from '../lib/json.js'

/** Events per query. */
const PAGE = 1_000

export async function* rowsOf(
  ledger: Pick<Ledger, 'query'>,
  query: Parameters<Ledger['query']>[0],
): AsyncGenerator<LedgerRow> {
  for (let start: number | undefined = 0; start !== undefined;) {
    const page: Awaited<ReturnType<Ledger['query']>> = await ledger.query({
      ...query,
      start,
      limit: PAGE,
    })
    yield* page.rows
    start = page.next
  }
}

export const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' ? value : undefined
