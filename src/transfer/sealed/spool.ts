/**
 * At an edge: what is sealed and waits for the gateway, and how much of it there may be. A full
 * spool refuses what is new; what it has taken stays until the gateway has it.
 */
import { NocturneError } from '../../lib/errors.js'
import type { SealedStream } from '../../seal/index.js'
import type { Db } from '../../state/index.js'
import type { ObjectStore, StoredItem } from '../../store/index.js'
import type { TransferRooms } from '../rooms.js'

export interface SpoolView {
  /** Complete, and not taken over by the gateway. */
  readonly transfers: number
  /** Sealed bytes, also of studies that are still arriving. */
  readonly bytes: number
  /** When the oldest of the transfers was completed, in milliseconds since 1970. */
  readonly oldestAt?: number
  /** Items that were held back and wait for a person of the facility. */
  readonly held: number
}

/** The line to the gateway, as the process that forwards knows it. */
export interface LineView {
  /** When the gateway last answered, in milliseconds since 1970; undefined before that. */
  readonly reachedAt?: number | undefined
  /** Code of what keeps the edge from forwarding now. */
  readonly problem?: string | undefined
  /** Transfers that the gateway refuses for a reason that will not pass without a person. */
  readonly refused: readonly RefusedTransfer[]
}

export interface RefusedTransfer {
  readonly transfer: string
  readonly code: string
}

/** What an edge keeps and how it stands with its gateway. */
export interface EdgeState {
  readonly gateway: string
  readonly spool: SpoolView & { readonly limit?: number | undefined }
  readonly line: LineView
}

export async function spooled({ state: { db } }: Pick<TransferRooms, 'state'>): Promise<SpoolView> {
  const waiting = await db
    .selectFrom('transfers')
    .where('state', '=', 'available')
    .where('id', 'not in', db.selectFrom('sealed_transfers').select('transfer'))
    .select(({ fn }) => [fn.countAll<number>().as('count'), fn.min('available_at').as('oldest')])
    .executeTakeFirstOrThrow()
  const { bytes } = await db
    .selectFrom('items')
    .innerJoin('transfers', 'transfers.id', 'items.transfer')
    .where('transfers.state', 'in', ['receiving', 'available'])
    .where('items.object', 'is not', null)
    .select(({ fn }) => fn.sum<number | null>('items.sealed_size').as('bytes'))
    .executeTakeFirstOrThrow()
  const { held } = await db
    .selectFrom('quarantine')
    .where('state', '=', 'held')
    .select(({ fn }) => fn.countAll<number>().as('held'))
    .executeTakeFirstOrThrow()
  return {
    held,
    transfers: waiting.count,
    bytes: bytes ?? 0,
    ...(waiting.oldest !== null && { oldestAt: waiting.oldest }),
  }
}

export interface Spool {
  /** @throws NocturneError `spool_full` */
  expectRoom(): Promise<void>
  /** The store of items, as long as there is room. @throws NocturneError `spool_full` */
  put(key: string, sealed: SealedStream): Promise<StoredItem>
  /** The store for everything else; what is deleted through it takes no room any more. */
  readonly store: ObjectStore
}

/** The database is asked at most this often. */
const REFRESH_MS = 2_000
const KEYS_AT_ONCE = 500

/** @param limit in bytes */
export function createSpool(
  { state, store, now }: Pick<TransferRooms, 'state' | 'now'> & { readonly store: ObjectStore },
  limit: number,
): Spool {
  // Stored already, while their upload is not committed.
  const unnamed = new Map<string, number>()
  let known = { bytes: 0, at: -Infinity }

  const used = async (): Promise<number> => {
    if (now() - known.at >= REFRESH_MS || now() < known.at) {
      const at = now()
      for (const key of await namedIn(state.db, [...unnamed.keys()])) unnamed.delete(key)
      known = { bytes: (await spooled({ state })).bytes, at }
    }
    return [...unnamed.values()].reduce((sum, size) => sum + size, known.bytes)
  }
  const expectRoom = async (): Promise<void> => {
    if ((await used()) >= limit) throw new NocturneError('spool_full')
  }
  return {
    expectRoom,
    put: async (key, sealed) => {
      await expectRoom()
      const stored = await store.put(key, sealed)
      unnamed.set(key, stored.size)
      return stored
    },
    store: watchDeletes(store, (key) => void unnamed.delete(key)),
  }
}

const watchDeletes = (store: ObjectStore, deleted: (key: string) => void): ObjectStore => ({
  kind: store.kind,
  put: (key, sealed) => store.put(key, sealed),
  get: (key, range) => store.get(key, range),
  size: (key) => store.size(key),
  delete: async (key) => {
    await store.delete(key)
    deleted(key)
  },
  list: (prefix) => store.list(prefix),
  sweepPartial: (olderThanMs, now) => store.sweepPartial(olderThanMs, now),
  check: () => store.check(),
  close: () => store.close(),
})

/** Those of the objects that a row names; a key begins with `t/` and its transfer. */
async function namedIn(db: Db, keys: readonly string[]): Promise<readonly string[]> {
  const named: string[] = []
  for (let at = 0; at < keys.length; at += KEYS_AT_ONCE) {
    const some = keys.slice(at, at + KEYS_AT_ONCE)
    const transfers = [...new Set(some.map((key) => key.split('/')[1] ?? ''))]
    const rows = await db
      .selectFrom('items')
      .where('transfer', 'in', transfers)
      .where('object', 'in', some)
      .select('object')
      .execute()
    named.push(...rows.flatMap(({ object }) => object ?? []))
  }
  return named
}
