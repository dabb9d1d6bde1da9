/** Queries for prior studies that end badly, with real rooms and a clock that the test moves. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createPriorAsking } from '../../src/doors/priors/ask.js'
import type { PriorAsking } from '../../src/doors/priors/ask.js'
import { dimsePacs } from '../../src/doors/priors/dimse.js'
import type { Pacs } from '../../src/doors/priors/pacs.js'
import { createLogger } from '../../src/lib/logger.js'
import { LEASE_MS } from '../../src/priors/index.js'
import { eventually } from '../_eventually.js'
import { file } from '../deidentify/_build.js'
import { TIMING } from '../doors/_door.js'
import { GROUP, openTransferSite, send } from '../transfer/_site.js'
import type { OpenedSite } from '../transfer/_site.js'

let site: OpenedSite
beforeAll(async () => {
  site = await openTransferSite()
})
afterAll(() => site.close())

const PATIENT = {
  ...{ studyInstanceUID: '1.2.60', patientId: 'P1', birthDate: '', date: '20260301' },
  ...{ modality: 'CT', bodyPart: 'CHEST', description: '' },
}

const study = async (at: number) => {
  const { id } = await send(site, [file([[0x00080018, 'UI', `1.2.60.${at}`]])])
  return { transfer: id, facility: 'facility-a', group: GROUP }
}
const stateOf = async ({ transfer }: { readonly transfer: string }) => {
  const row = await site.cases.find(transfer)
  const views = row ? await site.cases.views([row]) : []
  return views[0]?.priors
}
const events = async (transfer: string) =>
  (await site.events(transfer)).filter(({ type }) => type.startsWith('priors.'))

const states: string[] = []
const askingAt = (pacs: Pacs): PriorAsking =>
  createPriorAsking({
    priors: site.priors,
    pacsOf: () => ({
      rule: { studies: 3, years: 5, same: ['region'] },
      open: () => Promise.resolve(pacs),
    }),
    handleOf: (_facility, uid) => uid,
    transfersOf: (transfer) => Promise.resolve([transfer]),
    closePriors: () => Promise.resolve(),
    count: (state) => states.push(state),
    logger: createLogger('silent'),
    now: site.clock.now,
    retryMs: [1, 1],
  })

/** Nobody listens on port 9 of this machine. */
const away = dimsePacs({ host: '127.0.0.1', port: 9, called: 'PACS', calling: 'NOCTURNE' }, TIMING)
const found = [1, 2].map((at) => ({
  ...{ studyInstanceUID: `1.3.${at}`, patientId: 'P1', birthDate: '', date: '20250101' },
  ...{ description: 'CT chest', modalities: ['CT'], bodyParts: [] },
}))

describe('a query for prior studies', () => {
  it('fails when the PACS is away, after further attempts; the case is not concerned', async () => {
    const asking = askingAt(away)
    const one = await study(1)
    const ended = await asking.prepare(one, PATIENT)
    expect(await stateOf(one)).toMatchObject({ state: 'asking' })
    ended(true)
    const seen = await eventually(
      () => stateOf(one),
      (view) => view?.state === 'failed',
    )
    expect(seen?.state).toBe('failed')
    expect(await events(one.transfer)).toMatchObject([
      { type: 'priors.asked', outcome: 8, detail: { code: 'priors_unavailable' } },
    ])
    expect((await site.cases.find(one.transfer))?.state).toBe('waiting')
    expect(states).toEqual(['failed'])
    asking.close()
  })

  it('is never made for an ID that would match other patients', async () => {
    const asking = askingAt(away)
    const one = await study(2)
    const ended = await asking.prepare(one, { ...PATIENT, patientId: 'P*' })
    ended(true)
    await eventually(
      () => stateOf(one),
      (view) => view?.state === 'failed',
    )
    expect(await events(one.transfer)).toMatchObject([{ detail: { code: 'missing_identity' } }])
    asking.close()
  })

  it('is incomplete when the PACS sends only some of the studies', async () => {
    const asking = askingAt({
      studies: () => Promise.resolve(found),
      bodyParts: () => Promise.resolve([]),
      retrieve: (uid) => Promise.resolve(uid === '1.3.1'),
    })
    const one = await study(3)
    const ended = await asking.prepare(one, PATIENT)
    ended(true)
    const seen = await eventually(
      () => stateOf(one),
      (view) => view?.state === 'incomplete',
    )
    expect(seen).toEqual({ state: 'incomplete', found: 2, chosen: 2, retrieved: 1 })
    expect(await events(one.transfer)).toMatchObject([
      { type: 'priors.asked', outcome: 0 },
      { type: 'priors.retrieved', outcome: 4, detail: { chosen: 2, retrieved: 1 } },
    ])
    // Whatever the PACS sends from now on is a study of its own.
    expect(await site.priors.expected('facility-a', '1.3.2')).toBeUndefined()
    asking.close()
  })

  it('is made once for a case, and is forgotten when its study was not completed', async () => {
    const one = await study(4)
    expect(await site.priors.begin(one)).toBe(true)
    expect(await site.priors.begin(one)).toBe(false)
    await site.priors.drop(one)
    expect(await stateOf(one)).toBeUndefined()
    expect(await site.priors.begin(one)).toBe(true)
    await site.priors.lost(one)
  })

  it('is lost when no gateway works on it any more', async () => {
    const one = await study(5)
    await site.priors.begin(one)
    await site.priors.asked(one, 2, ['handle'])
    expect(await site.priors.expected('facility-a', 'handle')).toEqual({
      priorOf: one.transfer,
      group: GROUP,
    })
    site.clock.pass(LEASE_MS)
    await site.priors.renew([one.transfer])
    site.clock.pass(LEASE_MS)
    expect(await site.priors.expire()).toBe(0)
    site.clock.pass(1)
    expect(await site.priors.expire()).toBe(1)
    expect(await stateOf(one)).toMatchObject({ state: 'lost' })
    expect(await site.priors.expected('facility-a', 'handle')).toBeUndefined()
  })
})

describe('a prior study', () => {
  it('joins a closed case without reopening it, and does not keep one open', async () => {
    const { transfer } = await study(6)
    const { id = '' } = (await site.cases.find(transfer)) ?? {}
    await site.cases.close(site.reader('reader-1').actor, id, 'not-needed')
    const prior = await send(site, [file([[0x00080018, 'UI', '1.2.61.1']])], { priorOf: transfer })
    const row = await site.cases.find(prior.id)
    expect(row).toMatchObject({ id, state: 'closed' })
    const [view] = row ? await site.cases.views([row]) : []
    expect(view?.transfers.map(({ joining }) => joining)).toEqual(['first', 'prior'])
  })
})
