/** Cases that a reader's present certificate does not open, and who can open them. */
import type { CaseView } from '../cases/index.js'
import type { Directory } from '../directory/index.js'
import type { LockedCasesAnswer } from '../protocol/http/cases.js'
import type { Transfers } from '../transfer/index.js'

type Locked = LockedCasesAnswer['cases'][number]

export async function lockedCases(
  rooms: {
    readonly transfers: Pick<Transfers, 'manifestKeys'>
    readonly directory: Pick<Directory, 'certificates' | 'principal'>
  },
  reader: string,
  cases: readonly CaseView[],
): Promise<readonly Locked[]> {
  const all = cases.flatMap(({ transfers }) => transfers.map(({ id }) => id))
  const keys = await rooms.transfers.manifestKeys(all)
  const present = new Set(
    (await rooms.directory.certificates())
      .filter(({ isRevoked }) => !isRevoked)
      .map(({ principal, fingerprint }) => `${principal} ${fingerprint}`),
  )
  const recipients = new Map<string, (typeof keys)[number][]>()
  for (const key of keys)
    recipients.set(key.transfer, [...(recipients.get(key.transfer) ?? []), key])
  const opens = (transfer: string): ReadonlySet<string> =>
    new Set(
      (recipients.get(transfer) ?? [])
        .filter(({ recipient, fingerprint }) => present.has(`${recipient} ${fingerprint}`))
        .map(({ recipient }) => recipient),
    )
  return cases.flatMap(({ id, code, group, transfers }): Locked[] => {
    const closed = transfers.filter((one) => recipients.has(one.id) && !opens(one.id).has(reader))
    const [first, ...others] = closed
    if (!first) return []
    const helpers = [...opens(first.id)].filter((one) =>
      others.every((other) => opens(other.id).has(one)),
    )
    const isReader = (one: string) => {
      const principal = rooms.directory.principal(one)
      return principal?.role === 'reader' && principal.groups.includes(group)
    }
    const hadKey = closed.every(({ id: transfer }) =>
      recipients.get(transfer)?.some(({ recipient }) => recipient === reader),
    )
    return [
      {
        id,
        code,
        why: hadKey ? 'earlier-key' : 'not-sealed',
        colleagues: helpers.filter(isReader),
      },
    ]
  })
}
