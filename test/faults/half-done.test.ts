/**
 * A gateway, or a command on its site, is killed at a write during one action. After the next start
 * the action was done completely or not at all, and completely if that was acknowledged.
 * NOCTURNE_TEST_EVERY_WRITE=1 kills at every write.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { cp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { GatewayClient } from '../../src/cli/client.js'
import { addRecipient, removeRecipient } from '../../src/cli/reader/rewrap.js'
import { openSite } from '../../src/cli/site/site.js'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { openState } from '../../src/state/index.js'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { makeReader, setReaders } from '../whole-way/_people.js'
import { builtCommand } from '../_built.js'
import { signRelease } from '../whole-way/_release.js'
import { makeStudy } from '../whole-way/_study.js'
import { inspectSite } from './_site-state.js'
import { runTraced, straceMissing, watch } from './_strace.js'

const EVERY = process.env.NOCTURNE_TEST_EVERY_WRITE === '1'
/** The points in an action at which to kill, as fractions of its writes. */
const SHARES = [0.2, 0.6, 0.95, 1]
const SLOW = EVERY ? 1_800_000 : 120_000

const table: string[] = []
const suite = straceMissing === undefined ? describe : describe.skip
const why = straceMissing === undefined ? '' : ` (skipped: ${straceMissing})`

const pointsOf = (calls: number): readonly number[] =>
  EVERY
    ? Array.from({ length: calls }, (_, i) => i + 1)
    : [...new Set(SHARES.map((share) => Math.max(1, Math.round(share * calls))))]

type Row = Readonly<Record<string, unknown>>

let site: TestSite
const at = (name: string) => join(site.dir, '..', name)
const rowsOf = (sql: string, ...values: readonly string[]): Row[] => {
  const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
  try {
    return db.prepare(sql).all(...values) as Row[]
  } finally {
    db.close()
  }
}
const countEvents = (type: string, transfer: string): number =>
  rowsOf('select 1 from events where type = ? and transfer = ?', type, transfer).length

/** Both must have happened, or neither. */
function settled(isDone: boolean, events: number): 'done' | 'not done' | 'half done' {
  if (isDone && events === 1) return 'done'
  return !isDone && events === 0 ? 'not done' : 'half done'
}

async function expectSound(): Promise<void> {
  const { config, secrets } = await openSite(site.dir)
  const state = await openState(config.database)
  const ledger = {
    state,
    gateway: config.gateway.name,
    signingKey: secrets.ledgerKey,
    now: Date.now,
  }
  expect(await (await createLedger(ledger)).verify()).toMatchObject({ ok: true })
  await state.close()
}

afterAll(async () => {
  if (table.length > 0) console.log(['killed in the middle', ...table].join('\n'))
  await site.remove()
})
beforeAll(async () => {
  site = await makeSite()
}, 60_000)

