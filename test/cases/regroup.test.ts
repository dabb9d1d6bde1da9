/** Joining, splitting and rerouting cases: who reads what changes, and nothing is lost. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { newId } from '../../src/lib/ids.js'
import { addNote, readNotes } from '../../src/cases/notes/index.js'
import { codeOf } from '../transfer/_site.js'
import { openNight, reader, SENDER, viewOf } from './_night.js'
import type { Night } from './_night.js'

const MINUTE = 60_000
const asSender = { id: SENDER.id, actor: SENDER }
const one = reader('reader-1')
const two = reader('reader-2')

let night: Night
beforeEach(async () => {
  const clock = [{ priority: 'stat', kind: 'final', withinMs: 30 * MINUTE }] as const
  night = await openNight({ clock })
})
afterEach(() => night.close())

/** The transfers of all cases: each in one of them. */
const placesOf = async (ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await night.cases.find(id))?.id))

const finalReport = (id: string) =>
  night.ledger.record(async (tx) => ({
    value: undefined,
    events: await night.cases.reported(tx, one, {
      ...{ id: newId(night.clock.now()), case: id, status: 'final', agreement: undefined },
      sha256: 'a'.repeat(64),
    }),
  }))

describe('joining', () => {
  it('moves the transfers to the case, which keeps its code, and closes the other', async () => {
    const [id, other] = [await night.send(), await night.send({ modalities: ['MR'] })]
    const moved = (await viewOf(night, other)).transfers.map((transfer) => transfer.id)
    const { case: joined } = await night.cases.join(asSender, id, other)
    expect(joined).toMatchObject({ id, state: 'waiting', modality: 'CT,MR' })
    expect(joined.transfers).toHaveLength(2)
    expect(await placesOf(moved)).toEqual([id])
    const closed = await viewOf(night, other)
    expect(closed).toMatchObject({ state: 'closed', closedFor: 'joined', transfers: [] })
    // Nobody is told about it any more.
    night.clock.pass(60 * MINUTE)
    await night.cases.runDue()
    expect(night.notices.map(({ row }) => row.id)).not.toContain(other)
  })

  it('takes the notes along, each under the code it was written for', async () => {
    const [id, other] = [await night.send(), await night.send()]
    const told: string[] = []
    const parts = {
      ...{ state: night.state, ledger: night.ledger, now: night.clock.now },
      announceNote: (_: unknown, row: { id: string }) => {
        told.push(row.id)
        return Promise.resolve()
      },
    }
    const author = { id: SENDER.id, actor: SENDER, certificate: '', message: 'c2VhbGVk' }
    const { code } = await viewOf(night, other)
    await addNote(parts, author, { id: other })
    await night.cases.join(asSender, id, other)
    const row = await night.cases.find(id)
    expect(row && (await readNotes(parts, SENDER, row))).toMatchObject([{ code }])
    // The answer was lost, and its case was joined meanwhile: the same message is the same note.
    const again = await addNote(parts, author, { id: other })
    expect([again.row.code, again.receipt, told]).toEqual([code, undefined, [other]])
    const next = (n: number) => addNote(parts, { ...author, message: `c2VhbGVk${n}` }, { id })
    for (let n = 1; n < 100; n += 1) await next(n)
    expect(await codeOf(next(100))).toBe('too_many_notes')
    await night.cases.recall(SENDER, id)
    expect(await codeOf(next(100))).toBe('case_state')
  })

  it('gives the holder of the case the transfers too, and none of it to a colleague', async () => {
    const [id, other] = [await night.send(), await night.send()]
    await night.cases.claim(one, id)
    await night.cases.claim(two, other)
    expect(await codeOf(night.cases.join(one, id, other))).toBe('already_claimed')
    await night.cases.join(two, id, other)
    const { transfers, claimedBy } = await viewOf(night, id)
    expect(claimedBy).toBe('reader-1')
    const holders = await night.state.db
      .selectFrom('transfers')
      .select('claimed_by')
      .where(
        'id',
        'in',
        transfers.map((transfer) => transfer.id),
      )
      .execute()
    expect(holders.map((row) => row.claimed_by)).toEqual(['reader-1', 'reader-1'])
    expect(await codeOf(night.cases.renew(two, other))).toBe('not_claimed')
  })

  it('makes a reported case wait again, with the clock of the images that wait', async () => {
    const id = await night.send()
    await finalReport(id)
    night.clock.pass(5 * MINUTE)
    const since = night.clock.now()
    const other = await night.send()
    night.clock.pass(10 * MINUTE)
    const { case: joined } = await night.cases.join(asSender, id, other)
    expect(joined.state).toBe('waiting')
    expect(joined.targets).toMatchObject([{ dueAt: new Date(since + 30 * MINUTE).toISOString() }])
  })

  it('is refused for another facility or patient, a case with a report, and itself', async () => {
    const id = await night.send({ patient: 'p-1' })
    const theirs = await night.send({ facility: 'facility-b' })
    const other = await night.send({ patient: 'p-2' })
    const reported = await night.send({ patient: 'p-1' })
    await finalReport(reported)
    const arriving = await night.send({ isAvailable: false })
    for (const [from, code] of [
      [id, 'case_mismatch'],
      [theirs, 'case_mismatch'],
      [other, 'case_other_patient'],
      [reported, 'case_state'],
      [arriving, 'transfer_not_available'],
    ] as const)
      expect([from, await codeOf(night.cases.join(asSender, id, from))]).toEqual([from, code])
    expect((await viewOf(night, id)).transfers).toHaveLength(1)
  })
})

