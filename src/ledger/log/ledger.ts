import { NocturneError } from '../../lib/errors.js'
import type { Db, State, Tx } from '../../state/index.js'
import type { Actor, EventInput, LedgerRow } from './events.js'
import { HASH_BYTES, TILE_WIDTH } from '../verify/merkle.js'
import { begin, checkEnd } from './opening.js'
import { formatProof } from '../verify/proof.js'
import { countEvents, queryEvents } from './query.js'
import { isIndex, isTile, readEntries, readEntry, readHead, readHeadFor } from './read.js'
import { recheck } from './recheck.js'
import { ensureIndex } from './reindex.js'
import { createRecorder } from './record.js'
import { createSigner } from '../published/signer.js'
import { createTrees, readTile } from './tiles.js'
import { createWriteCheck } from './write-check.js'
import type { Receipt, Recorded, EventQuery, VerifyReport } from './contract.js'

export interface Ledger {
  /**
   * Runs `change` and appends the events it returns, in one transaction. When the promise resolves,
   * both are durable; when it rejects, neither happened.
   *
   * Changes by all gateways on one database run one after another, and each sees the result of the
   * previous one. Waiting changes share a transaction, so `change` must await nothing but queries
   * on its `tx`. In particular it must not await the ledger, which would deadlock.
   *
   * @throws NocturneError `ledger_unavailable` when the entry cannot be written, `ledger_broken`
   *   when the log does not agree with its own checkpoint; errors from `change` are passed on
   *   unchanged
   */
  record<T>(
    change: (tx: Tx) => Promise<{ value: T; events: readonly [EventInput, ...EventInput[]] }>,
  ): Promise<Recorded<T>>
  /**
   * As `record`, for a change that may find nothing to do: without an event there is no entry.
   *
   * @returns the number of events recorded
   */
  recordAny(change: (tx: Tx) => Promise<readonly EventInput[]>): Promise<number>
  /** Records one event without a state change. */
  note(event: EventInput): Promise<Receipt>
  /**
   * Records that the ledger or a register is about to be read. Call it before the content is read.
   *
   * @param what the question, without any value that must not be in the ledger
   */
  noteRead(
    actor: Actor,
    what: NonNullable<EventInput['detail']>,
    patient?: Pick<EventInput, 'facility' | 'patient'>,
  ): Promise<Receipt>
  query(query: EventQuery): Promise<{ rows: readonly LedgerRow[]; next?: number }>
  /**
   * Counts the matching events among the first `size`; the result never changes for a given size.
   */
  count(query: EventQuery, size: number): Promise<number>
  /** The newest signed checkpoint, as a signed note (c2sp.org/tlog-checkpoint). */
  checkpoint(): Promise<string>
  /**
   * A receipt: the c2sp.org/tlog-proof of the entry at `index`. It uses the newest checkpoint
   * cosigned by witnesses if that includes the entry, and the newest of all otherwise. Its `extra`
   * line holds the entry, so the receipt can be verified without anything else.
   * @throws NocturneError `not_found`
   */
  proof(index: number): Promise<string>
  /**
   * Inclusion proof of the entry at `index` in the tree of the first `size` entries.
   * @throws NocturneError `not_found`
   */
  inclusion(index: number, size: number): Promise<readonly Uint8Array[]>
  /**
   * Consistency proof from the tree of `from` entries (at least 1) to the tree of `size` entries.
   * @throws NocturneError `not_found`
   */
  consistency(from: number, size: number): Promise<readonly Uint8Array[]>
  /**
   * Hash of the complete subtree whose first leaf is `index * 2^height`, in the tree of `size`
   * entries.
   * @throws NocturneError `not_found`
   */
  node(height: number, index: number, size: number): Promise<Uint8Array>
  /**
   * The hashes of one tile (c2sp.org/tlog-tiles); `width` is below 256 for a partial tile.
   * @throws NocturneError `not_found`
   */
  tile(level: number, n: number, width?: number): Promise<Buffer>
  /**
   * Yields the stored entries from `from` (inclusive) to `until` (exclusive) in order, without
   * holding them all in memory.
   */
  entries(from: number, until: number): AsyncIterable<{ index: number; bytes: Buffer }>
  /**
   * Recomputes every hash from the entries, and compares the tiles, the index and the checkpoint.
   */
  verify(): Promise<VerifyReport>
  /**
   * Checks that an event could be recorded now; cheap enough to call on every request.
   *
   * @throws NocturneError `ledger_unavailable`, or the reason why the ledger is halted
   */
  check(): Promise<void>
  /**
   * Refuses all further records with this error. Used when the database turns out not to be this
   * log's own.
   */
  halt(reason: NocturneError): void
  /** The log's public key as a signed-note verifier key (`NAME+HASH+KEY`). */
  readonly verifierKey: string
}

