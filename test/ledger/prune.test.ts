/** Retention: old entries are removed, and the log still verifies with their hashes. */
import Database from 'better-sqlite3'
import { describe, expect, it } from '@jest/globals'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createLedger } from '../../src/ledger/log/ledger.js'
import { createPublisher } from '../../src/ledger/published/publish.js'
import { exportLedger } from '../../src/ledger/export/export.js'
import { nodeCrypto } from '../../src/ledger/verify/node-crypto.js'
import { planPruning, proposePruning, prune } from '../../src/ledger/retention/prune.js'
import { reindex } from '../../src/ledger/log/reindex.js'
import { restoreLedger } from '../../src/ledger/published/restore.js'
import { verifyExport, verifyReceipt } from '../../src/ledger/verify/verify.js'
import { verifyPublished } from '../../src/ledger/verify/verify-published.js'
import { NocturneError } from '../../src/lib/errors.js'
import { openState } from '../../src/state/index.js'
import { openLogFiles } from '../../src/store/index.js'
import type { LogFiles } from '../../src/store/index.js'
import {
  BEGIN,
  LATER,
  left,
  OFFICER,
  openAged,
  proposeAndPrune,
  SITE,
  verifyAll,
  verifyZip,
  YEAR,
} from './_aged.js'
import { event, fill, GATEWAY } from './_open.js'

