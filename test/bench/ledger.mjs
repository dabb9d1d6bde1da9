/**
 * The ledger: durable appends, and what an officer does with a million events. Run by
 * test/bench/main.mjs.
 *
 *   npm run bench -- ledger [--json]        NOCTURNE_BENCH_EVENTS sets the size of the log
 */
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

const EVENTS = Number(process.env.NOCTURNE_BENCH_EVENTS ?? 1_000_000)
const CALLERS = 32

const module = (path) => import(new URL(`../../dist/${path}.js`, import.meta.url).href)
const load = (room) => module(`${room}/index`)

export async function run({ json = false } = {}) {
  const [{ createLedger, newLedgerKey, reindex }, { openState }] = await Promise.all(
    ['ledger', 'state'].map(load),
  )
  const dir = await mkdtemp(join(tmpdir(), 'nocturne-bench-ledger-'))
  const state = await openState(`sqlite:${join(dir, 'ledger.db')}`)
  try {
    const { privateKey: signingKey } = newLedgerKey('gateway.example.org')
    const ledger = await createLedger({
      state,
      gateway: 'gateway.example.org',
      signingKey,
      now: Date.now,
    })
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
    Object.assign(results, await exported(ledger, join(dir, 'ledger.zip')))
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

/** Transfers of ten events each, with one of ten thousand patients and fifty people. */
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
    ...(/^(item|download)\./.test(type) && { patient: `patient-${transfer % 10_000}` }),
    detail: { number: i, digest: 'a'.repeat(64) },
  }
}

/**
 * Exports everything as a ZIP with a CSV and one proof to a file, and verifies that file as its
 * holder would.
 */
async function exported(ledger, path) {
  const [{ formatPolicy, nodeCrypto, packageMembers, verifyPackage }, { zipOf }, { openZipFile }] =
    await Promise.all([load('ledger'), module('lib/zip'), module('cli/zip-file')])
  const actor = { id: 'officer-1', role: 'officer', method: 'token' }
  const type = 'ledger.exported'
  const detail = { what: 'events', format: 'csv', query: {} }
  const receipt = await ledger.note({ type, outcome: 0, actor, detail })
  const source = { origin: 'https://gateway.example.org' }
  const policy = formatPolicy(ledger.verifierKey, [])
  const page = Buffer.alloc(0)
  const asked = { query: {}, format: 'csv', actor, receipt, source, policy, page, witnessMs: 0 }
  const written = await watched(async () => {
    const members = await packageMembers(ledger, asked)
    await pipeline(zipOf(members), createWriteStream(path))
  })
  const crypto = nodeCrypto
  const trustedKey = ledger.verifierKey
  const read = await watched(() =>
    openZipFile(path, (files) => verifyPackage(files, { crypto, trustedKey })),
  )
  return {
    exportSeconds: written.seconds,
    exportAddsMiB: written.addsMiB,
    exportMiB: Math.round((await stat(path)).size / 2 ** 20),
    exportVerifySeconds: read.seconds,
    exportVerifyAddsMiB: read.addsMiB,
    exportVerifyOk: read.value.ok,
  }
}

/** Time, and the peak memory of the process above what it had before. */
async function watched(work) {
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 50)
  const { value, seconds } = await timed(work)
  clearInterval(timer)
  return { value, seconds, addsMiB: Math.round((most - before) / 2 ** 20) }
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
