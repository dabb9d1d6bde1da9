/**
 * Every write of the ledger's database fails, or is the last one before a kill: strace changes the
 * system's response to a real process. NOCTURNE_TEST_EVERY_WRITE=1 tests all of them; by default a
 * fixed sample is tested.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile, spawn } from 'node:child_process'
import { copyFile, cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { newLedgerKey } from '../../src/ledger/published/signer.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { proposePruning, prune } from '../../src/ledger/retention/prune.js'
import { verifyPublished } from '../../src/ledger/verify/verify-published.js'
import { openState } from '../../src/state/index.js'
import { openLogFiles } from '../../src/store/index.js'
import { buildCli } from '../cli/_cli.js'
import { event, fill, GATEWAY } from '../ledger/_open.js'

const CALLS = 'pwrite64,pwritev,write,fsync,fdatasync,ftruncate'
const EVERY = process.env.NOCTURNE_TEST_EVERY_WRITE === '1'
const YEARS = 6
const BEGIN = Date.parse('2026-01-01T00:00:00Z')
const LATER = BEGIN + (YEARS * 366 + 1) * 86_400_000

/**
 * Twelve changes with two events each, one after another; each is printed when it is acknowledged.
 */
const RECORD = `
import { writeSync } from 'node:fs'
const { DIST, URL_, KEY, GATEWAY } = process.env
const { openState } = await import(DIST + '/state/index.js')
const { createLedger } = await import(DIST + '/ledger/log/index.js')
const open = async () => {
  const state = await openState(URL_)
  return { state, ledger: await createLedger({ state, gateway: GATEWAY, signingKey: KEY, now: Date.now }) }
}
let opened
for (let i = 0; i < 12; i++) {
  const nonce = 'n' + i
  const entry = { type: 'item.accepted', outcome: 0, actor: { id: 'a', role: 'sender' }, detail: { nonce } }
  try {
    opened ??= await open()
    const { receipts } = await opened.ledger.record(async (tx) => {
      await tx.insertInto('challenges').values({ nonce, principal: 'p', expires_at: 1 }).execute()
      return { value: undefined, events: [entry, entry] }
    })
    for (const { index } of receipts) writeSync(1, index + ' ' + nonce + '\\n')
  } catch (error) {
    writeSync(1, 'failed ' + error.code + '\\n')
  }
}
await opened?.state.close()
`

/** Prunes the proposed entries. */
const PRUNE = `
const { DIST, URL_, KEY, GATEWAY, FILES, NOW } = process.env
const { openState } = await import(DIST + '/state/index.js')
const { createLedger } = await import(DIST + '/ledger/log/index.js')
const { createPublisher } = await import(DIST + '/ledger/published/index.js')
const { prune } = await import(DIST + '/ledger/retention/index.js')
const { openLogFiles } = await import(DIST + '/store/index.js')
const state = await openState(URL_)
const now = () => Number(NOW)
const ledger = await createLedger({ state, gateway: GATEWAY, signingKey: KEY, now })
const files = await openLogFiles({ kind: 'files', path: FILES })
const { verifierKey } = ledger
const publisher = createPublisher({ state, files, verifierKey, holder: 'child', now, keepMs: 1 })
await prune({ state, ledger, files, publisher, now, years: ${YEARS} }, { id: 'site', role: 'operator' }, 'child')
await state.close()
`

const run = promisify(execFile)
const missing = await run('strace', ['-qq', '-f', '-e', 'trace=none', 'true']).then(
  () => undefined,
  () => 'needs strace, and leave to trace',
)
const suite = missing === undefined ? describe : describe.skip
const table: string[] = []

