/** What the worklist says of a case's time, and the order in which the viewer shows slices. */
import { describe, expect, it } from '@jest/globals'
import { clockTime, duration, timeLeft } from '../../src/web/pages/session/time-left.js'
import type { ReportStatus } from '../../src/protocol/report.js'
import {
  allowedAfter,
  emptyDraft,
  parseDraft,
  problemOf,
} from '../../src/web/pages/read/writing/report-state.js'
import { demoLinkIn } from '../../src/web/pages/session/demo.js'
import { inOrder } from '../../src/web/pages/viewer/facts.js'
import type { InstanceFacts } from '../../src/web/pages/viewer/facts.js'

const NOW = Date.parse('2026-11-30T03:00:00Z')
const due = (kind: string, at: string, metAt?: string) => ({
  kind,
  dueAt: `2026-11-30T${at}Z`,
  ...(metAt !== undefined && { metAt }),
})

describe('the time left', () => {
  it('is that of the earliest target that is not met', () => {
    const met = due('claim', '02:10:00', '2026-11-30T02:05:00Z')
    const targets = [due('final', '05:00:00'), due('preliminary', '03:30:00'), met]
    expect(timeLeft({ targets }, NOW)).toEqual({
      text: '30 min left',
      urgency: 'calm',
      kind: 'preliminary',
    })
  })

  it('warns in the last ten minutes, and counts on when it is over', () => {
    expect(timeLeft({ targets: [due('claim', '03:09:59')] }, NOW).urgency).toBe('soon')
    expect(timeLeft({ targets: [due('claim', '01:55:00')] }, NOW)).toMatchObject({
      text: '1 h 05 min over',
      urgency: 'late',
    })
  })

  it('says so when there is no target', () => {
    expect(timeLeft({ targets: [] }, NOW)).toMatchObject({ text: 'no target', urgency: 'none' })
  })

  it.each([
    [0, '0 s'],
    [59_999, '59 s'],
    [3_599_999, '59 min'],
    [3_600_000, '1 h 00 min'],
    [183_600_000, '2 d 03 h'],
  ])('writes %s ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })

  it('names the day of another day', () => {
    expect(clockTime('2026-11-28T22:14:00Z', NOW)).toMatch(/^2[89] Nov \d\d:14$/)
  })
})

describe('a link to the demo site', () => {
  const key = Buffer.from('-----BEGIN PGP?~').toString('base64url')

  it('has a key for pages of this machine, and for no other', async () => {
    const link = demoLinkIn(`#demo=reader-1:${key}`, '127.0.0.1')
    expect(link?.principal).toBe('reader-1')
    expect(await link?.key.text()).toBe('-----BEGIN PGP?~')
    expect(demoLinkIn(`#demo=reader-1:${key}`, 'gateway.example.org')).toBeUndefined()
  })

  it.each(['', '#demo=', '#demo=reader-1', `#demo=Reader 1:${key}`, '#demo=reader-1:a!'])(
    'is not %j',
    (hash) => expect(demoLinkIn(hash, 'localhost')).toBeUndefined(),
  )
})

describe('the order of slices', () => {
  const slice = (instanceNumber: number, along: number | undefined) => ({
    facts: { instanceNumber, along } as InstanceFacts,
  })
  const numbers = (all: readonly { readonly facts: InstanceFacts }[]) =>
    inOrder(all).map(({ facts }) => facts.instanceNumber)

  it('follows the position, whatever the numbers say', () => {
    expect(numbers([slice(1, 30), slice(2, 10), slice(3, 20)])).toEqual([2, 3, 1])
  })

  it('follows the numbers when a slice has no position', () => {
    expect(numbers([slice(3, 10), slice(1, undefined), slice(2, 5)])).toEqual([1, 2, 3])
  })
})

describe('the report that can follow', () => {
  const draft = (status: ReportStatus, findings = 'normal') => {
    const { sections, ...rest } = emptyDraft(undefined)
    return { ...rest, status, sections: { ...sections, findings } }
  }

  it.each([
    [undefined, ['preliminary', 'final']],
    ['preliminary', ['final', 'preliminary']],
    ['final', ['addendum', 'final']],
  ])('after %s is %j', (before, after) => {
    expect(allowedAfter(before)).toEqual(after)
  })

  it('has text, and states its agreement with a preliminary one', () => {
    expect(problemOf(undefined, draft('final', ' \n '))).toMatch(/Write/)
    expect(problemOf(undefined, draft('final'))).toBeUndefined()
    expect(problemOf('preliminary', draft('final'))).toMatch(/agrees/)
    expect(problemOf('preliminary', { ...draft('final'), agreement: 'minor' })).toBeUndefined()
  })

  it('continues from a draft, whatever is in it', () => {
    const kept = { ...draft('final'), agreement: undefined }
    expect(parseDraft(JSON.stringify(kept), undefined)).toEqual(kept)
    expect(parseDraft(JSON.stringify({ ...kept, status: 'addendum' }), undefined)?.status).toBe(
      'preliminary',
    )
    expect(parseDraft('{"sections":{"findings":7}}', undefined)).toEqual(emptyDraft(undefined))
    expect(parseDraft('not JSON', undefined)).toBeUndefined()
  })
})
