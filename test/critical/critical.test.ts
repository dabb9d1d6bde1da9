/** Critical results: what ends them, and what does not. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { chainFor } from '../../src/critical/index.js'
import { CRITICAL_STEPS, CRITICAL_TABLE, nextCriticalState } from '../../src/critical/states.js'
import { CRITICAL_LEVELS, wordsOf } from '../../src/protocol/critical.js'
import { reader } from '../cases/_night.js'
import { FACILITY, FINDING, newHolders, openCriticalNight, RULES } from './_critical.js'
import type { CriticalNight } from './_critical.js'

const MINUTE_MS = 60_000
const READER = reader('reader-1')
let holders: Awaited<ReturnType<typeof newHolders>>
let night: CriticalNight
beforeAll(async () => {
  holders = await newHolders()
}, 30_000)
beforeEach(async () => {
  night = await openCriticalNight(holders)
})
afterEach(() => night.close())

/** The audiences notified by escalation steps so far. */
const audiences = () =>
  night.notices.flatMap((one) =>
    one.what === 'step' && one.step.escalation.critical !== null ? [one.step.audience] : [],
  )

const typesOf = async (prefix: string): Promise<readonly string[]> =>
  (await night.events()).map(({ type }) => type).filter((type) => type.startsWith(prefix))

describe('the states', () => {
  it('allow exactly these steps', () => {
    const states = Object.keys(CRITICAL_TABLE) as (keyof typeof CRITICAL_TABLE)[]
    const table = states.flatMap((state) =>
      CRITICAL_STEPS.map((step) => `${state} ${step}: ${nextCriticalState(state, step) ?? '-'}`),
    )
    expect(table).toEqual([
      'raised read-back: comparing',
      'raised words: closed',
      'raised agree: -',
      'raised differ: -',
      'raised phone: closed',
      'comparing read-back: comparing',
      'comparing words: closed',
      'comparing agree: closed',
      'comparing differ: raised',
      'comparing phone: closed',
      'closed read-back: -',
      'closed words: -',
      'closed agree: -',
      'closed differ: -',
      'closed phone: -',
    ])
  })
})

describe('the chain', () => {
  it('tells the contacts in order, and the fail-safe before the target is missed', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { minLength: 1, maxLength: 20 }),
        fc.constantFrom(...CRITICAL_LEVELS),
        (people, level) => {
          const contacts = people.map((person) => ({ person }))
          const chain = chainFor({ ...RULES, contacts }, level)
          expect(chain.map(({ audience }) => audience)).toEqual([...contacts, RULES.failSafe])
          const times = chain.map(({ afterMs }) => afterMs)
          expect(times[0]).toBe(0)
          expect(times.toSorted((a, b) => a - b)).toEqual(times)
          expect(times.at(-1)).toBeLessThan(RULES.withinMs[level])
        },
      ),
    )
  })
})

describe('words', () => {
  it('are compared without case, punctuation and line breaks', () => {
    expect(wordsOf('Large LEFT\npneumothorax, tension.')).toBe(
      wordsOf('large left pneumothorax tension'),
    )
  })

  it.each([
    ['a negation', 'no bleeding', 'bleeding'],
    ['a side', 'left', 'right'],
    ['a number', '5 mm', '15 mm'],
    ['a decimal point', '1.5 cm', '15 cm'],
    ['a sign', '-3', '3'],
  ])('differ by %s', (_what, one, other) => {
    expect(wordsOf(one)).not.toBe(wordsOf(other))
  })
})

describe('a critical result that nobody answers', () => {
  it('is escalated in order to the fail-safe, misses its target once, and never falls silent', async () => {
    const { id } = await night.raise()
    for (let minute = 0; minute < 60; minute++) {
      await night.cases.runDue()
      await night.critical.runDue()
      night.clock.pass(MINUTE_MS)
    }
    const [first, second, ...rest] = audiences()
    expect([first, second]).toEqual(RULES.contacts)
    expect(rest.length).toBeGreaterThanOrEqual(8)
    expect(rest.every((one) => JSON.stringify(one) === JSON.stringify(RULES.failSafe))).toBe(true)
    expect(await typesOf('critical')).toEqual(['critical.raised', 'critical.missed'])
    expect(night.told).toMatchObject([{ what: 'missed', row: { id } }])
  })

  it('is not ended by anything that happens to its case', async () => {
    const { case_id } = await night.raise()
    await night.cases.recall(FACILITY.actor, case_id)
    night.clock.pass(11 * MINUTE_MS)
    await night.cases.runDue()
    night.clock.pass(1_000)
    await night.cases.runDue()
    expect(audiences()).toEqual(RULES.contacts)
    const open = await night.critical.openOf([case_id])
    expect(open.get(case_id)).toHaveLength(1)
  })
})