suite(`a gateway that is killed in the middle${why}`, () => {
  const document = Buffer.from('a document that is held, and that somebody looks at')
  let gateway: RunningGateway
  /** Transfers from before, when the third reader read for the group and the second did not yet. */
  const earlier: string[] = []
  let tokens: { readonly sender: string; readonly reader: string }

  // Uses one thread for files, so that its writes can be counted.
  const start = async () => {
    gateway = await site.start({ env: { UV_THREADPOOL_SIZE: '1' } })
  }

  beforeAll(async () => {
    const images = await makeStudy(at('study'), '--instances', '1', '--size', '64')
    await site.configure((yaml) =>
      yaml.replace('profile: pseudonymize', 'profile: pseudonymize, documents: quarantine'),
    )
    for (const name of ['reader-2', 'reader-3']) await makeReader(site, name)
    await setReaders(site, 'reader-1', 'reader-3')
    tokens = { sender: await site.token('facility-a'), reader: await site.token('reader-1') }
    await start()
    for (let i = 0; i < (EVERY ? 200 : 2 * (SHARES.length + 1)); i++)
      earlier.push((await upload(site, gateway, images)).body.id)
    await setReaders(site, 'reader-1', 'reader-2')
    await gateway.stop()
    await start()
  }, SLOW)
  afterAll(() => gateway.stop())

  const held = async () =>
    (await upload(site, gateway, [{ name: 'a.txt', bytes: document, type: 'text/plain' }])).body.id
  const decision = (transfer: string) =>
    rowsOf('select state from quarantine where transfer = ?', transfer)[0]?.state

  const packets = (transfer: string, recipient: string) =>
    rowsOf(
      `select 1 from key_packets join envelopes on envelopes.id = envelope
       where transfer = ? and recipient = ?`,
      ...[transfer, recipient],
    ).length
  const asReader = (change: (client: GatewayClient) => Promise<unknown>): Promise<boolean> => {
    const { signal } = new AbortController()
    const client = new GatewayClient({ url: gateway.url, token: tokens.reader, signal })
    return change(client)
      .then(() => true)
      .finally(() => client.close())
  }

  interface Action {
    readonly what: string
    /** Creates the subject of the action. */
    readonly prepare: () => Promise<string>
    /** True if the gateway confirmed that it is done. */
    readonly act: (subject: string) => Promise<boolean>
    readonly look: (subject: string) => 'done' | 'not done' | 'half done'
  }

  const ACTIONS: readonly Action[] = [
    {
      what: 'discarding a held item',
      prepare: held,
      act: async (id) => {
        const path = `/v1/transfers/${id}/quarantine/1/discard`
        const json = { reason: 'not-needed' }
        return (await call(gateway, 'POST', path, { token: tokens.sender, json })).status === 200
      },
      look: (id) => settled(decision(id) === 'discarded', countEvents('item.discarded', id)),
    },
    {
      what: 'releasing a held item',
      prepare: held,
      act: async (id) => {
        const body = await signRelease(site, gateway, document, {
          transfer: id,
          codes: ['document_held'],
        })
        body.set('files', new Blob([document], { type: 'text/plain' }), 'a.txt')
        const path = `/v1/transfers/${id}/quarantine/1/release`
        return (await call(gateway, 'POST', path, { token: tokens.sender, body })).status === 201
      },
      look: (id) => settled(decision(id) === 'released', countEvents('item.released', id)),
    },
    {
      what: 'sealing a transfer to one more reader',
      prepare: () => Promise.resolve(earlier.pop() ?? ''),
      act: async (transfer) => {
        const key = await readPrivateKey(await readFile(site.keyFile('reader-1'), 'utf8'))
        const wanted = { transfer, recipient: 'reader-2', fingerprint: undefined, key }
        return asReader((client) => addRecipient(client, wanted))
      },
      look: (id) => {
        const [all, theirs] = [packets(id, 'reader-1'), packets(id, 'reader-2')]
        if (theirs !== 0 && theirs !== all) return 'half done'
        return settled(theirs === all, countEvents('recipient.added', id))
      },
    },
    {
      what: 'taking a reader out of a transfer',
      prepare: () => Promise.resolve(earlier.pop() ?? ''),
      act: (transfer) => asReader((client) => removeRecipient(client, transfer, 'reader-3')),
      look: (id) => {
        const [all, theirs] = [packets(id, 'reader-1'), packets(id, 'reader-3')]
        if (theirs !== 0 && theirs !== all) return 'half done'
        return settled(theirs === 0, countEvents('recipient.removed', id))
      },
    },
  ]

  it.each(ACTIONS)(
    '$what does it or does not',
    async ({ what, prepare, act, look }) => {
      const log = at('trace')
      const subject = await prepare()
      const counting = await watch(gateway.pid, log)
      expect(await act(subject)).toBe(true)
      const calls = await counting.end()
      expect(calls).toBeGreaterThan(4)
      const ends: string[] = []
      for (const n of pointsOf(calls)) {
        const one = await prepare()
        const killing = await watch(gateway.pid, log, n)
        const isTold = await act(one).catch(() => false)
        await killing.end()
        const isKilled = await call(gateway, 'GET', '/healthz').then(
          () => false,
          () => true,
        )
        if (isKilled) {
          await gateway.stop('SIGKILL')
          await start()
        }
        const { problems } = await eventually(
          () => inspectSite(site.dir),
          (seen) => seen.problems.length === 0,
        )
        expect(problems).toEqual([])
        const end = look(one)
        expect(end).not.toBe('half done')
        if (isTold) expect(end).toBe('done')
        ends.push(isKilled ? end : `${end} before`)
      }
      expect(ends.some((end) => !end.endsWith('before'))).toBe(true)
      await expectSound()
      table.push(`  ${what.padEnd(40)} ${ends.length} of ${calls} writes: ${ends.join(', ')}`)
    },
    SLOW,
  )
})

