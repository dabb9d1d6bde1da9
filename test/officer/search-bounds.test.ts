import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { admitSearch, approveSearch } from '../../src/officer/search-bounds.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const handle = (i: number) => String(i).padStart(64, 'a')
const [ANNA, BERT] = [
  { id: 'officer-1', role: 'officer' },
  { id: 'officer-2', role: 'officer' },
] as const

let site: TestSite
beforeEach(async () => {
  site = await openTestSite()
})
afterEach(async () => {
  await site.close()
})

const open = (patientSearch: 'one' | 'two', searchesPerHour = 3) => {
  const parts = {
    ...{ ledger: site.ledger, now: site.clock.now },
    config: { officers: { searchesPerHour, patientSearch } },
    admissions: new Map(),
  }
  return {
    /** As the routes do: admitted first, then recorded. */
    search: async (actor: typeof ANNA | typeof BERT, patient: string) => {
      await admitSearch(parts, actor, [patient])
      const query = { facility: 'facility-a', handles: [patient] }
      const detail = { what: 'patient', query }
      await site.ledger.note({ type: 'ledger.read', outcome: 0, actor, detail })
    },
    admit: (patients: readonly string[]) => admitSearch(parts, ANNA, patients),
    approve: (actor: typeof ANNA | typeof BERT, id: string) => approveSearch(parts, actor, id),
  }
}
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error as { readonly code: string; readonly subject?: string },
  )

it('bounds the patients per officer and hour; pages of a search and the same patient are free', async () => {
  const { search, admit } = open('one')
  for (const i of [1, 2, 2, 2, 3, 1]) await search(ANNA, handle(i))
  await expect(search(ANNA, handle(4))).rejects.toMatchObject({ code: 'too_many_searches' })
  await search(ANNA, handle(3))
  await search(BERT, handle(4))
  site.clock.pass(3_600_001)
  await search(ANNA, handle(4))
  // Several patients in one search count each.
  await admit([handle(5), handle(6)])
  await expect(admit([handle(5), handle(6), handle(7)])).rejects.toMatchObject({
    code: 'too_many_searches',
  })
})

it('counts searches that come at the same moment', async () => {
  const { search } = open('one')
  const found = await Promise.all([1, 2, 3, 4, 5, 6].map((i) => refusal(search(ANNA, handle(i)))))
  expect(found.filter((one) => one?.code === 'too_many_searches')).toHaveLength(3)
  site.clock.pass(3_600_001)
  await search(ANNA, handle(7))
})

it('asks a second officer, once per patient and day, where the site says so', async () => {
  const { search, approve } = open('two')
  const first = await refusal(search(ANNA, handle(1)))
  expect(first).toMatchObject({ code: 'second_officer_needed' })
  const again = await refusal(search(ANNA, handle(1)))
  expect(again?.subject).toBe(first?.subject)
  const id = first?.subject ?? ''
  expect(await refusal(approve(ANNA, id))).toMatchObject({ code: 'second_officer_needed' })
  expect(await refusal(approve(BERT, id.replace(/.$/, '0')))).toMatchObject({ code: 'not_found' })
  await approve(BERT, id)
  await search(ANNA, handle(1))
  await search(ANNA, handle(1))
  // It covers neither another patient nor the other officer, nor the next day.
  expect(await refusal(search(ANNA, handle(2)))).toMatchObject({ code: 'second_officer_needed' })
  expect(await refusal(search(BERT, handle(1)))).toMatchObject({ code: 'second_officer_needed' })
  site.clock.pass(86_400_001)
  expect(await refusal(search(ANNA, handle(1)))).toMatchObject({ code: 'second_officer_needed' })
  expect(await refusal(approve(BERT, id))).toMatchObject({ code: 'not_found' })
  const types = (await site.events()).map(({ type }) => type)
  expect(types.filter((type) => type === 'search.approved')).toHaveLength(1)
})
