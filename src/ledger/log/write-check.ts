/**
 * Whether the ledger can be written now. A route that records nothing would go on answering on a
 * full disk; with this it is closed like the others. What it costs is one small commit a second,
 * and none while events are recorded.
 */
import { randomBytes } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import type { State } from '../../state/index.js'

export interface WriteCheck {
  /** An entry has just been committed, or could not be. */
  saw(outcome: 'written' | 'failed'): void
  /** @throws NocturneError `ledger_unavailable` */
  check(): Promise<void>
}

/** For so long the last answer holds. */
const FRESH_MS = 1_000

/**
 * After a failure there must be room for many events, not for one: a disk with a few blocks left
 * would open the gateway only for the next request to close it again.
 */
const BALLAST_BYTES = 256 * 1024

export function createWriteCheck(state: State, now: () => number): WriteCheck {
  let last: { readonly at: number; readonly isGood: boolean } | undefined
  let underWay: Promise<void> | undefined

  const settle = (isGood: boolean): void => {
    last = { at: performance.now(), isGood }
  }
  const probe = async (): Promise<void> => {
    try {
      // Random, so that PostgreSQL does not compress it away.
      if (last?.isGood === false) await write(state, now(), randomBytes(BALLAST_BYTES))
      await write(state, now(), null)
      settle(true)
    } catch (cause) {
      settle(false)
      throw new NocturneError('ledger_unavailable', { cause })
    }
  }

  return {
    saw: (outcome) => settle(outcome === 'written'),
    check: async () => {
      if (last && performance.now() - last.at < FRESH_MS) {
        if (last.isGood) return
        throw new NocturneError('ledger_unavailable')
      }
      underWay ??= probe().finally(() => {
        underWay = undefined
      })
      await underWay
    },
  }
}

async function write(state: State, at: number, ballast: Buffer | null): Promise<void> {
  await state.transaction((tx) =>
    tx
      .insertInto('write_checks')
      .values({ id: 1, at, ballast })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ at, ballast }))
      .execute(),
  )
}
