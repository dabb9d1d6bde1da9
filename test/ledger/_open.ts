/** Opens a ledger over a fresh SQLite file. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import type { EventInput, EventType } from '../../src/ledger/log/events.js'
import type { Ledger } from '../../src/ledger/log/ledger.js'
import { openState } from '../../src/state/index.js'
import type { State } from '../../src/state/index.js'

export const GATEWAY = 'gateway.example.org'

export interface OpenLedger {
  readonly url: string
  readonly state: State
  readonly ledger: Ledger
  readonly signingKey: string
  /** Opens the same log again. */
  readonly reopen: () => Promise<Ledger>
  readonly close: () => Promise<void>
}

/** Given the key of another log, it becomes a different history of the same log. */
export async function openLedger(key?: string): Promise<OpenLedger> {
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-ledger-'))
  const url = `sqlite:${join(dir, 'nocturne.db')}`
  const state = await openState(url)
  const signingKey = key ?? newLedgerKey(GATEWAY).privateKey
  const reopen = () => createLedger({ state, gateway: GATEWAY, signingKey, now: Date.now })
  return {
    url,
    state,
    ledger: await reopen(),
    signingKey,
    reopen,
    close: async () => {
      await state.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export const event = (values: Partial<EventInput> = {}): EventInput => ({
  type: 'transfer.claimed',
  outcome: 0,
  actor: { id: 'reader-1', role: 'reader', method: 'token', token: 'tk-1' },
  ...values,
})

/** Records `count` events in groups, numbered in their detail. */
export async function fill(ledger: Ledger, count: number): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const length = Math.min(500, count - from)
    const events = Array.from({ length }, (_, i) => event({ detail: { number: from + i } }))
    const [first, ...rest] = events
    if (first)
      await ledger.record(() => Promise.resolve({ value: undefined, events: [first, ...rest] }))
  }
}

export const MIXED_TYPES: readonly EventType[] = [
  'transfer.begun',
  'download.begun',
  'access.refused',
]

/** Records `count` events that differ in everything that filters examine, and in `values`. */
export async function fillMixed(
  ledger: Ledger,
  count: number,
  values: (i: number) => Partial<EventInput>,
): Promise<void> {
  const notes = Array.from({ length: count }, (_, i) =>
    ledger.note(
      event({
        type: MIXED_TYPES[i % 3]!,
        outcome: i % 5 === 0 ? 8 : 0,
        actor: { id: `reader-${i % 4}`, role: 'reader' },
        ...(i % 2 === 0 && { facility: `facility-${i % 6}` }),
        ...(i % 7 === 0 && { transfer: `t${i % 3}` }),
        ...values(i),
      }),
    ),
  )
  await Promise.all(notes)
}
