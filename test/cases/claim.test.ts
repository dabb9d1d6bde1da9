import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { postgresMissing, startPostgres } from '../_postgres.js'
import { newSigningKey } from '../access/_site.js'
import { CLAIM_MS, openNight, reader } from './_night.js'
import type { Night } from './_night.js'

let night: Night
beforeEach(async () => {
  night = await openNight()
})
afterEach(() => night.close())

const stateOf = async (id: string) => {
  const row = await night.cases.find(id)
  return { state: row?.state, by: row?.claimed_by }
}

describe('a claim', () => {
  it('is won by exactly one of twenty concurrent readers, and the others learn who holds it', async () => {
    const id = await night.send()
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => night.cases.claim(reader(`reader-${1 + (i % 2)}`), id)),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const one of tries)
      if (one.status === 'rejected')
        expect(one.reason).toMatchObject({
          code: 'already_claimed',
          subject: expect.stringMatching(/^reader-[12] until \d{4}-/),
        })
    expect((await night.transfer(id)).claimed_by).toBe((await stateOf(id)).by)
  })

  it('can be released, and the case waits again', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    await night.cases.release(reader('reader-1'), id, 'given-back')
    expect(await stateOf(id)).toEqual({ state: 'waiting', by: null })
    expect((await night.transfer(id)).claimed_by).toBeNull()
    await expect(night.cases.release(reader('reader-1'), id, 'given-back')).rejects.toMatchObject({
      code: 'not_claimed',
    })
  })

  it('expires automatically, unless activity renews it', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    night.clock.pass(CLAIM_MS - 1)
    expect(await night.cases.runDue()).toBeGreaterThan(-1)
    expect((await stateOf(id)).by).toBe('reader-1')
    await night.cases.renew(reader('reader-1'), id)
    night.clock.pass(CLAIM_MS - 1)
    await night.cases.runDue()
    expect((await stateOf(id)).by).toBe('reader-1')
    night.clock.pass(1)
    await night.cases.runDue()
    expect(await stateOf(id)).toEqual({ state: 'waiting', by: null })
    expect((await night.events()).at(-2)).toMatchObject({
      type: 'transfer.released',
      actor: { id: 'system' },
      detail: { reason: 'expired', holder: 'reader-1' },
    })
    await expect(night.cases.renew(reader('reader-1'), id)).rejects.toMatchObject({
      code: 'not_claimed',
    })
  })

  it('that has expired can be taken before its end is recorded', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    night.clock.pass(CLAIM_MS)
    await night.cases.claim(reader('reader-2'), id)
    expect((await stateOf(id)).by).toBe('reader-2')
    expect((await night.events()).at(-1)).toMatchObject({
      type: 'claim.taken-over',
      detail: { how: 'taken-over', from: 'reader-1' },
    })
  })

  it('that expired is taken over by the next reader, unless it is the same one', async () => {
    const id = await night.send()
    const takeovers = async () =>
      (await night.events()).filter(({ type }) => type === 'claim.taken-over').length
    for (const [holder, expected] of [
      ['reader-1', 0],
      ['reader-1', 0],
      ['reader-2', 1],
      ['reader-1', 2],
    ] as const) {
      await night.cases.claim(reader(holder), id)
      expect(await takeovers()).toBe(expected)
      night.clock.pass(CLAIM_MS)
      await night.cases.runDue()
    }
    await night.cases.claim(reader('reader-1'), id)
    await night.cases.release(reader('reader-1'), id, 'given-back')
    await night.cases.claim(reader('reader-2'), id)
    expect(await takeovers()).toBe(2)
  })

  it('can be overridden with a reason, which raises an alert and notifies its holder', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    await night.cases.claim(reader('reader-2'), id, 'unreachable')
    expect((await stateOf(id)).by).toBe('reader-2')
    expect(await night.events()).toContainEqual(
      expect.objectContaining({
        type: 'claim.overridden',
        detail: expect.objectContaining({ from: 'reader-1', reason: 'unreachable' }),
      }),
    )
    expect(night.notices.at(-1)).toMatchObject({ what: 'overridden', from: 'reader-1' })
  })

  it('ends when its holder leaves the group, and cannot be given to a non-member', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    night.readers.delete('reader-1')
    await night.cases.runDue()
    expect(await stateOf(id)).toEqual({ state: 'waiting', by: null })
    await expect(
      night.cases.reassign(reader('officer-1').actor, id, 'reader-1'),
    ).rejects.toMatchObject({ code: 'not_a_reader' })
    await night.cases.reassign(reader('officer-1').actor, id, 'reader-2')
    expect((await stateOf(id)).by).toBe('reader-2')
    expect((await night.events()).at(-1)).toMatchObject({
      type: 'claim.reassigned',
      actor: { id: 'officer-1' },
      detail: { holder: 'reader-2', from: 'reader-1' },
    })
  })

  it('survives a clock that is set back, and ends when the clock leaps ahead', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    night.clock.pass(-5 * 60_000)
    await night.cases.runDue()
    expect((await stateOf(id)).by).toBe('reader-1')
    night.clock.pass(25 * 3_600_000)
    await night.cases.runDue()
    expect((await stateOf(id)).by).toBeNull()
  })
})

