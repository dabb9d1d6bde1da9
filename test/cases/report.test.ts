/** How reports affect the case, its claim, its clock and its escalation. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ArrivedReport } from '../../src/cases/index.js'
import { newId } from '../../src/lib/ids.js'
import { openNight, reader } from './_night.js'
import type { Night } from './_night.js'

let night: Night
beforeEach(async () => {
  const targets = (['preliminary', 'final', 'acknowledged'] as const).map((kind) => ({
    kind,
    priority: 'stat' as const,
    withinMs: 60_000,
  }))
  night = await openNight({ clock: targets })
})
afterEach(() => night.close())

const FACILITY = { id: 'facility-a', actor: { id: 'facility-a', role: 'sender' } } as const

function reportOn(id: string, more: Partial<ArrivedReport> = {}): ArrivedReport {
  const { status = 'preliminary', agreement } = more
  return { id: newId(night.clock.now()), case: id, status, agreement, sha256: 'a'.repeat(64) }
}

const send = async (by: string, report: ArrivedReport): Promise<void> => {
  await night.ledger.record(async (tx) => ({
    value: undefined,
    events: await night.cases.reported(tx, reader(by), report),
  }))
}

const acknowledge = async (report: ArrivedReport): Promise<void> => {
  await night.ledger.record(async (tx) => ({
    value: undefined,
    events: await night.cases.reportAcknowledged(tx, FACILITY, report),
  }))
}

const viewOf = async (id: string) => {
  const row = await night.cases.find(id)
  const [view] = row ? await night.cases.views([row]) : []
  return view
}

describe('a report', () => {
  it('from a colleague is refused while the case is held, and accepted once the claim has expired', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    await expect(send('reader-2', reportOn(id))).rejects.toMatchObject({ code: 'already_claimed' })
    night.clock.pass(2 * 60 * 60_000)
    await send('reader-2', reportOn(id))
    expect(await viewOf(id)).toMatchObject({ state: 'preliminary', reportedBy: 'reader-2' })
  })

  it('ends the claim, meets its target and notifies the facility; a final one waits to be acknowledged', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    await send('reader-1', reportOn(id))
    expect((await night.transfer(id)).claimed_by).toBeNull()
    expect(night.notices.at(-1)).toMatchObject({ what: 'reported' })
    expect((await viewOf(id))?.targets.filter(({ metAt }) => metAt !== undefined)).toHaveLength(1)
    const final = reportOn(id, { status: 'final', agreement: 'major' })
    await send('reader-1', final)
    expect(await viewOf(id)).toMatchObject({ state: 'final', report: 'final' })
    await acknowledge(final)
    const closed = await viewOf(id)
    expect(closed).toMatchObject({ state: 'closed', closedFor: 'reported' })
    expect(closed?.targets.every(({ metAt }) => metAt !== undefined)).toBe(true)
  })

  it.each([
    ['an agreement without a preliminary report', [], 'final', 'agree', 'agreement'],
    [
      'a final report that says nothing of the preliminary one',
      ['preliminary'],
      'final',
      undefined,
      'agreement',
    ],
    ['an addendum to nothing', [], 'addendum', undefined, 'status'],
    ['a second final report', ['final'], 'final', undefined, 'status'],
    ['a preliminary report after a final one', ['final'], 'preliminary', undefined, 'status'],
  ] as const)('is refused: %s', async (_what, before, status, agreement, field) => {
    const id = await night.send()
    for (const one of before) await send('reader-1', reportOn(id, { status: one }))
    await expect(send('reader-1', reportOn(id, { status, agreement }))).rejects.toMatchObject({
      code: 'report_out_of_turn',
      field,
    })
  })

  it('can be final again once new images arrived after the first', async () => {
    const id = await night.send()
    await send('reader-1', reportOn(id, { status: 'final' }))
    await night.send({ joins: id })
    expect(await viewOf(id)).toMatchObject({ state: 'waiting' })
    await send('reader-1', reportOn(id, { status: 'final' }))
    expect(await viewOf(id)).toMatchObject({ state: 'final' })
  })

  it('on a recalled case is refused', async () => {
    const id = await night.send()
    await night.cases.recall(FACILITY.actor, id)
    await expect(send('reader-1', reportOn(id))).rejects.toMatchObject({ code: 'case_state' })
  })
})
