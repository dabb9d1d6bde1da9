/** A certificate file that changed since the last start becomes an event: nobody swaps a reader's key unseen. */
import type { Actor, EventInput } from '../ledger/index.js'
import type { Rooms } from '../rooms.js'

const SYSTEM: Actor = { id: 'system', role: 'system', method: 'site' }

export async function recordCertificates(rooms: Rooms): Promise<void> {
  const current = await rooms.directory.certificates()
  const known = await rooms.state.db.selectFrom('certificates').selectAll().execute()
  const before = new Map(known.map(({ principal, fingerprint }) => [principal, fingerprint]))
  const after = new Map(current.map(({ principal, fingerprint }) => [principal, fingerprint]))
  const changed = [...new Set([...before.keys(), ...after.keys()])].filter(
    (principal) => before.get(principal) !== after.get(principal),
  )
  const [first, ...rest] = changed.map((principal): EventInput => ({
    type: 'certificate.changed',
    outcome: 0,
    actor: SYSTEM,
    detail: { principal, from: before.get(principal) ?? null, to: after.get(principal) ?? null },
  }))
  if (!first) return
  await rooms.ledger.record(async (tx) => {
    await tx.deleteFrom('certificates').where('principal', 'in', changed).execute()
    const rows = changed.flatMap((principal) => {
      const fingerprint = after.get(principal)
      return fingerprint === undefined ? [] : [{ principal, fingerprint, since: rooms.now() }]
    })
    if (rows.length > 0) await tx.insertInto('certificates').values(rows).execute()
    return { value: undefined, events: [first, ...rest] }
  })
}
