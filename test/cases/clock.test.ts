import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { targetsFor } from '../../src/cases/clock.js'
import type { ClockTarget } from '../../src/cases/clock.js'
import { openNight, reader } from './_night.js'
import type { Night } from './_night.js'

const MINUTE = 60_000
const clock: readonly ClockTarget[] = [
  { priority: 'stat', kind: 'claim', withinMs: 8 * MINUTE },
  { priority: 'stat', kind: 'preliminary', withinMs: 40 * MINUTE },
  { priority: 'stat', modality: 'CT', kind: 'preliminary', withinMs: 20 * MINUTE },
  { priority: 'routine', kind: 'final', withinMs: 600 * MINUTE },
]

let night: Night
beforeEach(async () => {
  night = await openNight({
    clock,
    escalate: [
      { afterMs: 0, audience: 'duty' },
      { afterMs: 5 * MINUTE, audience: 'backup' },
      { afterMs: 12 * MINUTE, audience: 'operators' },
    ],
  })
})
afterEach(() => night.close())

const dues = async (id: string) => {
  const [view] = await night.cases.views([(await night.cases.find(id))!])
  return view!.targets
}
const said = () =>
  night.notices.map((one) =>
    one.what === 'step'
      ? `${JSON.stringify(one.step.audience).replaceAll('"', '')} ${one.step.round}`
      : one.what === 'target'
        ? `${one.notice.what} ${one.notice.target.kind}`
        : one.what,
  )

describe('targets', () => {
  it('are those for the priority, or for the modality if it has its own', () => {
    const minutes = (modality: string | null) =>
      targetsFor(clock, { priority: 'stat', modality }).map(
        ({ kind, withinMs }) => `${kind} ${withinMs / MINUTE}`,
      )
    expect(minutes('CT,SR')).toEqual(['claim 8', 'preliminary 20'])
    expect(minutes('MR')).toEqual(['claim 8', 'preliminary 40'])
    expect(minutes(null)).toEqual(['claim 8', 'preliminary 40'])
    expect(targetsFor(clock, { priority: 'urgent', modality: 'CT' })).toEqual([])
  })

  it('are reported once as approaching and once as missed, and stay missed when met late', async () => {
    const id = await night.send()
    for (let minute = 0; minute < 10; minute++) {
      await night.cases.runDue()
      night.clock.pass(MINUTE)
    }
    const events = (await night.events()).filter(({ type }) => type.startsWith('clock.'))
    expect(events.map(({ type, detail }) => `${type} ${JSON.stringify(detail?.target)}`)).toEqual([
      'clock.approaching "claim"',
      'clock.missed "claim"',
    ])
    await night.cases.claim(reader('reader-1'), id)
    const [claim] = await dues(id)
    expect(claim).toMatchObject({ kind: 'claim' })
    expect(claim?.missedAt).toBeDefined()
    expect(claim!.metAt! > claim!.dueAt).toBe(true)
  })

  it('that were met are not reported as missed', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    night.clock.pass(9 * MINUTE)
    await night.cases.runDue()
    expect((await night.events()).filter(({ type }) => type.startsWith('clock.'))).toEqual([])
    await night.cases.close(reader('reader-1').actor, id, 'not-needed')
    night.clock.pass(600 * MINUTE)
    await night.cases.runDue()
    expect((await night.events()).filter(({ type }) => type.startsWith('clock.'))).toEqual([])
  })
})

describe('an escalation', () => {
  it('notifies one audience after another, repeats its last step, and ends with a claim', async () => {
    const id = await night.send()
    for (let minute = 0; minute < 45; minute++) {
      await night.cases.runDue()
      night.clock.pass(MINUTE)
    }
    expect(said().filter((one) => /^\w+ \d/.test(one))).toEqual([
      'duty 1',
      'backup 2',
      'operators 3',
      'operators 4',
      'operators 5',
      'operators 6',
    ])
    await night.cases.claim(reader('reader-1'), id)
    const before = night.notices.length
    night.clock.pass(50 * MINUTE)
    await night.cases.runDue()
    expect(
      said()
        .slice(before)
        .filter((one) => one.startsWith('operators')),
    ).toEqual([])
  })

  it('starts from the beginning when a claim is released or expires', async () => {
    const id = await night.send()
    await night.cases.runDue()
    await night.cases.claim(reader('reader-1'), id)
    await night.cases.release(reader('reader-1'), id, 'cannot-open')
    await night.cases.runDue()
    expect(said()).toEqual(['duty 1', 'duty 1'])
  })

  it('is taken by only one of two gateways, and catches up one step per round after an outage', async () => {
    await night.send()
    night.clock.pass(60 * MINUTE)
    await Promise.all([night.cases.runDue(), night.cases.runDue()])
    expect(said().filter((one) => !one.includes('claim') && !one.includes('preliminary'))).toEqual(
      expect.arrayContaining(['duty 1']),
    )
    expect(said().filter((one) => one === 'duty 1')).toHaveLength(1)
  })

  it('follows the chain configured at its start, even if the configuration changes', async () => {
    await night.send()
    const [row] = await night.state.db.selectFrom('escalations').selectAll().execute()
    expect(JSON.parse(row!.chain)).toHaveLength(3)
  })
})
