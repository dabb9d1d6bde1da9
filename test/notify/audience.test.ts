/** Who is told about a case by its notices, with a real outbox. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { CaseNotice } from '../../src/cases/index.js'
import { announce } from '../../src/gateway/announce.js'
import type { AnnounceParts } from '../../src/gateway/announce.js'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/index.js'
import { createNotify } from '../../src/notify/index.js'
import type { CaseTable } from '../../src/state/night/index.js'
import { openNight } from '../cases/_night.js'
import type { Night } from '../cases/_night.js'

let night: Night
let parts: AnnounceParts
let row: CaseTable

const people = ['sender', 'reader', 'officer', 'operator'].map((role) => ({
  ...{ id: `${role}-1`, role: role as 'sender', certificate: '' },
  ...(role === 'sender' && { facility: 'facility-a' }),
}))
const facility = {
  ...{ id: 'facility-a', certificate: '', groups: ['nights'], documents: 'pass' as const },
  ...{ profile: BUILT_IN_PROFILES.strip, timezone: 'America/Chicago' },
}
const group = { id: 'nights', timezone: 'Europe/Berlin', readers: ['reader-1', 'reader-2'] }

beforeEach(async () => {
  night = await openNight()
  const { state, ledger, clock } = night
  const notify = createNotify({
    ...{
      state,
      ledger,
      operators: () => [],
      system: { id: 'system', role: 'system' },
      now: clock.now,
    },
    senders: new Map([['mail', () => Promise.resolve(undefined)]]),
    channelsOf: () => Promise.resolve(['mail']),
    quietUntil: () => Promise.resolve(undefined),
  })
  parts = {
    ...{ notify, origin: () => 'https://gateway.test', now: clock.now },
    config: { facilities: [facility], groups: [group], people },
    criticalOf: () => Promise.resolve(undefined),
  }
  const found = await night.cases.find(await night.send())
  if (!found) throw new Error('no case')
  row = found
})
afterEach(() => night.close())

async function told(notice: CaseNotice, more: Partial<AnnounceParts> = {}) {
  await night.state.transaction((tx) => announce({ ...parts, ...more }, tx, notice))
  const { db } = night.state
  const rows = await db.selectFrom('outbox').selectAll().orderBy('person').execute()
  await night.state.transaction((tx) => tx.deleteFrom('outbox').execute())
  return rows.map(({ person, body, case_id }) => ({
    ...{ person, case_id },
    link: (JSON.parse(body) as { link: string }).link.replace(row.code, 'CODE'),
    timezone: (JSON.parse(body) as { timezone?: string }).timezone,
  }))
}

const step = (isLast: boolean): CaseNotice => ({
  ...{ what: 'step', row },
  step: {
    ...{ row, audience: 'coordinator', round: 4, isLast },
    escalation: {
      ...{ id: 'e1', case_id: row.id, critical: null, chain: '[]', step: 3, fence: '' },
      ...{ next_at: 0, started_at: 0, stopped_at: null },
    },
  },
})

describe('coordinators', () => {
  it('of the group are told, and the operators where there are none', async () => {
    const config = { ...parts.config, groups: [{ ...group, coordinators: ['officer-1'] }] }
    const persons = async (...how: Parameters<typeof told>) =>
      (await told(...how)).map(({ person }) => person)
    expect(await persons(step(false), { config })).toEqual(['officer-1'])
    expect(await persons(step(true), { config })).toEqual(['officer-1', 'operator-1'])
    expect(await persons(step(false))).toEqual(['operator-1'])
  })
})

describe('a note', () => {
  const noted = (author: string, of = row): CaseNotice => ({
    ...{ what: 'noted', row: of, note: 'n1', author },
  })

  it('of the facility reaches the holder of the case, or else those on duty', async () => {
    const [link, timezone] = ['https://gateway.test/read#CODE', 'Europe/Berlin']
    expect(await told(noted('sender-1'))).toEqual([
      { person: 'reader-1', case_id: null, link, timezone },
      { person: 'reader-2', case_id: null, link, timezone },
    ])
    const held = { ...row, claimed_by: 'reader-2' }
    expect((await told(noted('facility-a', held))).map(({ person }) => person)).toEqual([
      'reader-2',
    ])
  })

  it('of a reader reaches the facility and its people', async () => {
    const [link, timezone] = ['https://gateway.test/send#CODE', 'America/Chicago']
    expect(await told(noted('reader-1'))).toEqual([
      { person: 'facility-a', case_id: null, link, timezone },
      { person: 'sender-1', case_id: null, link, timezone },
    ])
  })
})
