/** Turnaround figures, computed from cases whose times the test knows. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { newId } from '../../src/lib/ids.js'
import { reportTimes } from '../../src/reports/index.js'
import type { CaseReportTable } from '../../src/state/night/index.js'
import { openNight, reader } from './_night.js'
import type { Night } from './_night.js'

const MINUTE_MS = 60_000
let night: Night
beforeEach(async () => {
  night = await openNight({
    clock: [{ kind: 'preliminary', priority: 'stat', withinMs: 30 * MINUTE_MS }],
  })
})
afterEach(() => night.close())

/** A report row as the reply path writes it. */
const reportRow = (id: string, status: 'preliminary' | 'final', at: number): CaseReportTable => ({
  ...{ id: newId(at), case_id: id, code: 'K7Q-4MD', facility: 'facility-a', group_id: 'nights' },
  ...{ status, agreement: null, author: 'reader-1', statement: '', signature: '', certificate: '' },
  ...{ sha256: `${id}${status}`, size: 1, signed_at: at, received_at: at },
  ...{
    acknowledged_at: at + MINUTE_MS,
    acknowledgement: null,
    acknowledgement_signature: null,
    expired_at: null,
  },
})

/** A case that is claimed and reported so many minutes after it became available. */
async function readOne(claimAfter: number, reportAfter: number): Promise<void> {
  const id = await night.send()
  night.clock.pass(claimAfter * MINUTE_MS)
  await night.cases.claim(reader('reader-1'), id)
  night.clock.pass((reportAfter - claimAfter) * MINUTE_MS)
  await night.cases.runDue()
  const row = reportRow(id, 'final', night.clock.now())
  await night.ledger.record(async (tx) => {
    await tx.insertInto('case_reports').values(row).execute()
    const report = { id: row.id, case: id, status: 'final', agreement: undefined } as const
    const events = await night.cases.reported(tx, reader('reader-1'), {
      ...report,
      sha256: 'a'.repeat(64),
    })
    return { value: undefined, events }
  })
}

const figures = (range: Parameters<Night['cases']['figures']>[0]) =>
  night.cases.figures(range, (ids) => reportTimes(night.state.db, ids))

describe('figures', () => {
  it('are median and 90th percentile by nearest rank, with the targets that were missed', async () => {
    const from = night.clock.now()
    for (const minutes of [10, 20, 20, 29, 50]) await readOne(5, minutes)
    const found = await figures({ from, until: night.clock.now() })
    const of = (kind: string) => found.find((one) => one.kind === kind)
    expect(of('claim')).toMatchObject({ cases: 5, medianSeconds: 300, p90Seconds: 300, missed: 0 })
    expect(of('preliminary')).toMatchObject({
      ...{ facility: 'facility-a', group: 'nights', priority: 'stat', cases: 5 },
      ...{ medianSeconds: 20 * 60, p90Seconds: 50 * 60, missed: 1 },
    })
    expect(of('acknowledged')).toMatchObject({ cases: 5, medianSeconds: 21 * 60 })
  })

  it('count a case by when it became available, and only for its own people', async () => {
    const from = night.clock.now()
    await readOne(1, 2)
    const until = night.clock.now()
    night.clock.pass(MINUTE_MS)
    await readOne(1, 2)
    const claims = async (range: Parameters<typeof figures>[0]) =>
      (await figures(range)).filter(({ kind }) => kind === 'claim').map(({ cases }) => cases)
    expect(await claims({ from, until })).toEqual([1])
    expect(await claims({ from, until: until + 60 * MINUTE_MS })).toEqual([2])
    expect(await claims({ from, until, facility: 'facility-b' })).toEqual([])
    expect(await claims({ from, until, groups: ['nights'] })).toEqual([1])
    expect(await claims({ from, until, groups: ['neuro'] })).toEqual([])
  })

  it('count cases by state', async () => {
    await night.send()
    await readOne(1, 2)
    expect(await night.cases.counts()).toMatchObject({ waiting: 1, final: 1, closed: 0 })
  })
})
