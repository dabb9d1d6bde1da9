/**
 * The gateway is killed at random moments during uploads and downloads, and sometimes again while
 * it starts. After each restart the site must be in order before any request is made, and then
 * everything that was acknowledged must hold.
 *
 * NOCTURNE_TEST_SEED reproduces the choices of a run, NOCTURNE_TEST_KILLS sets the number of kills.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseProof } from '../../src/ledger/verify/proof.js'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call } from '../whole-way/_http.js'
import { openTransfer, readerOf, sha256 } from '../whole-way/_reader.js'
import type { Reader } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'
import { chance, newNotes, workload } from './_load.js'
import type { Told } from './_load.js'
import { inspectSite } from './_site-state.js'

const SEED = Number(process.env.NOCTURNE_TEST_SEED) || Date.now() % 1_000_000
const KILLS = Number(process.env.NOCTURNE_TEST_KILLS ?? 20)
const RANK = { open: 0, available: 1, acknowledged: 2 } as const

interface View {
  readonly id: string
  readonly state: string
  readonly items: number
}

describe(`a gateway that is killed ${KILLS} times (seed ${SEED})`, () => {
  const random = chance(SEED)
  const notes = newNotes()
  /** Transfers that were opened completely after a kill; they are checked again at the end. */
  const opened = new Set<string>()
  const moments: number[] = []
  const swept = { envelopes: 0, downloads: 0 }
  let unheard = 0
  let site: TestSite
  let sender: string
  let reader: Reader
  let instance: Buffer
  let running: RunningGateway | undefined

  beforeAll(async () => {
    site = await makeSite()
    sender = await site.token('facility-a')
    reader = await readerOf(site)
    const [file = ''] = await makeStudy(
      join(site.dir, '../study'),
      ...['--instances', '1', '--size', '64'],
    )
    instance = await readFile(file)
  }, 60_000)

  afterAll(async () => {
    await running?.stop('SIGKILL')
    await site.remove()
  })

  /** Starts the gateway; every fourth time it is killed once more during startup. */
  async function start(round: number): Promise<RunningGateway> {
    if (round % 4 === 3) {
      const waitMs = random() * 1_200
      await site
        .start({ onSpawn: (child) => void delay(waitMs).then(() => child.kill('SIGKILL')) })
        .then((gateway) => gateway.stop('SIGKILL'))
        .catch(() => undefined)
    }
    return site.start()
  }

  /** What must hold immediately after a start, whatever happened before. */
  async function expectOrder(): Promise<void> {
    // The log is being published in the meantime, with partial files of its own.
    const look = () => inspectSite(site.dir)
    const { problems, events } = await eventually(look, (seen) => seen.problems.length === 0, 5_000)
    expect(problems).toEqual([])
    for (const receipt of notes.receipts) {
      const proof = parseProof(receipt)
      expect(proof?.extra && Buffer.from(proof.extra)).toEqual(events[proof?.index ?? -1])
    }
    const kinds = events.map((bytes) => JSON.parse(bytes.toString()) as SweptEvent)
    const ofSweep = kinds.filter(({ actor }) => actor?.id === 'system')
    swept.envelopes = ofSweep.filter(({ detail }) => detail?.envelope !== undefined).length
    swept.downloads = ofSweep.filter(({ type }) => type === 'download.ended').length
  }

  async function listTransfers(gateway: RunningGateway): Promise<Map<string, View>> {
    const found = new Map<string, View>()
    for (let start: string | undefined = ''; start !== undefined;) {
      const query: string = start === '' ? '' : `&start=${start}`
      const { body } = await call(gateway, 'GET', `/v1/transfers?limit=1000${query}`, {
        token: sender,
      })
      const page = body as unknown as { transfers: View[]; next?: string }
      for (const view of page.transfers) found.set(view.id, view)
      start = page.next
    }
    return found
  }

  /**
   * What was acknowledged holds, and what is visible is complete, even if the response was lost.
   */
  async function expectTold(gateway: RunningGateway, views: Map<string, View>): Promise<void> {
    for (const [id, told] of notes.told) {
      const view = views.get(id)
      expect(view).toBeDefined()
      expect(RANK[view?.state as keyof typeof RANK]).toBeGreaterThanOrEqual(RANK[told.state])
      expect(view?.items).toBeGreaterThanOrEqual(told.items.size)
    }
    for (const { id, state, items } of views.values()) {
      if (state === 'abandoned') expect(notes.told.get(id)).toBeUndefined()
      if (opened.has(id) || state === 'abandoned' || state === 'open') continue
      if (!notes.told.has(id)) unheard += 1
      await expectWhole(gateway, id, items, notes.told.get(id))
      opened.add(id)
    }
  }

  async function expectWhole(
    gateway: RunningGateway,
    id: string,
    items: number,
    told: Told | undefined,
  ): Promise<void> {
    const { manifest, contents } = await openTransfer(gateway, reader, id)
    expect(manifest.items).toHaveLength(items)
    // Requests contain four items or three more, and each request takes effect completely or not at
    // all.
    expect([4, 7, 10]).toContain(items)
    for (const index of told?.items ?? []) expect(contents.has(index)).toBe(true)
    for (const [index, digest] of told?.documents ?? []) {
      expect(sha256(contents.get(index) ?? Buffer.alloc(0))).toBe(digest)
    }
  }

  it('loses nothing that it acknowledged, shows nothing incomplete, and leaves no leftovers', async () => {
    running = await site.start()
    for (let round = 0; round < KILLS; round++) {
      const stop = new AbortController()
      const load = { gateway: running, sender, reader, notes, random, instance }
      const working = workload({ ...load, signal: stop.signal })
      const moment = Math.round(30 + random() * 1_000)
      moments.push(moment)
      await delay(moment)
      await running.stop('SIGKILL')
      stop.abort()
      await working

      running = await start(round)
      await expectOrder()
      const verified = nocturne('audit', 'verify', '--site', site.dir)
      await expectTold(running, await listTransfers(running))
      expect(await verified).toMatchObject({ status: 0 })
    }
    expect(notes.odd).toEqual([])
  }, 3_600_000)

  it('completes open transfers, and delivers everything to the reader’s command', async () => {
    const gateway = running
    if (!gateway) throw new Error('the gateway does not run')
    for (const { id, state } of (await listTransfers(gateway)).values()) {
      if (state !== 'open') continue
      const { status } = await call(gateway, 'POST', `/v1/transfers/${id}/complete`, {
        token: sender,
      })
      expect(status).toBe(200)
    }
    await expectTold(gateway, await listTransfers(gateway))
    const waiting = [...(await listTransfers(gateway)).values()].filter(
      ({ state }) => state === 'available',
    )
    const out = join(site.dir, '../opened')
    const access = ['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')]
    const pulled = await nocturne(
      ...['pull', '--all', ...access, '--key', site.keyFile('reader-1'), '--out', out],
    )
    expect(pulled).toMatchObject({ status: 0 })
    const folders = waiting.length > 0 ? await readdir(out) : []
    expect(folders.sort()).toEqual(waiting.map(({ id }) => id).sort())
    const asked = await call(gateway, 'GET', '/v1/audit/events?question=unended', {
      token: await site.token('officer-1'),
    })
    expect(asked.body).toMatchObject({ events: [], count: 0 })
    await gateway.stop()
    const { problems, events, objects } = await inspectSite(site.dir)
    expect(problems).toEqual([])
    console.log(
      [
        `seed ${SEED}, killed after ${moments.join(', ')} ms`,
        ...Object.entries(notes.counts).map(([what, n]) => `  ${String(n).padStart(6)} ${what}`),
        `  ${String(unheard).padStart(6)} transfers committed whose answer was lost`,
        `  ${String(swept.envelopes).padStart(6)} uploads swept after a kill`,
        `  ${String(swept.downloads).padStart(6)} downloads ended after a kill`,
        `  ${String(events.length).padStart(6)} events, ${objects} objects, nothing left over`,
      ].join('\n'),
    )
    expect(swept.envelopes).toBeGreaterThan(0)
    // Verifies that the check for leftovers finds one.
    await writeFile(join(site.dir, 'data/objects/t/stray.sealed'), 'x')
    expect((await inspectSite(site.dir)).problems).toEqual(['object of nobody t/stray'])
  }, 1_200_000)
})

interface SweptEvent {
  readonly type: string
  readonly actor?: { readonly id?: string }
  readonly detail?: { readonly envelope?: string }
}