suite(`writes that fail${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const key = newLedgerKey(GATEWAY).privateKey
  let dir: string
  let dist: string
  let writes: { record: number; prune: number }

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'nocturne-writes-'))
    dist = join(dirname(await buildCli()), '..')
    const { state, ledger, publisher } = await openAt('start.db', BEGIN)
    await fill(ledger, 900)
    await publisher.publish()
    await state.close()
    // The log to be pruned is six years older.
    await copySite('start.db', 'old.db')
    const old = await openAt('old.db', LATER)
    const options = { ...old, years: YEARS }
    await proposePruning(options, { id: 'officer-1', role: 'officer' })
    await old.state.close()
    writes = {
      record: (await trace(RECORD, 'start.db', 'none')).writes,
      prune: (await trace(PRUNE, 'old.db', 'none')).writes,
    }
    expect(writes.record).toBeGreaterThan(40)
    expect(writes.prune).toBeGreaterThan(10)
  }, 120_000)
  afterAll(async () => {
    await rm(dir, { recursive: true, force: true })
    console.log(['writes of the ledger that failed', ...table].join('\n'))
  })

  /** Opens it with a clock that does not move. */
  async function openAt(name: string, time: number) {
    const state = await openState(`sqlite:${join(dir, name)}`)
    const now = () => time
    const ledger = await createLedger({ state, gateway: GATEWAY, signingKey: key, now })
    const files = await openLogFiles({ kind: 'files', path: objectsOf(name) })
    const { verifierKey } = ledger
    const publisher = createPublisher({ state, files, verifierKey, holder: 'p', now, keepMs: 1 })
    return { state, ledger, now, files, publisher }
  }

  const objectsOf = (name: string) => join(dir, `${name}.objects`)

  /** The database and its published log. */
  async function copySite(from: string, to: string): Promise<void> {
    await copyFile(join(dir, from), join(dir, to))
    await rm(objectsOf(to), { recursive: true, force: true })
    await cp(objectsOf(from), objectsOf(to), { recursive: true })
  }

  /** Runs the work on a copy of the database, with the fault injected. */
  async function trace(work: string, from: string, inject: string) {
    const name = 'work.db'
    const path = join(dir, name)
    await rm(`${path}-wal`, { force: true })
    await rm(`${path}-shm`, { force: true })
    await copySite(from, name)
    const log = join(dir, 'trace')
    const words = [
      ...['-f', '-qq', '-o', log, '-e', `trace=${CALLS}`, '-P', path, '-P', `${path}-wal`],
      ...(inject === 'none' ? [] : ['-e', `inject=${CALLS}:${inject}`]),
      ...[process.execPath, '--input-type=module', '-e', work],
    ]
    const child = spawn('strace', words, {
      env: {
        ...process.env,
        DIST: dist,
        URL_: `sqlite:${path}`,
        KEY: key,
        GATEWAY,
        FILES: objectsOf(name),
        NOW: String(LATER),
      },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
    await new Promise((resolve) => child.once('close', resolve))
    const lines = (await readFile(log, 'utf8')).split('\n').slice(0, -1)
    const injected = lines.filter((line) => /INJECTED|killed by SIGKILL/.test(line)).length
    return { name, said: out.split('\n').slice(0, -1), writes: lines.length, injected }
  }

  const some = (count: number, points: readonly number[]) =>
    EVERY
      ? Array.from({ length: count }, (_, i) => i + 1)
      : points.map((share) => Math.max(1, Math.round(share * count)))

  /** The number of writes varies slightly between runs, so the last ones may not be reached. */
  const isReached = (injected: number, n: number, count: number): boolean => {
    if (n < 0.95 * count) expect(injected).toBeGreaterThan(0)
    return injected > 0
  }

  async function expectWhole(what: string, inject: string, n = 0): Promise<void> {
    const { name, said, injected } = await trace(RECORD, 'start.db', inject)
    if (!isReached(injected, n, writes.record)) return
    const acknowledged = said.filter((line) => /^\d/.test(line))
    const { state, ledger } = await openAt(name, BEGIN)
    const report = await ledger.verify()
    expect(report).toMatchObject({ ok: true })
    const nonces: unknown[] = []
    for await (const { index, bytes } of ledger.entries(0, report.size)) {
      expect(index).toBe(nonces.length)
      nonces.push((JSON.parse(bytes.toString()) as { detail: { nonce?: string } }).detail.nonce)
    }
    expect(nonces).toHaveLength(report.size)
    for (const line of acknowledged) {
      const [index, nonce] = line.split(' ')
      expect(nonces[Number(index)]).toBe(nonce)
    }
    // The state change exists if and only if its events do.
    const rows = await state.db.selectFrom('challenges').select('nonce').execute()
    expect(rows.map((row) => row.nonce).sort()).toEqual(
      [...new Set(nonces.filter((nonce) => nonce !== undefined))].sort(),
    )
    await ledger.note(event())
    await expect(ledger.verify()).resolves.toMatchObject({ ok: true, size: report.size + 1 })
    await state.close()
    table.push(
      `  ${what.padEnd(34)} ${acknowledged.length} acknowledged, ${report.size - 900} there, holds`,
    )
  }

  it.each(['EIO', 'ENOSPC'])(
    '%s: nothing acknowledged is missing, there is no gap, and the log goes on',
    async (error) => {
      if (EVERY)
        for (const n of some(writes.record, []))
          await expectWhole(`${error} at write ${n}`, `error=${error}:when=${n}`, n)
      // Several faults in one run: the process continues after each.
      for (const [first, step] of [
        [57, 97],
        [5, 131],
      ] as const)
        await expectWhole(
          `${error} at write ${first} and every ${step}`,
          `error=${error}:when=${first}+${step}`,
        )
    },
    EVERY ? 1_800_000 : 120_000,
  )

  it(
    'a kill at a write: the same',
    async () => {
      for (const n of some(writes.record, [0.01, 0.3, 0.55, 0.8]))
        await expectWhole(`kill at write ${n}`, `signal=KILL:when=${n}`, n)
    },
    EVERY ? 1_800_000 : 120_000,
  )

  it(
    'a kill while the log is pruned: it verifies, and the next run finishes',
    async () => {
      for (const n of some(writes.prune, [0.2, 0.5, 0.9])) {
        const { name, injected } = await trace(PRUNE, 'old.db', `signal=KILL:when=${n}`)
        if (!isReached(injected, n, writes.prune)) continue
        // By then, a minute later, the dead process's lease has expired.
        const { state, ledger, files, ...opened } = await openAt(name, LATER + 120_000)
        const published = () => verifyPublished(files, ledger.verifierKey, nodeCrypto)
        const before = await ledger.verify()
        expect([before, await published()]).toMatchObject([{ ok: true }, { ok: true }])
        const options = { state, ledger, files, ...opened, years: YEARS }
        await prune(options, { id: 'site', role: 'operator' }, 'b')
        const after = await ledger.verify()
        const pruned = { ok: true, pruned: [[0, 768]] }
        expect([after, await published()]).toMatchObject([pruned, pruned])
        table.push(
          `  kill at write ${n} of pruning: ${before.pruned ? 'pruned' : 'not pruned'}, holds`,
        )
        await state.close()
      }
    },
    EVERY ? 1_800_000 : 120_000,
  )
})
