/** Hands over to the gateway what was sealed here. */
import type { Rooms } from '../gateway/rooms.js'
import type { SealedAnswer } from '../protocol/sealing/http.js'
import { writeSealed } from '../protocol/sealing/statement.js'
import { signDetached } from '../seal/keys/index.js'
import type { Transfer } from '../transfer/index.js'
import type { Identity } from '../transfer/sealed/index.js'

/** The way to the gateway. Each call fails with the gateway's error, or when the line is cut. */
export interface Line {
  begin(signed: { readonly statement: string; readonly signature: string }): Promise<SealedAnswer>
  send(packet: {
    readonly transfer: string
    readonly index: number
    readonly size: number
    readonly octets: () => Promise<AsyncIterable<Uint8Array>>
  }): Promise<void>
  /** Resolves when the gateway has proved that its ledger has the transfer. */
  complete(transfer: string): Promise<void>
}

type ForwardRooms = Pick<Rooms, 'transfers' | 'cases' | 'store' | 'gatewayKey' | 'now'>

const AT_ONCE = 100

/**
 * Forwards everything that waits, oldest first, and returns how many transfers. After a break, it
 * sends only what has not arrived; after a lost answer, the gateway recognizes the statement.
 *
 * @throws what the line throws; the transfer then still waits
 */
export async function forwardWaiting(
  rooms: ForwardRooms,
  as: Identity,
  line: Line,
  signal?: AbortSignal,
): Promise<number> {
  let forwarded = 0
  for (;;) {
    const waiting = await rooms.transfers.sealed.waiting(AT_ONCE)
    for (const transfer of waiting) {
      signal?.throwIfAborted()
      await forward(rooms, as, line, transfer)
      forwarded += 1
    }
    if (waiting.length === 0) return forwarded
  }
}

async function forward(
  rooms: ForwardRooms,
  as: Identity,
  line: Line,
  transfer: Transfer,
): Promise<void> {
  const { sealed } = rooms.transfers
  const { stated, objects } = await sealed.describe(transfer, as, await joinedBy(rooms, transfer))
  const statement = writeSealed(stated)
  const signature = await signDetached(statement, rooms.gatewayKey, new Date(rooms.now()))
  const { wanted } = await line.begin({ statement, signature })
  for (const index of wanted) {
    const stored = objects.get(index)
    if (!stored) continue
    const octets = () => rooms.store.get(stored.object)
    await line.send({ transfer: transfer.id, index, size: stored.size, octets })
  }
  await line.complete(transfer.id)
  await sealed.handedOver(transfer, as, statement)
}

/** Late images join the case of the first transfer; the order of forwarding is that of arrival. */
async function joinedBy(
  { cases }: Pick<Rooms, 'cases'>,
  { id }: Transfer,
): Promise<string | undefined> {
  const row = await cases.find(id)
  const [view] = row ? await cases.views([row]) : []
  const first = view?.transfers[0]?.id
  return first === id ? undefined : first
}