describe('a case', () => {
  it('includes late images in the current claim, and waits again for those that arrive after the report', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    expect(await night.send({ joins: id })).toBe(id)
    const [view] = await night.cases.worklist(['nights'])
    expect(view?.transfers.map(({ joining }) => joining)).toEqual(['first', 'late'])
    const held = await night.state.db.selectFrom('transfers').select('claimed_by').execute()
    expect(held).toEqual([{ claimed_by: 'reader-1' }, { claimed_by: 'reader-1' }])
    await night.cases.close(reader('reader-1').actor, id, 'reported-elsewhere')
    expect(await night.cases.worklist(['nights'])).toEqual([])
    await night.send({ joins: id })
    expect(await stateOf(id)).toEqual({ state: 'waiting', by: null })
  })

  it('is found by its code, its ID and any of its transfers', async () => {
    const transfer = '019aa000-0000-7000-8000-000000000001'
    const id = await night.send({ id: transfer })
    const row = await night.cases.find(id)
    for (const name of [transfer, row!.code, row!.code.toLowerCase()])
      expect((await night.cases.find(name))?.id).toBe(id)
    expect(await night.cases.find('nothing')).toBeUndefined()
  })

  it('that is recalled has no holder, and accepts nothing more', async () => {
    const id = await night.send()
    await night.cases.claim(reader('reader-1'), id)
    await night.cases.recall(reader('facility-a').actor, id)
    expect(await stateOf(id)).toEqual({ state: 'recalled', by: null })
    await expect(night.cases.claim(reader('reader-1'), id)).rejects.toMatchObject({
      code: 'case_state',
    })
    await expect(night.send({ joins: id })).rejects.toMatchObject({ code: 'case_state' })
  })

  it('is listed by urgency, then age', async () => {
    const routine = await night.send({ priority: 'routine' })
    night.clock.pass(1_000)
    const stat = await night.send()
    night.clock.pass(1_000)
    const later = await night.send()
    expect((await night.cases.worklist(['nights'])).map(({ id }) => id)).toEqual([
      stat,
      later,
      routine,
    ])
    await night.cases.reprioritize(reader('facility-a').actor, routine, 'stat')
    expect((await night.cases.worklist(['nights'])).map(({ id }) => id)[0]).toBe(routine)
  })
})

const onPostgres = postgresMissing === undefined ? describe : describe.skip
onPostgres(
  `two gateways on one PostgreSQL${postgresMissing ? ` (${postgresMissing})` : ''}`,
  () => {
    it('give a case to exactly one of twenty readers', async () => {
      const server = await startPostgres()
      const shared = { url: server.url, signingKey: newSigningKey() }
      const [one, other] = [await openNight({}, shared), await openNight({}, shared)]
      try {
        const id = await one.send()
        const tries = await Promise.allSettled(
          Array.from({ length: 20 }, (_, i) =>
            (i % 2 ? one : other).cases.claim(reader(`reader-${1 + (i % 2)}`), id),
          ),
        )
        expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      } finally {
        await one.close()
        await other.close()
        await server.stop()
      }
    }, 60_000)
  },
)
