import { expect, it } from '@jest/globals'
import { createListings } from '../../src/access/listings.js'
import type { EventInput, Receipt } from '../../src/ledger/log/index.js'
import { NocturneError } from '../../src/lib/errors.js'

const MINUTE = 60_000
const reader = { id: 'reader-1', role: 'reader' } as const
const sender = { id: 'facility-a', role: 'sender' } as const

/** A ledger that records events in memory, or refuses them. */
function listings() {
  const noted: EventInput[] = []
  const state = { now: 0, isAway: false }
  const note = (event: EventInput): Promise<Receipt> => {
    if (state.isAway) return Promise.reject(new NocturneError('ledger_unavailable'))
    noted.push(event)
    return Promise.resolve({ index: noted.length, id: '' } as Receipt)
  }
  return { noted, state, look: createListings({ note }, () => state.now) }
}

it('records one view per hour, person and list, and how many there were in between', async () => {
  const { noted, state, look } = listings()
  for (let minute = 0; minute <= 60; minute += 1) {
    state.now = minute * MINUTE
    await look(reader, 'inbox')
  }
  await look(reader, 'transfers')
  await look(sender, 'transfers')
  expect(noted.map(({ actor, detail }) => [actor.id, detail])).toEqual([
    ['reader-1', { query: { list: 'inbox' } }],
    ['reader-1', { query: { list: 'inbox' }, unrecorded: 59 }],
    ['reader-1', { query: { list: 'transfers' } }],
    ['facility-a', { query: { list: 'transfers' } }],
  ])
})

it('allows no view that cannot be recorded, and does not count it', async () => {
  const { noted, state, look } = listings()
  state.isAway = true
  for (let i = 0; i < 2; i += 1)
    await expect(look(reader, 'inbox')).rejects.toMatchObject({ code: 'ledger_unavailable' })
  state.isAway = false
  await look(reader, 'inbox')
  expect(noted).toMatchObject([{ type: 'transfer.listed', detail: { query: { list: 'inbox' } } }])
})
