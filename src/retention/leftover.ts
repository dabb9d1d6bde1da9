/**
 * Tells copies of objects that expired, such as those in a folder of backups, from copies of
 * objects that the store has lost.
 */
import type { RetentionParts } from './contract.js'

const OF_TRANSFER = /^t\/([0-9a-f-]{36})\/[0-9a-f-]{36}\/[0-9a-z]+$/
const OF_REPORT = /^reports\/([0-9a-f-]{36})$/

export interface LeftoverParts {
  readonly namedBy: RetentionParts['transfers']['namedBy']
  readonly isReportExpired: (id: string) => Promise<boolean>
}

/** Those of these keys that belong to something expired and that no row names any more. */
export async function expiredObjects(
  { namedBy, isReportExpired }: LeftoverParts,
  keys: AsyncIterable<string>,
): Promise<readonly string[]> {
  const expired: string[] = []
  const known = new Map<string, Awaited<ReturnType<typeof namedBy>>>()
  for await (const key of keys) {
    const report = OF_REPORT.exec(key)?.[1]
    if (report !== undefined && (await isReportExpired(report))) expired.push(key)
    const transfer = OF_TRANSFER.exec(key)?.[1]
    if (transfer === undefined) continue
    const named = known.get(transfer) ?? (await namedBy(transfer))
    known.set(transfer, named)
    if (named.isExpired && !named.objects.has(key)) expired.push(key)
  }
  return expired
}
