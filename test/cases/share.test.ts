/** A case shared by body region: each part is held and reported apart, the whole at the end. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { addNote, readNotes } from '../../src/cases/notes/index.js'
import type { ArrivedReport } from '../../src/cases/index.js'
import { newId } from '../../src/lib/ids.js'
import type { CaseReportTable } from '../../src/state/night/index.js'
import { codeOf } from '../transfer/_site.js'
import { CLAIM_MS, openNight, reader, SENDER, viewOf } from './_night.js'
import type { Night } from './_night.js'

const MINUTE = 60_000
const [one, two] = [reader('reader-1'), reader('reader-2')]
const FACILITY = { id: SENDER.id, actor: SENDER }

let night: Night
beforeEach(async () => {
  const clock = (['claim', 'preliminary', 'final', 'acknowledged'] as const).map((kind) => ({
    ...{ priority: 'stat' as const, kind, withinMs: 30 * MINUTE },
  }))
  night = await openNight({ clock })
})
afterEach(() => night.close())

const stateOf = async (id: string) => (await viewOf(night, id)).state
const met = async (id: string) =>
  (await viewOf(night, id)).targets
    .flatMap(({ kind, metAt }) => (metAt === undefined ? [] : [kind]))
    .sort()

async function report(
  id: string,
  by: typeof one,
  status: ArrivedReport['status'],
  agreement?: ArrivedReport['agreement'],
): Promise<ArrivedReport> {
  const at = night.clock.now()
  const sent = { id: newId(at), case: id, status, agreement, sha256: newId(at) }
  const row: CaseReportTable = {
    ...{ id: sent.id, case_id: id, code: '', facility: 'facility-a', group_id: 'nights' },
    ...{ status, agreement: agreement ?? null, author: by.id, statement: '', signature: '' },
    ...{ certificate: '', sha256: sent.sha256, size: 1, signed_at: at, received_at: at },
    ...{ acknowledged_at: null, acknowledgement: null, acknowledgement_signature: null },
    expired_at: null,
  }
  await night.ledger.record(async (tx) => {
    await tx.insertInto('case_reports').values(row).execute()
    return { value: undefined, events: await night.cases.reported(tx, by, sent) }
  })
  return sent
}

const acknowledge = (sent: ArrivedReport) =>
  night.ledger.record(async (tx) => {
    const { id } = sent
    const change = { acknowledged_at: night.clock.now() }
    await tx.updateTable('case_reports').set(change).where('id', '=', id).execute()
    return { value: undefined, events: await night.cases.reportAcknowledged(tx, FACILITY, sent) }
  })

const share = async (id: string, region: 'chest' | 'head' = 'chest', to?: string) =>
  (await night.cases.share(one, id, { region, to })).case

const typesOf = async (id: string) =>
  (await night.ledger.query({ limit: 1_000 })).rows
    .filter(({ entry }) => entry.detail?.case === id)
    .map(({ entry }) => entry.type)

describe('a part', () => {
  it('has its own code, claim and clock, and the images and notes of the whole case', async () => {
    const id = await night.send()
    await night.cases.claim(one, id)
    night.clock.pass(5 * MINUTE)
    const part = await share(id, 'chest', 'reader-2')
    const whole = await viewOf(night, id)
    expect(part).toMatchObject({ state: 'waiting', part: { of: id, code: whole.code } })
    expect(part.part).toMatchObject({ region: 'chest', to: 'reader-2' })
    expect(part.code).not.toBe(whole.code)
    expect(part.transfers).toEqual(whole.transfers)
    expect(part.targets.map(({ dueAt }) => dueAt)).toEqual(whole.targets.map(({ dueAt }) => dueAt))
    expect(whole.parts).toMatchObject([{ code: part.code, region: 'chest', state: 'waiting' }])
    expect(await typesOf(part.id)).toEqual(['case.shared'])
    // The reader named is notified first.
    await night.cases.runDue()
    const [told] = night.notices.filter(({ row }) => row.id === part.id)
    expect(told).toMatchObject({ step: { audience: { person: 'reader-2' } } })
    await night.cases.claim(two, part.id)
    expect([(await viewOf(night, id)).claimedBy, (await viewOf(night, part.id)).claimedBy]).toEqual(
      ['reader-1', 'reader-2'],
    )
    // Whoever holds the whole case still holds its images, also after the part was given back.
    expect((await night.transfer(id)).claimed_by).toBe('reader-1')
    await night.cases.release(two, part.id, 'given-back')
    expect((await night.transfer(id)).claimed_by).toBe('reader-1')
    const noted = {
      ...{ state: night.state, ledger: night.ledger, now: night.clock.now },
      announceNote: () => Promise.resolve(),
    }
    await addNote(noted, { ...FACILITY, certificate: '', message: 'c2VhbGVk' }, { id })
    const row = await night.cases.find(part.code)
    expect(row && (await readNotes(noted, two.actor, row))).toHaveLength(1)
  })

  it('keeps its claim while its holder fetches, and loses it like every claim', async () => {
    const id = await night.send()
    const part = await share(id)
    await night.cases.claim(two, part.id)
    const [transfer] = part.transfers
    night.clock.pass(CLAIM_MS - MINUTE)
    await night.state.transaction((tx) =>
      night.cases.renewForFetch(tx, 'reader-2', transfer?.id ?? ''),
    )
    night.clock.pass(CLAIM_MS - MINUTE)
    await night.cases.runDue()
    expect(await stateOf(part.id)).toBe('claimed')
    night.clock.pass(2 * MINUTE)
    await night.cases.runDue()
    expect(await stateOf(part.id)).toBe('waiting')
  })
})

describe('the whole case', () => {
  it('is final only when all parts are, and closed when all reports are acknowledged', async () => {
    const id = await night.send()
    await night.cases.claim(one, id)
    const [chest, head] = [await share(id, 'chest'), await share(id, 'head')]
    await report(chest.id, two, 'preliminary')
    expect(await met(id)).toEqual(['claim'])
    const own = await report(id, one, 'final')
    expect([await stateOf(id), await met(id)]).toEqual(['partial', ['claim']])
    const ofHead = await report(head.id, two, 'final')
    // Each part now has a report, one of them preliminary.
    expect([await stateOf(id), await met(id)]).toEqual(['partial', ['claim', 'preliminary']])
    await acknowledge(own)
    await acknowledge(ofHead)
    expect(await stateOf(id)).toBe('partial')
    const ofChest = await report(chest.id, two, 'final', 'agree')
    expect([await stateOf(id), await met(id)]).toEqual(['final', ['claim', 'final', 'preliminary']])
    expect((await typesOf(id)).filter((type) => type === 'case.completed')).toHaveLength(1)
    await acknowledge(ofChest)
    expect([await stateOf(chest.id), await stateOf(id)]).toEqual(['closed', 'closed'])
    expect(await met(id)).toEqual(['acknowledged', 'claim', 'final', 'preliminary'])
  })

  it('waits for its own report when all parts have theirs, and is closed once', async () => {
    const id = await night.send()
    const part = await share(id)
    const ofPart = await report(part.id, two, 'final')
    await acknowledge(ofPart)
    expect([await stateOf(id), await met(id)]).toEqual(['waiting', []])
    await acknowledge(await report(id, one, 'final'))
    expect(await stateOf(id)).toBe('closed')
  })

  it('is read again when a part is taken back, unless it was reported elsewhere', async () => {
    for (const [reason, state] of [
      ['not-needed', 'waiting'],
      ['reported-elsewhere', 'final'],
    ] as const) {
      const id = await night.send()
      const part = await share(id)
      await report(id, one, 'final')
      await night.cases.close(two.actor, part.id, reason)
      expect([reason, await stateOf(id)]).toEqual([reason, state])
    }
    // A part that was taken back can be given to somebody else.
    const id = await night.send()
    const part = await share(id)
    expect(await codeOf(share(id))).toBe('region_shared')
    await night.cases.close(two.actor, part.id, 'not-needed')
    await share(id)
  })

  it('takes its parts along when it is recalled, closed or made more urgent', async () => {
    const id = await night.send({ priority: 'routine' })
    const part = await share(id)
    await night.cases.claim(two, part.id)
    await night.cases.reprioritize(SENDER, id, 'stat')
    expect((await viewOf(night, part.id)).priority).toBe('stat')
    await night.cases.recall(SENDER, id)
    expect(await viewOf(night, part.id)).toMatchObject({ state: 'recalled', closedFor: 'recalled' })
    expect(await codeOf(report(part.id, two, 'final'))).toBe('case_state')
    night.notices.length = 0
    night.clock.pass(60 * MINUTE)
    await night.cases.runDue()
    expect(night.notices).toEqual([])
  })

  it('is shared only by whoever may read it, whole, and not joined or split meanwhile', async () => {
    const [id, other] = [await night.send(), await night.send()]
    await night.send({ joins: id })
    const part = await share(id)
    const sharing = { region: 'head', to: undefined } as const
    await night.cases.claim(one, id)
    for (const [work, code] of [
      [() => night.cases.share(two, id, sharing), 'already_claimed'],
      [() => night.cases.share(one, part.id, sharing), 'case_shared'],
      [() => night.cases.share(one, id, { region: 'head', to: 'stranger' }), 'not_a_reader'],
      [() => night.cases.join(one, id, other), 'case_shared'],
      [() => night.cases.join(one, other, part.id), 'case_shared'],
      [() => night.cases.split(one, id, [part.transfers[0]?.id ?? '']), 'case_shared'],
      [() => night.cases.recall(SENDER, part.id), 'case_shared'],
      [() => night.cases.reroute(SENDER, part.id, other), 'case_shared'],
      [() => night.cases.reprioritize(SENDER, part.id, 'routine'), 'case_shared'],
    ] as const)
      expect(await codeOf(work() as Promise<unknown>)).toBe(code)
    // Images sent to the code of a part belong to the whole case.
    const late = newId(night.clock.now())
    expect(await night.send({ id: late, joins: part.id })).toBe(id)
  })

  it('keeps its contents while they are needed, and its parts expire with it', async () => {
    const id = await night.send()
    const part = await share(id)
    await acknowledge(await report(part.id, two, 'final'))
    night.clock.pass(60 * MINUTE)
    const page = { before: night.clock.now(), after: '', limit: 10 }
    const due = async (stage: 'contents' | 'reports') =>
      (await night.cases.expiry.ended(stage, page)).map(({ row }) => row.id).sort()
    expect([await due('contents'), await due('reports')]).toEqual([[], []])
    await night.cases.close(SENDER, id, 'duplicate')
    page.before = night.clock.now()
    expect([await due('contents'), await due('reports')]).toEqual([[id], [id, part.id].sort()])
  })
})