describe('an answer', () => {
  it('with the words of the finding closes it, and one in other words waits for the reader', async () => {
    const row = await night.raise()
    await night.critical.readBack(FACILITY, row, await night.readBack(row, 'collapsed lung'))
    expect(await night.now(row.id)).toMatchObject({ state: 'comparing', closed_at: null })
    await night.cases.runDue()
    expect(audiences().at(-1)).toEqual({ person: 'reader-1' })
    await night.critical.compare(READER, row, await night.comparison(row, false))
    expect(await night.now(row.id)).toMatchObject({ state: 'raised' })
    await night.cases.runDue()
    expect(audiences().at(-1)).toEqual(RULES.contacts[0])
    const same = await night.readBack(row, FINDING.toLowerCase(), true)
    await night.critical.readBack(FACILITY, row, same)
    expect(await night.now(row.id)).toMatchObject({ state: 'closed', closed_for: 'read-back' })
    const before = audiences().length
    night.clock.pass(24 * 60 * MINUTE_MS)
    await night.cases.runDue()
    expect(audiences()).toHaveLength(before)
    expect(await night.critical.runDue()).toBe(0)
  })

  it('by telephone closes it only with a read-back', async () => {
    const row = await night.raise('hours')
    await night.critical.phone(READER, row, await night.call(row, { readBack: false }))
    expect(await night.now(row.id)).toMatchObject({ state: 'raised' })
    await night.critical.phone(READER, row, await night.call(row))
    expect(await night.now(row.id)).toMatchObject({ state: 'closed', closed_for: 'phone' })
  })

  it('of several at once, one closes it, and the others are refused', async () => {
    const row = await night.raise()
    const attempts = [
      night.critical.phone(READER, row, await night.call(row)),
      night.critical.phone(READER, row, await night.call(row, { role: 'resident' })),
      night.critical.readBack(FACILITY, row, await night.readBack(row, FINDING, true)),
    ]
    const outcomes = await Promise.allSettled(attempts)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await night.critical.answers(row.id)).toHaveLength(1)
  })

  it('or a finding that is sent again is the same one', async () => {
    const { row, transfer } = await night.newCase()
    const sent = await night.finding(row)
    const [one, two] = [
      await night.critical.raise(READER, row, transfer, sent),
      await night.critical.raise(READER, row, transfer, sent),
    ]
    expect([two.row.id, two.receipt]).toEqual([one.row.id, undefined])
    const call = await night.call(one.row)
    await night.critical.phone(READER, one.row, call)
    // The clocks of client and gateway may have drifted apart since.
    night.clock.pass(60 * MINUTE_MS)
    expect(await night.critical.phone(READER, one.row, call)).toMatchObject({ receipt: undefined })
    expect(await typesOf('critical')).toEqual(['critical.raised', 'critical.phoned'])
  })

  it.each([
    ['an old signature', 'signedAt', { signedAt: '2020-01-01T00:00:00.000Z' }],
    ['another gateway', 'statement', { gateway: 'gateway.elsewhere' }],
    ['another author', 'statement', { author: 'reader-2' }],
    ['another message', 'message', { sha256: 'a'.repeat(64) }],
    ['a message for another facility', 'message', { sealedTo: 'facility-b' }],
  ])('or a finding is refused: %s', async (_what, field, more) => {
    const { row, transfer } = await night.newCase()
    const sent = await night.finding(row, more)
    const raising = night.critical.raise(READER, row, transfer, sent)
    await expect(raising).rejects.toMatchObject({ code: 'critical_invalid', field })
    expect(await typesOf('critical')).toEqual([])
  })

  it('that claims the words without knowing them is refused', async () => {
    const row = await night.raise()
    const wrong = await night.readBack(row, 'collapsed lung', true)
    const reading = night.critical.readBack(FACILITY, row, wrong)
    await expect(reading).rejects.toMatchObject({ code: 'critical_invalid', field: 'proof' })
    const signed = { ...(await night.call(row)), signature: wrong.signature }
    const calling = night.critical.phone(READER, row, signed)
    await expect(calling).rejects.toMatchObject({ code: 'critical_invalid', field: 'signature' })
    expect(await night.now(row.id)).toMatchObject({ state: 'raised' })
  })
})