describe('splitting', () => {
  it('makes a case of its own, which a colleague may claim at once; the clock goes on', async () => {
    const id = await night.send()
    await night.send({ joins: id })
    const before = await viewOf(night, id)
    await night.cases.claim(one, id)
    night.clock.pass(10 * MINUTE)
    const [, second] = before.transfers
    expect(await codeOf(night.cases.split(two, id, [second?.id ?? '']))).toBe('already_claimed')
    const { case: made } = await night.cases.split(one, id, [second?.id ?? ''])
    expect(made).toMatchObject({ state: 'waiting', priority: 'stat' })
    expect(made.code).not.toBe(before.code)
    expect(made.targets.map(({ dueAt }) => dueAt)).toEqual(before.targets.map(({ dueAt }) => dueAt))
    expect(await viewOf(night, id)).toMatchObject({ state: 'claimed', claimedBy: 'reader-1' })
    await night.cases.claim(two, made.id)
    expect((await night.transfer(made.id)).claimed_by).toBe('reader-2')
    expect((await night.transfer(id)).claimed_by).toBe('reader-1')
  })

  it('is refused for all of its transfers, for those of others, and after a report', async () => {
    const id = await night.send()
    await night.send({ joins: id })
    const all = (await viewOf(night, id)).transfers.map((transfer) => transfer.id)
    const [others] = (await viewOf(night, await night.send())).transfers
    for (const ids of [all, [others?.id ?? ''], [all[0] ?? '', others?.id ?? '']])
      expect(await codeOf(night.cases.split(asSender, id, ids))).toBe('case_mismatch')
    await finalReport(id)
    expect(await codeOf(night.cases.split(asSender, id, [all[0] ?? '']))).toBe('case_state')
  })
})

describe('rerouting', () => {
  it('withdraws the case and names the other, which must be of another group', async () => {
    const [id, other] = [await night.send(), await night.send()]
    expect(await codeOf(night.cases.reroute(SENDER, id, other))).toBe('case_mismatch')
    await night.state.transaction((tx) =>
      tx.updateTable('cases').set({ group_id: 'neuro' }).where('id', '=', other).execute(),
    )
    await night.cases.claim(one, id)
    const { case: withdrawn } = await night.cases.reroute(SENDER, id, other)
    expect(withdrawn).toMatchObject({ state: 'recalled', closedFor: 'rerouted' })
    expect((await night.transfer(id)).claimed_by).toBeNull()
    expect(await codeOf(night.cases.reroute(SENDER, other, id))).toBe('case_state')
  })
})
