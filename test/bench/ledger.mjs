/**
 * The ledger: durable appends, and what an officer does with a million events. Run by test/bench/main.mjs.
 *
 *   npm run bench -- ledger [--json]        NOCTURNE_BENCH_EVENTS sets the size of the log
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const EVENTS = Number(process.env.NOCTURNE_BENCH_EVENTS ?? 1_000_000)
const CALLERS = 32

const load = (room) => import(new URL(`../../dist/${room}/index.js`, import.meta.url).href)

export async function run({ json = false } = {}) {
  const [{ createLedger, newLedgerKey, reindex }, { openState }] = await Promise.all(
    ['ledger', 'state'].map(load),
  )
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-bench-ledger-'))
  const state = await openState(`sqlite:${join(dir, 'ledger.db')}`)
  try {
    const { privateKey: signingKey } = newLedgerKey('gateway.example.org')
    const ledger = await createLedger({ state, gateway: 'gateway.example.org', signingKey })
    const results = {
      events: EVENTS,
      appendsPerSecond: await appends(ledger),
    }
    await fill(ledger)
    const actor = 'reader-7'
    results.patientQueryMs = await median(() =>
      ledger.query({ touching: ['patient-77'], limit: 100 }),
    )
    results.personQueryMs = await median(() => ledger.query({ actor, limit: 100 }))
    results.unendedCountMs = await median(() => ledger.count({ question: 'unended' }, EVENTS), 3)
    const before = process.memoryUsage().rss
    const verified = await timed(() => ledger.verify())
    results.verifySeconds = verified.seconds
    results.verifyOk = verified.value.ok
    results.verifyAddsMiB = Math.round((process.memoryUsage().rss - before) / 2 ** 20)
    results.rssMiB = Math.round(process.memoryUsage().rss / 2 ** 20)
    await state.transaction((tx) =>
      tx
        .updateTable('events')
        .set({ event_id: null, related: null, group_id: null, actor: null })
        .execute(),
    )
    results.reindexSeconds = (await timed(() => reindex(state))).seconds
    print(results, json)
    return results
  } finally {
    await state.close()
    await rm(dir, { recursive: true, force: true })
  }
}

async function appends(ledger) {
  const seconds = 3
  const until = performance.now() + seconds * 1_000
  let count = 0
  const caller = async () => {
    while (performance.now() < until) {
      await ledger.note(eventOf(count))
      count += 1
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return Math.round(count / seconds)
}

async function fill(ledger) {
  const size = Number((await ledger.checkpoint()).split('\n')[1])
  for (let from = size; from < EVENTS; from += 2_000) {
    const events = Array.from({ length: Math.min(2_000, EVENTS - from) }, (_, i) =>
      eventOf(from + i),
    )
    await ledger.record(() => Promise.resolve({ value: undefined, events }))
  }
}

/** Transfers of ten events, a patient each of ten thousand, fifty people. */
function eventOf(i) {
  const types = [
    'transfer.begun',
    'item.accepted',
    'item.accepted',
    'item.accepted',
    'transfer.available',
  ]
  types.push(
    'transfer.claimed',
    'download.begun',
    'download.ended',
    'transfer.acknowledged',
    'transfer.listed',
  )
  const transfer = Math.floor(i / 10)
  const type = types[i % 10]
  return {
    type,
    outcome: 0,
    actor: { id: `reader-${transfer % 50}`, role: 'reader', method: 'token', token: 'tk' },
    facility: `facility-${transfer % 20}`,
    group: 'nights',
    transfer: `transfer-${transfer}`,
    ...(type === 'item.accepted' && { patient: `patient-${transfer % 10_000}` }),
    detail: { number: i, digest: 'a'.repeat(64) },
  }
}

async function timed(work) {
  const started = performance.now()
  const value = await work()
  return { value, seconds: Math.round((performance.now() - started) / 100) / 10 }
}

async function median(work, times = 21) {
  const all = []
  for (let i = 0; i < times; i++) {
    const started = performance.now()
    await work()
    all.push(performance.now() - started)
  }
  all.sort((a, b) => a - b)
  return Math.round(all[Math.floor(times / 2)] * 10) / 10
}

function print(results, json) {
  if (json) return
  for (const [name, value] of Object.entries(results)) console.log(`${name.padEnd(20)} ${value}`)
}