export interface LedgerOptions {
  readonly state: State
  /** Name of the gateway; the log's origin is `NAME/audit`. */
  readonly gateway: string
  /** Ed25519 private key of the log, as PKCS #8 in PEM. */
  readonly signingKey: string
  readonly now: () => number
}

/**
 * Opens the log in the database, or starts a new one.
 *
 * @throws NocturneError `ledger_broken` when the head, its checkpoint, the tiles and the last entry
 *   do not agree, or the checkpoint is not signed by this key; `site_invalid` for an invalid key or
 *   name; `database_unavailable`
 */
export async function createLedger(options: LedgerOptions): Promise<Ledger> {
  const { state, gateway, signingKey, now } = options
  const { db } = state
  const signer = createSigner(gateway, signingKey)
  await begin(state, signer)
  await checkEnd(state, signer)
  await ensureIndex(state)
  let halted: NocturneError | undefined
  const refuseWhenHalted = (): void => {
    if (halted) throw halted
  }
  const writeCheck = createWriteCheck(state, now)
  const append = createRecorder({
    state,
    signer,
    gateway,
    now,
    saw: (outcome) => writeCheck.saw(outcome),
  })
  const record: typeof append = async (change) => {
    refuseWhenHalted()
    return append(change)
  }
  return {
    verifierKey: signer.verifierKey,
    ...recording(record),
    ...proofs(db),
    query: (query) => queryEvents(db, query),
    count: (query, size) => countEvents(db, query, size),
    checkpoint: async () => (await readHead(db)).checkpoint,
    entries: (from, until) => readEntries(db, from, until),
    verify: () => recheck(db, signer),
    check: async () => {
      refuseWhenHalted()
      await writeCheck.check()
    },
    halt: (reason) => {
      halted ??= reason
    },
  }
}

/** Events are recorded with a state change in the same transaction, or alone. */
const recording = (
  record: ReturnType<typeof createRecorder>,
): Pick<Ledger, 'record' | 'recordAny' | 'note' | 'noteRead'> => ({
  record: async (change) => {
    let value: { readonly of: Awaited<ReturnType<typeof change>>['value'] } | undefined
    const receipts = await record(async (tx) => {
      const done = await change(tx)
      value = { of: done.value }
      return done.events
    })
    if (!value) throw new TypeError('a receipt without a change')
    return { value: value.of, receipts: [firstOf(receipts), ...receipts.slice(1)] }
  },
  recordAny: async (change) => {
    const nothing = new Error('nothing was done')
    try {
      const receipts = await record(async (tx) => {
        const [first, ...others] = await change(tx)
        if (!first) throw nothing
        return [first, ...others]
      })
      return receipts.length
    } catch (error) {
      if (error === nothing) return 0
      throw error
    }
  },
  note: async (event) => firstOf(await record([event])),
  noteRead: async (actor, detail, patient = {}) =>
    firstOf(await record([{ type: 'ledger.read', outcome: 0, actor, ...patient, detail }])),
})

/** The proofs that an entry is in the log, and that the log has only grown. */
function proofs(db: Db): Pick<Ledger, 'proof' | 'inclusion' | 'consistency' | 'node' | 'tile'> {
  const treeOf = createTrees(db)
  /** A log only grows, so the head need not be read again for the same tree. */
  let grown = 0
  const inclusion: Ledger['inclusion'] = async (index, size) => {
    if (size > grown) grown = (await readHead(db)).size
    if (!isIndex(index) || index >= size || size > grown) throw new NocturneError('not_found')
    return treeOf(size).inclusion(index)
  }
  return {
    inclusion,
    proof: async (index) => {
      const { size, checkpoint } = await readHeadFor(db, index)
      const path = await inclusion(index, size)
      const extra = await readEntry(db, index)
      return formatProof({ extra, index, path, checkpoint })
    },
    consistency: async (from, size) => {
      if (!isIndex(from) || from < 1 || from > size || size > (await readHead(db)).size)
        throw new NocturneError('not_found')
      return treeOf(size).consistency(from)
    },
    node: async (height, index, size) => {
      if (!isIndex(index) || (index + 1) * 2 ** height > size) throw new NocturneError('not_found')
      return treeOf(size).node(height, index)
    },
    tile: async (level, n, width = TILE_WIDTH) => {
      const hashes = isTile(level, n, width) ? await readTile(db, level, n) : undefined
      if (!hashes || hashes.length < width * HASH_BYTES) throw new NocturneError('not_found')
      return hashes.subarray(0, width * HASH_BYTES)
    },
  }
}

function firstOf(receipts: readonly Receipt[]): Receipt {
  const [first] = receipts
  if (!first) throw new TypeError('a change records one event or more')
  return first
}
