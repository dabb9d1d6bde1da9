/** `record`: commits changes together with their events, several callers per transaction. */
import { NocturneError } from '../../lib/errors.js'
import { breathe } from '../../lib/pace.js'
import type { Attempt, State, Tx } from '../../state/index.js'
import { appendEntries, lockHead } from './append.js'
import type { Head } from './append.js'
import { makeEntry } from './entry.js'
import type { NewEntry } from './entry.js'
import type { EventInput } from './events.js'
import { createGroup } from './group.js'
import type { Receipt } from './contract.js'
import type { Signer } from '../published/signer.js'

/**
 * A function that makes a change and returns its events, or just the events when there is nothing
 * else to change.
 */
export type Change = ((tx: Tx) => Promise<readonly EventInput[]>) | readonly EventInput[]

export interface RecorderOptions {
  readonly state: State
  readonly signer: Signer
  readonly gateway: string
  readonly now: () => number
  /** Called with the result of each commit. */
  readonly saw: (outcome: 'written' | 'failed') => void
}

/**
 * The returned function resolves with the receipts of the events, in order, once change and events
 * are durable.
 */
export function createRecorder(options: RecorderOptions): (change: Change) => Promise<Receipt[]> {
  const { state, signer, saw } = options
  let known: Head | undefined

  return createGroup(async (changes: readonly Change[]) => {
    try {
      const { head, outcomes } = await state.transaction(async (tx) => {
        const before = await lockHead(state, tx, signer, known)
        const made = await applyChanges(tx, changes, options)
        const entries = made.flatMap((one) => (one.ok ? one.value : []))
        const after = entries.length > 0 ? await appendEntries(tx, signer, before, entries) : before
        return { head: after, outcomes: toReceipts(made, before.frontier.size) }
      })
      // If every change in the group was refused, nothing was written and the commit says nothing
      // about the disk.
      if (outcomes.some(({ ok }) => ok)) saw('written')
      known = head
      return outcomes
    } catch (error) {
      /**
       * Individual refusals were based on a state that was never committed, so the failure applies
       * to all changes.
       */
      if (error instanceof NocturneError && error.code === 'ledger_broken') throw error
      saw('failed')
      throw new NocturneError('ledger_unavailable', { cause: error })
    }
  })
}

/**
 * Applies each change separately: one that throws is undone alone, and its caller gets the error.
 */
async function applyChanges(
  tx: Tx,
  changes: readonly Change[],
  { state, gateway, now }: RecorderOptions,
): Promise<readonly Attempt<readonly NewEntry[]>[]> {
  const made: Attempt<readonly NewEntry[]>[] = []
  const entriesOf = async (events: readonly EventInput[]) => {
    const entries: NewEntry[] = []
    for (const event of events) {
      entries.push(makeEntry(event, gateway, now()))
      await breathe()
    }
    return entries
  }
  for (const change of changes) {
    made.push(
      typeof change === 'function'
        ? await state.attempt(tx, async () => entriesOf(await change(tx)))
        : await attemptAlone(() => entriesOf(change)),
    )
  }
  return made
}

async function attemptAlone<T>(make: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await make() }
  } catch (reason) {
    return { ok: false, reason }
  }
}

function toReceipts(
  made: readonly Attempt<readonly NewEntry[]>[],
  first: number,
): readonly Attempt<Receipt[]>[] {
  let index = first
  return made.map((one) =>
    one.ok
      ? { ok: true, value: one.value.map(({ id }) => ({ index: index++, id }) as Receipt) }
      : one,
  )
}
