/** Whom a study is sealed to where the site asks for the roster: never nobody. */
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import type { GroupConfig } from '../../src/config/index.js'
import { createDirectory } from '../../src/directory/index.js'
import { recordSwap } from '../../src/duty/index.js'
import { createRosterSealing } from '../../src/gateway/sealing.js'
import { inspectCertificate, toRecipient } from '../../src/seal/keys/certificate.js'
import { newKey } from '../../src/seal/keys/keys.js'
import { parseWeekly } from '../../src/config/duty.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const HOUR = 3_600_000
const READERS = ['evening', 'backup', 'night', 'day']
const NOW = Date.parse('2026-12-01T20:00:00Z')

const certificates = new Map<string, string>()
for (const id of [...READERS, 'recovery'])
  certificates.set(id, (await newKey({ name: id })).certificate)

let site: TestSite
beforeEach(async () => {
  site = await openTestSite()
})
afterEach(() => site.close())

const entry = (who: { reader: string } | { backup: string }, weekly: string) => {
  const parsed = parseWeekly(weekly)
  if (!parsed) throw new Error('no hours')
  return { ...who, weekly: [parsed], dates: [] }
}

const ROSTER = [
  entry({ reader: 'evening' }, 'daily 18:00-22:00'),
  entry({ backup: 'backup' }, 'daily 18:00-22:00'),
  entry({ reader: 'night' }, 'daily 22:00-06:00'),
  entry({ reader: 'day' }, 'daily 08:00-18:00'),
]

function open(duty: Partial<NonNullable<GroupConfig['duty']>>, clockHours?: number) {
  let now = NOW
  const group: GroupConfig = {
    ...{ id: 'nights', timezone: 'UTC', readers: READERS },
    duty: { weekly: [], dates: [], roster: ROSTER, ...duty },
    clock:
      clockHours === undefined
        ? []
        : [{ priority: 'stat', kind: 'final', withinMs: clockHours * HOUR }],
  }
  const people = READERS.map((id) => ({
    ...{ id, role: 'reader' as const, certificate: certificates.get(id) ?? '' },
  }))
  const recovery = certificates.get('recovery') ?? ''
  const config = { facilities: [], groups: [group], people, recovery }
  const directory = createDirectory(config, {
    toRecipient: (id, certificate) => toRecipient(id, certificate, new Date()),
    inspectCertificate: (certificate) => inspectCertificate(certificate, new Date()),
    onRoster: createRosterSealing({
      ...{ config, db: site.state.db, ledger: site.ledger, now: () => now },
    }),
  })
  return {
    sealedTo: async (at = NOW) => {
      now = at
      return (await directory.sealingRecipientsOf('nights')).map(({ id }) => id)
    },
    alerts: async () =>
      (await site.ledger.query({ types: ['roster.empty'] })).rows.map(({ entry }) => entry.group),
  }
}

it('is the whole group unless the site asks for the roster', async () => {
  expect(await open({}).sealedTo()).toEqual([...READERS, 'recovery'])
  expect(await open({ sealTo: 'group' }).sealedTo()).toEqual([...READERS, 'recovery'])
})

it('is whoever is on duty, backs them up, or comes on duty within the longest target', async () => {
  const soon = open({ sealTo: 'roster' }, 1)
  expect(await soon.sealedTo()).toEqual(['evening', 'backup', 'recovery'])
  // Without targets, or with long ones, also the next shifts.
  expect(await open({ sealTo: 'roster' }, 4).sealedTo()).toEqual([
    ...['evening', 'backup', 'night', 'recovery'],
  ])
  expect(await open({ sealTo: 'roster' }).sealedTo()).toEqual([...READERS, 'recovery'])
  // Late images reach whoever still reads after the end of the shift.
  expect(await soon.sealedTo(NOW + 3 * HOUR)).toEqual(['evening', 'backup', 'night', 'recovery'])
  expect(await soon.sealedTo(NOW + 5 * HOUR)).toEqual(['night', 'recovery'])
  expect(await soon.alerts()).toEqual([])
})

it('follows swaps', async () => {
  const swap = { group: 'nights', giver: 'evening', taker: 'day' }
  const parts = { ledger: site.ledger, reads: () => true, now: () => NOW }
  const times = { starts: NOW - 4 * HOUR, ends: NOW + 4 * HOUR }
  await recordSwap(parts, { id: 'evening', role: 'reader' }, { ...swap, ...times })
  const { sealedTo } = open({ sealTo: 'roster' }, 1)
  expect(await sealedTo()).toEqual(['backup', 'day', 'recovery'])
})

it('is the whole group, with an alert once an hour, while the roster names nobody', async () => {
  const { sealedTo, alerts } = open(
    { sealTo: 'roster', roster: [entry({ reader: 'day' }, 'sun 08:00-09:00')] },
    1,
  )
  for (const at of [NOW, NOW + 1_000]) expect(await sealedTo(at)).toEqual([...READERS, 'recovery'])
  expect(await alerts()).toEqual(['nights'])
  await sealedTo(NOW + 2 * HOUR)
  expect(await alerts()).toEqual(['nights', 'nights'])
})
