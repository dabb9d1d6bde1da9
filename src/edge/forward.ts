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

export interface ForwardOptions {
  readonly signal?: AbortSignal
  /** Transfers that are left for another time. */
  readonly skips?: ReadonlySet<string>
  /** What to do about a failure: if it returns, the next transfer follows; otherwise it throws. */
  readonly failed?: (transfer: string, error: unknown) => void
}

/**
 * Forwards everything that waits, oldest first, and returns how many transfers. After a break, it
 * sends only what has not arrived; after a lost answer, the gateway recognizes the statement.
 *
 * @throws what the line throws, unless `failed` takes it; the transfer then still waits
 */
export async function forwardWaiting(
  rooms: ForwardRooms,
  as: Identity,
  line: Line,
  { signal, skips = new Set(), failed = rethrow }: ForwardOptions = {},
): Promise<number> {
  const left = new Set(skips)
  let forwarded = 0
  for (;;) {
    const oldest = await rooms.transfers.sealed.waiting(AT_ONCE + left.size)
    const waiting = oldest.filter(({ id }) => !left.has(id))
    if (waiting.length === 0) return forwarded
    for (const transfer of waiting) {
      signal?.throwIfAborted()
      try {
        await forward(rooms, as, line, transfer)
        forwarded += 1
      } catch (error) {
        failed(transfer.id, error)
        left.add(transfer.id)
      }
    }
  }
}

function rethrow(_transfer: string, error: unknown): never {
  throw error
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
