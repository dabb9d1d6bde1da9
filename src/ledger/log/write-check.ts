/**
 * Checks whether the ledger is writable. Without this check, routes that record nothing would keep
 * answering while the disk is full. It costs one small commit per second at most, and none while
 * events are being recorded.
 */
import { randomBytes } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import type { State } from '../../state/index.js'

export interface WriteCheck {
  /** Tells the check that an entry was committed, or could not be. */
  saw(outcome: 'written' | 'failed'): void
  /** @throws NocturneError `ledger_unavailable` */
  check(): Promise<void>
}

/** How long a result stays valid. */
const FRESH_MS = 1_000

/**
 * After a failure, space for many events is required, not just one. On a disk with only a few
 * blocks left, the gateway would otherwise recover and fail again with each request.
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
      // Random bytes, which PostgreSQL cannot compress.
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
