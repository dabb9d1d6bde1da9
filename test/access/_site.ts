import { keepEventTypesOf } from '../_event-types.js'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLedger } from '../../src/ledger/log/ledger.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import type { Ledger } from '../../src/ledger/log/ledger.js'
import { alertOf, createRowGuard } from '../../src/ledger/rows/index.js'
import type { RowGuard } from '../../src/ledger/rows/index.js'
import { openState } from '../../src/state/index.js'
import type { State } from '../../src/state/index.js'

/** A real database with a real ledger, and a clock that advances only when told to. */
export interface TestSite {
  readonly dir: string
  readonly state: State
  readonly ledger: Ledger
  readonly guard: RowGuard
  readonly clock: { readonly now: () => number; pass(ms: number): void }
  /** The events recorded so far, oldest first. */
  events(): Promise<readonly EventInput[]>
  close(): Promise<void>
}

/** PEM of a new ledger key. */
export const newSigningKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** Uses a new database, or one shared with other gateways that have the same signing key. */
export async function openTestSite(shared?: {
  readonly url: string
  readonly signingKey: string
}): Promise<TestSite> {
  const dir = await mkdtemp(join(tmpdir(), 'access-'))
  const state = await openState(shared?.url ?? `sqlite:${join(dir, 'nocturne.db')}`)
  let time = Date.now()
  const now = () => time
  const signingKey = shared?.signingKey ?? newSigningKey()
  const ledger = await createLedger({ state, gateway: 'gateway.test', signingKey, now })
  const alert = (mismatch: Parameters<typeof alertOf>[0]) => ledger.note(alertOf(mismatch))
  return {
    dir,
    state,
    ledger,
    guard: createRowGuard({ ledger, siteSecret: signingKey, alert }),
    clock: { now, pass: (ms) => (time += ms) },
    events: async () => (await ledger.query({ limit: 1_000 })).rows.map(({ entry }) => entry),
    close: async () => {
      await keepEventTypesOf(state)
      await state.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