suite(`a command that is killed in the middle${why}`, () => {
  const database = () => ['', '-wal', '-shm'].map((ending) => `data/nocturne.db${ending}`)
  const secret = 'secrets/facilities/facility-a.key'

  interface Work {
    readonly what: string
    readonly words: () => string[]
    readonly look: () => Promise<'done' | 'not done' | 'half done'>
  }

  beforeAll(async () => {
    const old = await readFile(join(site.dir, 'keys/reader-1.asc'))
    await writeFile(at('old.asc'), old)
    await nocturne('key', 'new', '--name', 'reader-1', '--out', at('new.asc'))
    await cp(at('new.pub.asc'), join(site.dir, 'keys/reader-1.asc'))
    const gateway = await site.start()
    await gateway.stop()
    const confirm = ['key', 'confirm', '--site', site.dir, '--principal', 'reader-1']
    const { stdout } = await nocturne(...confirm, '--json')
    const { statement } = JSON.parse(stdout) as { statement: string }
    const key = await readPrivateKey(await readFile(site.keyFile('reader-1'), 'utf8'))
    await writeFile(at('signature'), await signDetached(statement, key, new Date()))
    await cp(site.dir, at('before'), { recursive: true })
  }, 60_000)

  async function putBack(): Promise<void> {
    for (const name of database()) await rm(join(site.dir, name), { force: true })
    await rm(join(site.dir, 'secrets'), { recursive: true })
    for (const name of ['data', 'secrets'])
      await cp(at(`before/${name}`), join(site.dir, name), { recursive: true })
  }

  const WORK: readonly Work[] = [
    {
      what: 'putting a replaced key into effect',
      words: () => [
        ...['key', 'confirm', '--site', site.dir, '--principal', 'reader-1'],
        ...['--signature', at('signature')],
      ],
      look: async () => {
        const waiting = rowsOf('select 1 from certificate_changes').length
        const [row] = rowsOf("select certificate from certificates where principal = 'reader-1'")
        const isNew = row?.certificate === (await readFile(at('new.pub.asc'), 'utf8'))
        const events = rowsOf(
          `select 1 from events where type = 'certificate.changed'
           and json_extract(entry, '$.detail.signedWith') = 'old'`,
        ).length
        if (isNew === waiting > 0) return 'half done'
        return settled(isNew, events)
      },
    },
    {
      what: "rotating a facility's secret",
      words: () => ['facility', 'rotate-key', 'facility-a', '--site', site.dir],
      look: async () => {
        const before = await readFile(at(`before/${secret}`), 'utf8')
        const isNew = (await readFile(join(site.dir, secret), 'utf8')) !== before
        const { secrets } = await openSite(site.dir)
        const retired = secrets.retired?.get('facility-a') ?? []
        const isKept = retired.some((one) => one.toString('base64') === before.trim())
        return isNew && !isKept ? 'half done' : isNew ? 'done' : 'not done'
      },
    },
  ]

  it.each(WORK)(
    '$what does it or does not',
    async ({ what, words, look }) => {
      const log = at('trace')
      const command = () => [process.execPath, builtCommand(), ...words()]
      await putBack()
      const { status, calls } = await runTraced(command(), log)
      expect([status, await look()]).toEqual([0, 'done'])
      const ends: string[] = []
      for (const n of pointsOf(calls)) {
        await putBack()
        const killed = await runTraced(command(), log, n)
        const end = await look()
        expect(end).not.toBe('half done')
        if (killed.status === 0) expect(end).toBe('done')
        await expectSound()
        ends.push(killed.status === 0 ? `${end} before` : end)
        // An action that was not done can be repeated.
        if (end === 'not done') {
          expect(await nocturne(...words())).toMatchObject({ status: 0 })
          expect(await look()).toBe('done')
        }
      }
      expect(ends.some((end) => !end.endsWith('before'))).toBe(true)
      table.push(`  ${what.padEnd(40)} ${ends.length} of ${calls} writes: ${ends.join(', ')}`)
    },
    SLOW,
  )
})