describe('pruning', () => {
  it('removes whole bundles older than six years, and everything verifies as before', async () => {
    const open = await openAged(1_000)
    const receipt = await open.ledger.proof(3)
    open.at(LATER)
    await open.ledger.note(event())
    const report = await proposeAndPrune(open)
    expect(report).toMatchObject({ entries: 768, ranges: [[0, 768]], held: 0, left: 0 })
    expect(await left(open, 1_000)).toEqual(Array.from({ length: 232 }, (_, i) => 768 + i))
    expect(await readdir(join(open.path, 'tile/entries'))).not.toContain('001')
    expect(await readdir(join(open.path, 'tile/0'))).toContain('001')
    const reports = await verifyAll(open)
    await expect(verifyZip(open)).resolves.toMatchObject({ ok: true, checked: 1_004 - 768 })
    for (const one of Object.values(reports))
      expect(one).toMatchObject({ ok: true, size: 1_003, pruned: [[0, 768]] })
    // Proofs issued earlier still verify, and the log still issues proofs for those entries.
    await expect(
      verifyReceipt(receipt, open.ledger.verifierKey, nodeCrypto),
    ).resolves.toMatchObject({ ok: true, index: 3 })
    await expect(open.ledger.inclusion(3, 1_000)).resolves.toHaveLength(10)
    await expect(open.ledger.proof(3)).rejects.toMatchObject({ code: 'event_pruned', status: 410 })
    await open.close()
  })

  it("removes nothing that is not old enough, and nothing without an officer's proposal", async () => {
    const open = await openAged(600)
    open.at(LATER - 2 * 86_400_000)
    await expect(planPruning(open.options)).resolves.toMatchObject({ entries: 0, ranges: [] })
    await expect(proposePruning(open.options, OFFICER)).rejects.toMatchObject({
      code: 'nothing_to_prune',
    })
    open.at(LATER)
    const unproposed = { code: 'prune_not_proposed' }
    await expect(prune(open.options, SITE, 'a')).rejects.toMatchObject(unproposed)
    await proposePruning(open.options, OFFICER)
    open.at(LATER + 31 * 86_400_000)
    await expect(prune(open.options, SITE, 'a')).rejects.toMatchObject(unproposed)
    expect(await left(open, 600)).toHaveLength(600)
    await open.close()
  })

  it('never removes the entries that record what was pruned', async () => {
    const open = await openAged(256)
    open.at(LATER)
    await proposeAndPrune(open)
    await fill(open.ledger, 600)
    open.at(LATER + 7 * YEAR)
    const report = await proposeAndPrune(open)
    expect(report.ranges).toEqual([[512, 768]])
    for (const one of Object.values(await verifyAll(open)))
      expect(one).toMatchObject({
        ok: true,
        pruned: [
          [0, 256],
          [512, 768],
        ],
      })
    await open.close()
  })

  it('carries over to a rebuilt index, a new place of publication and a restart', async () => {
    const open = await openAged(600)
    open.at(LATER)
    await proposeAndPrune(open)
    await expect(reindex(open.state)).resolves.toEqual({ entries: 90, corrected: 0 })
    await rm(open.path, { recursive: true })
    const { state, ledger, options } = open
    const files = await openLogFiles({ kind: 'files', path: join(open.path, '..') })
    const elsewhere = createPublisher({
      state,
      files,
      verifierKey: ledger.verifierKey,
      holder: 'two',
      now: options.now,
      keepMs: 1,
    })
    await expect(elsewhere.publish()).resolves.toBe(602)
    await expect(verifyPublished(files, ledger.verifierKey, nodeCrypto)).resolves.toMatchObject({
      ok: true,
      pruned: [[0, 512]],
    })
    const again = await createLedger({
      state,
      gateway: GATEWAY,
      signingKey: open.signingKey,
      now: Date.now,
    })
    await expect(again.verify()).resolves.toMatchObject({ ok: true, pruned: [[0, 512]] })
    await open.close()
  })

  it('is not undone by restoring an old database: entries pruned since are removed again', async () => {
    const open = await openAged(600)
    const path = open.url.slice('sqlite:'.length)
    const database = new Database(path)
    database.exec(`vacuum into '${path}.old'`)
    database.close()
    open.at(LATER)
    await proposeAndPrune(open)
    await open.publish()
    const state = await openState(`sqlite:${path}.old`)
    const report = await restoreLedger({
      state,
      files: open.files,
      gateway: GATEWAY,
      signingKey: open.signingKey,
      actor: SITE,
      now: open.options.now,
      setAside: () => Promise.resolve(),
    })
    expect(report).toEqual({ before: 600, published: 602, from: 600, setAside: 0 })
    const ledger = await createLedger({
      state,
      gateway: GATEWAY,
      signingKey: open.signingKey,
      now: Date.now,
    })
    await expect(ledger.verify()).resolves.toMatchObject({
      ok: true,
      size: 603,
      pruned: [[0, 512]],
    })
    await state.close()
    await open.close()
  })

  it('is detected when it did not follow the policy', async () => {
    const open = await openAged(1_000)
    open.at(LATER)
    await open.ledger.note(event())
    await proposeAndPrune(open)
    await open.state.transaction((tx) => tx.deleteFrom('events').where('idx', '=', 800).execute())
    await expect(open.ledger.verify()).resolves.toMatchObject({
      ok: false,
      badIndex: 800,
      problem: 'an entry is missing',
    })
    await open.close()
  })

  it.each([
    ['too young', BEGIN + YEAR, undefined],
    ['old only because the clock had been set ahead', LATER, BEGIN + 1_000],
  ])('is detected as improper when the entries were %s', async (_what, at, back) => {
    const open = await openAged(600)
    open.at(at)
    // The operator of a gateway could record anything; the log exposes it.
    const detail = { before: new Date(at).toISOString(), years: 6, ranges: [[0, 256]] }
    if (back !== undefined) detail.before = new Date(at - 6 * YEAR).toISOString()
    await open.ledger.record(async (tx) => {
      await tx.deleteFrom('events').where('idx', '<', 256).execute()
      return {
        value: undefined,
        events: [{ type: 'ledger.pruned', outcome: 4, actor: SITE, detail }],
      }
    })
    if (back !== undefined) open.at(back)
    await open.ledger.note(event())
    await expect(open.ledger.verify()).resolves.toMatchObject({
      ok: false,
      badIndex: 0,
      problem: 'an entry was pruned too early',
    })
    await expect(
      verifyExport(exportLedger(open.ledger, {}), open.ledger.verifierKey, nodeCrypto),
    ).resolves.toMatchObject({ ok: false, badIndex: 0 })
    await open.close()
  })

  it('interrupted between database and store is finished by the next run', async () => {
    const open = await openAged(5_000)
    open.at(LATER)
    await proposePruning(open.options, OFFICER)
    let removed = 0
    const failing: LogFiles = {
      ...open.files,
      isLocked: () => Promise.resolve(false),
      remove: (path) => {
        if (removed++ === 3) return Promise.reject(new NocturneError('store_unavailable'))
        return open.files.remove(path)
      },
    }
    await expect(prune({ ...open.options, files: failing }, SITE, 'a')).rejects.toMatchObject({
      code: 'store_unavailable',
    })
    expect(await readdir(join(open.path, 'tile/entries'))).toContain('010')
    expect((await verifyAll(open)).published).toMatchObject({ ok: true })
    await expect(prune(open.options, SITE, 'b')).resolves.toMatchObject({ entries: 0, left: 0 })
    expect(await readdir(join(open.path, 'tile/entries'))).toEqual(['019.p'])
    for (const one of Object.values(await verifyAll(open)))
      expect(one).toMatchObject({ ok: true, pruned: [[0, 4_864]] })
    await open.close()
  })

  it('skips bundles that the bucket keeps locked, and reports until when', async () => {
    const open = await openAged(600)
    open.at(LATER)
    const until = new Date(LATER + 1_000)
    const locked: LogFiles = {
      ...open.files,
      isLocked: () => Promise.resolve(true),
      lockedUntil: (path) => Promise.resolve(path === 'tile/entries/000' ? until : undefined),
      remove: (path) => open.files.remove(path),
    }
    const options = { ...open.options, files: locked }
    await expect(planPruning(options)).resolves.toMatchObject({
      ranges: [[256, 512]],
      locked: { entries: 256, until: until.toISOString() },
    })
    open.at(LATER + 2_000)
    await expect(planPruning(options)).resolves.toMatchObject({ ranges: [[0, 512]] })
    await open.close()
  })

  it('runs in one process at a time', async () => {
    const open = await openAged(600)
    open.at(LATER)
    await proposePruning(open.options, OFFICER)
    await open.state.transaction((tx) =>
      tx
        .insertInto('ledger_cursors')
        .values({ name: 'pruned', position: 0, holder: 'b', lease_until: LATER + 60_000 })
        .execute(),
    )
    await expect(prune(open.options, SITE, 'a')).rejects.toMatchObject({ code: 'prune_in_use' })
    await open.close()
  })
})
