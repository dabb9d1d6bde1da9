/** The rows of an export, read page by page. */
import { breathe } from '../../lib/pace.js'
import type { LedgerRow } from '../log/events.js'
import type { EventQuery } from '../log/contract.js'
import type { Ledger } from '../log/ledger.js'

/** Read and parsed at once, in a few milliseconds. */
const PAGE_ROWS = 256

/**
 * The matching rows among the first `size`. While one page is written, the next is fetched: a busy
 * database of another machine lets each page wait.
 *
 * @throws NocturneError `database_unavailable`, `ledger_broken`
 */
export async function* exportedRows(
  ledger: Pick<Ledger, 'query'>,
  query: EventQuery,
  size: number,
): AsyncGenerator<LedgerRow> {
  const read = (start: number) => {
    const page = ledger.query({ ...query, start, end: size, limit: PAGE_ROWS })
    // Its error is thrown where it is awaited, unless nobody reads that far.
    page.catch(() => undefined)
    return page
  }
  const first = query.start ?? 0
  let ahead = first < size ? read(first) : undefined
  while (ahead) {
    const { rows, next } = await ahead
    ahead = next === undefined ? undefined : read(next)
    for (const row of rows) {
      await breathe()
      yield row
    }
  }
}
