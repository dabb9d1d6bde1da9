/** `record`: changes and their events, committed together, several callers to a transaction. */
import { NocturneError } from '../../lib/errors.js'
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
 * A change, which answers its events; or the events alone, when there is nothing else to change.
 */
export type Change = ((tx: Tx) => Promise<readonly EventInput[]>) | readonly EventInput[]

export interface RecorderOptions {
  readonly state: State
  readonly signer: Signer
  readonly gateway: string
  readonly now: () => number
  /** Told how each commit ended. */
  readonly saw: (outcome: 'written' | 'failed') => void
}

/** Answers the receipts of the events, in their order, when change and events are durable. */
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
      // One whose changes were all refused wrote nothing, and says nothing of the disk.
      if (outcomes.some(({ ok }) => ok)) saw('written')
      known = head
      return outcomes
    } catch (error) {
      /**
       * Refusals of single changes were seen in a state that never came to be, so the failure is
       * everybody's.
       */
      if (error instanceof NocturneError && error.code === 'ledger_broken') throw error
      saw('failed')
      throw new NocturneError('ledger_unavailable', { cause: error })
    }
  })
}

/** Each change by itself: one that throws is undone alone, and its caller gets what it threw. */
async function applyChanges(
  tx: Tx,
  changes: readonly Change[],
  { state, gateway, now }: RecorderOptions,
): Promise<readonly Attempt<readonly NewEntry[]>[]> {
  const made: Attempt<readonly NewEntry[]>[] = []
  const entriesOf = (events: readonly EventInput[]) =>
    events.map((event) => makeEntry(event, gateway, now()))
  for (const change of changes) {
    made.push(
      typeof change === 'function'
        ? await state.attempt(tx, async () => entriesOf(await change(tx)))
        : attemptAlone(() => entriesOf(change)),
    )
  }
  return made
}

function attemptAlone<T>(make: () => T): Attempt<T> {
  try {
    return { ok: true, value: make() }
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
