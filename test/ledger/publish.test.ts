import Database from 'better-sqlite3'
import { afterAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { verifyPublished } from '../../src/ledger/verify/verify-published.js'
import { checkAnchor } from '../../src/ledger/published/anchor.js'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { restoreLedger } from '../../src/ledger/published/restore.js'
import { NocturneError } from '../../src/lib/errors.js'
import { openLogFiles } from '../../src/store/index.js'
import { openState } from '../../src/state/index.js'
import type { LogFiles } from '../../src/store/index.js'
import { mth } from './_naive.js'
import { event, fill, GATEWAY, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'

const root = await mkdtemp(join(tmpdir(), 'nocturne-publish-'))
afterAll(() => rm(root, { recursive: true, force: true }))

interface Published extends OpenLedger {
  readonly path: string
  readonly files: LogFiles
  readonly publish: () => Promise<number | undefined>
}

let count = 0
async function openPublished(): Promise<Published> {
  const open = await openLedger()
  const path = join(root, String(count++))
  const files = await openLogFiles({ kind: 'files', path })
  const publisher = publisherOf(open, files)
  return { ...open, path: join(path, 'log'), files, publish: () => publisher.publish() }
}

const publisherOf = (
  { state, ledger }: OpenLedger,
  files: LogFiles,
  holder = 'one',
  now = Date.now,
) => createPublisher({ state, files, verifierKey: ledger.verifierKey, holder, now, keepMs: 1_000 })

const verify = ({ files, ledger }: Published) =>
  verifyPublished(files, ledger.verifierKey, nodeCrypto)

/** Paths of all files below a folder, relative to it. */
async function filesIn(path: string): Promise<string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .sort()
}

/**
 * A reader based on the specification alone: leaves from bundles, their root, the checkpoint's
 * lines.
 */
async function readNaively(path: string) {
  const [origin, size, signedRoot] = (await readFile(join(path, 'checkpoint'), 'utf8')).split('\n')
  const leaves: Buffer[] = []
  for (let n = 0; leaves.length < Number(size); n++) {
    const width = Math.min(256, Number(size) - leaves.length)
    const name = `tile/entries/${String(n).padStart(3, '0')}${width < 256 ? `.p/${width}` : ''}`
    const bundle = await readFile(join(path, name))
    for (let at = 0; at < bundle.length;) {
      const length = bundle.readUInt16BE(at)
      leaves.push(bundle.subarray(at + 2, at + 2 + length))
      at += 2 + length
    }
  }
  return { origin, size: Number(size), signedRoot, root: mth(leaves).toString('base64') }
}

describe('a published log', () => {
  it('is read by an implementation that knows only the specification', async () => {
    const open = await openPublished()
    for (const more of [1, 254, 1, 1, 600]) {
      await fill(open.ledger, more)
      await open.publish()
      const read = await readNaively(open.path)
      expect(read.root).toBe(read.signedRoot)
      expect(read.origin).toBe(`${GATEWAY}/audit`)
    }
    expect((await readNaively(open.path)).size).toBe(857)
    await expect(verify(open)).resolves.toMatchObject({ ok: true, size: 857 })
    await open.close()
  })

  it('holds the files that the specification names, and no partial one of a full tile', async () => {
    const open = await openPublished()
    await fill(open.ledger, 250)
    await open.publish()
    await fill(open.ledger, 20)
    await open.publish()
    const names = (await filesIn(open.path)).filter((name) => !name.startsWith('checkpoints/'))
    expect(names).toEqual([
      'checkpoint',
      'tile/0/000',
      'tile/0/001.p/14',
      'tile/1/000.p/1',
      'tile/entries/000',
      'tile/entries/001.p/14',
    ])
    await open.close()
  })

  it('is published by one of two gateways at a time, and by the other when the first is gone', async () => {
    const open = await openPublished()
    let time = 1_000_000
    const [one, two] = ['one', 'two'].map((holder) =>
      publisherOf(open, open.files, holder, () => time),
    )
    await fill(open.ledger, 300)
    await Promise.all([one!.publish(), two!.publish()])
    await expect(verify(open)).resolves.toMatchObject({ ok: true, size: 300 })
    await open.state.transaction((tx) =>
      tx
        .updateTable('ledger_cursors')
        .set({ holder: 'dead', lease_until: time + 60_000 })
        .where('name', '=', 'published')
        .execute(),
    )
    await fill(open.ledger, 1)
    await expect(two!.publish()).resolves.toBeUndefined()
    time += 60_001
    await expect(two!.publish()).resolves.toBe(301)
    await open.close()
  })

  it('is republished in full when the files are gone', async () => {
    const open = await openPublished()
    await fill(open.ledger, 600)
    await open.publish()
    await rm(open.path, { recursive: true })
    await fill(open.ledger, 1)
    const again = publisherOf(
      open,
      await openLogFiles({ kind: 'files', path: join(open.path, '..') }),
    )
    await expect(again.publish()).resolves.toBe(601)
    await expect(verify(open)).resolves.toMatchObject({ ok: true, size: 601 })
    await open.close()
  })

  it('keeps one checkpoint per minute', async () => {
    const open = await openPublished()
    let time = Date.now()
    const publisher = publisherOf(open, open.files, 'one', () => time)
    for (const pass of [0, 30_000, 31_000]) {
      time += pass
      await fill(open.ledger, 10)
      await publisher.publish()
    }
    const kept = await readdir(join(open.path, 'checkpoints'))
    expect(kept.sort().map(Number)).toEqual([10, 30])
    await open.close()
  })

  it.each([
    ['an entry bundle', 'tile/entries/001', 'an entry was changed', 300],
    ['a partial bundle', 'tile/entries/002.p/188', 'an entry was changed', 556],
    ['a tile of leaves', 'tile/0/001', 'a tile was changed', 256],
    ['a higher tile', 'tile/1/000.p/2', 'a tile was changed', 0],
  ])('says what is wrong when a bit of %s is flipped', async (_what, name, problem, badIndex) => {
    const open = await openPublished()
    await fill(open.ledger, 700)
    await open.publish()
    const bytes = await readFile(join(open.path, name))
    const at = name.startsWith('tile/entries') ? offsetOf(bytes, 44) : 5
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
    await writeFile(join(open.path, name), bytes)
    await expect(verify(open)).resolves.toMatchObject({ ok: false, problem, badIndex })
    await open.close()
  })

  it('reports what is wrong when files are missing, or the newest checkpoint was rolled back', async () => {
    const open = await openPublished()
    await fill(open.ledger, 300)
    await open.publish()
    const old = await readFile(join(open.path, 'checkpoint'))
    await fill(open.ledger, 300)
    await publisherOf(open, open.files).publish()
    await rm(join(open.path, 'tile/entries/001'))
    await expect(verify(open)).resolves.toMatchObject({
      problem: 'an entry is missing',
      badIndex: 256,
    })
    await writeFile(join(open.path, 'checkpoint'), old)
    await expect(verify(open)).resolves.toMatchObject({
      problem: 'the newest checkpoint is older than a retained one',
      badIndex: 300,
    })
    await expect(
      checkAnchor(open.state, open.files, open.ledger.verifierKey),
    ).resolves.toMatchObject({
      size: 600,
    })
    await open.close()
  })
})

/** Offset of the middle of an entry in a bundle. */
function offsetOf(bundle: Buffer, entry: number): number {
  let at = 0
  for (let i = 0; i < entry && at < bundle.length; i++) {
    const next = at + 2 + bundle.readUInt16BE(at)
    if (next >= bundle.length) break
    at = next
  }
  return at + 2 + Math.floor(bundle.readUInt16BE(at) / 2)
}

/** The same log over a copy of its database from when it had fewer entries. */
async function rolledBack(open: Published, growBy: number) {
  const path = open.url.slice('sqlite:'.length)
  const copy = `${path}.backup`
  const database = new Database(path)
  database.exec(`vacuum into '${copy}'`)
  database.close()
  await fill(open.ledger, growBy)
  await open.publish()
  const state = await openState(`sqlite:${copy}`)
  const { signingKey } = open
  const ledger = await createLedger({ state, gateway: GATEWAY, signingKey, now: Date.now })
  return { state, ledger, signingKey }
}

describe('an old database put back', () => {
  it('is refused, naming both heads', async () => {
    const open = await openPublished()
    await fill(open.ledger, 300)
    await open.publish()
    const { state, ledger } = await rolledBack(open, 50)
    await expect(checkAnchor(state, open.files, ledger.verifierKey)).rejects.toMatchObject({
      code: 'ledger_rolled_back',
      subject: expect.stringMatching(
        /^the database has 300 entries with root \S{44}; the published log has 350 entries with root \S{44}$/,
      ),
    })
    await state.close()
    await open.close()
  })

  it('is refused when it has grown longer than the published log with different entries', async () => {
    const open = await openPublished()
    await fill(open.ledger, 300)
    const { state, ledger } = await rolledBack(open, 50)
    await fill(ledger, 80)
    await expect(checkAnchor(state, open.files, ledger.verifierKey)).rejects.toMatchObject({
      code: 'ledger_rolled_back',
    })
    const publisher = publisherOf({ ...open, state, ledger }, open.files, 'two')
    await expect(publisher.publish()).rejects.toMatchObject({ code: 'ledger_rolled_back' })
    await expect(verify(open)).resolves.toMatchObject({ ok: true, size: 350 })
    await state.close()
    await open.close()
  })

  it.each([0, 80])(
    'is restored from the published log, with %i of its own entries set aside',
    async (own) => {
      const open = await openPublished()
      await fill(open.ledger, 300)
      const { state, ledger, signingKey } = await rolledBack(open, 500)
      await fill(ledger, own)
      const aside: Buffer[] = []
      const report = await restoreLedger({
        state,
        files: open.files,
        gateway: GATEWAY,
        signingKey,
        actor: { id: 'site', role: 'operator', method: 'site' },
        setAside: async (entries) => {
          for await (const entry of entries) aside.push(entry)
        },
        now: Date.now,
      })
      expect(report).toEqual({ before: 300 + own, published: 800, from: 300, setAside: own })
      expect(aside).toHaveLength(own)
      const again = await createLedger({ state, gateway: GATEWAY, signingKey, now: Date.now })
      await expect(again.verify()).resolves.toMatchObject({ ok: true, size: 801 })
      const { rows } = await again.query({ types: ['ledger.restored'] })
      expect(rows).toMatchObject([{ index: 800, entry: { detail: { from: 300, aside: own } } }])
      await again.note(event())
      await expect(
        publisherOf({ ...open, state, ledger: again }, open.files).publish(),
      ).resolves.toBe(802)
      await expect(verify(open)).resolves.toMatchObject({ ok: true, size: 802 })
      await state.close()
      await open.close()
    },
  )

  it('is not restored from files that do not verify', async () => {
    const open = await openPublished()
    await fill(open.ledger, 10)
    const { state, ledger, signingKey } = await rolledBack(open, 290)
    const bundle = join(open.path, 'tile/entries/000')
    const bytes = await readFile(bundle)
    const text = bytes.toString('latin1').replace('reader-1', 'reader-2')
    await writeFile(bundle, Buffer.from(text, 'latin1'))
    const setAside = () => Promise.resolve()
    const actor = { id: 'site', role: 'operator' } as const
    await expect(
      restoreLedger({
        state,
        files: open.files,
        gateway: GATEWAY,
        signingKey,
        actor,
        setAside,
        now: Date.now,
      }),
    ).rejects.toMatchObject({ code: 'ledger_broken' })
    await expect(ledger.verify()).resolves.toMatchObject({ ok: true, size: 10 })
    await state.close()
    await open.close()
  })
})

describe('a halted ledger', () => {
  it('accepts no more events', async () => {
    const open = await openPublished()
    open.ledger.halt(new NocturneError('ledger_rolled_back'))
    await expect(open.ledger.note(event())).rejects.toMatchObject({ code: 'ledger_rolled_back' })
    await open.close()
  })
})
