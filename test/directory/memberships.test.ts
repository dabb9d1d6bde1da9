import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { createMemberships } from '../../src/site/index.js'
import type { Memberships } from '../../src/site/index.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const OFFICER = { id: 'officer-1', role: 'officer' } as const
const joining = (principal: string, group = 'nights') => ({ principal, group })

let site: TestSite
beforeEach(async () => {
  site = await openTestSite()
})
afterEach(async () => {
  await site.close()
})

/** As a gateway starts with these readers of the group. */
async function start(
  readers: readonly string[],
  confirm: 'one' | 'two' = 'two',
): Promise<Memberships> {
  const config = { directory: { confirm }, groups: [{ id: 'nights', readers }] } as never
  const memberships = await createMemberships({ config, ledger: site.ledger })
  await memberships.record()
  return memberships
}

it('takes the readers of the first day as they are, and lets further ones wait', async () => {
  const first = await start(['anna', 'bert'])
  expect(first.waiting()).toEqual([])
  expect(first.isInEffect(joining('anna'))).toBe(true)
  const second = await start(['anna', 'bert', 'carl'])
  expect(second.waiting()).toEqual([joining('carl')])
  expect(second.isInEffect(joining('carl'))).toBe(false)
  // It stays so over a restart, and is proposed once.
  const third = await start(['anna', 'bert', 'carl'])
  expect(third.isInEffect(joining('carl'))).toBe(false)
  await expect(third.confirm(joining('anna'), OFFICER)).rejects.toMatchObject({ code: 'not_found' })
  await expect(third.confirm(joining('dora'), OFFICER)).rejects.toMatchObject({ code: 'not_found' })
  const { receipt } = await third.confirm(joining('carl'), OFFICER)
  expect(receipt).toContain('c2sp.org/tlog-proof@v1')
  expect(third.isInEffect(joining('carl'))).toBe(true)
  // The other gateway of the site follows the ledger.
  await second.refresh()
  expect(second.isInEffect(joining('carl'))).toBe(true)
  const types = (await site.events()).map(({ type, actor }) => [type, actor.id])
  expect(types).toEqual([
    ['membership.confirmed', 'system'],
    ['membership.confirmed', 'system'],
    ['membership.proposed', 'system'],
    ['membership.confirmed', 'officer-1'],
  ])
})

it('asks again for a reader who was removed and comes back', async () => {
  await start(['anna', 'bert'])
  await start(['anna'])
  const back = await start(['anna', 'bert'])
  expect(back.waiting()).toEqual([joining('bert')])
})

it('changes nothing where one person is enough', async () => {
  const memberships = await start(['anna'], 'one')
  expect(memberships.isInEffect(joining('anybody'))).toBe(true)
  expect(await site.events()).toEqual([])
})
