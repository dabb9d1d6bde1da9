/** Legal holds: what is under a hold is kept, however old. */
import { describe, expect, it } from '@jest/globals'
import { addHold, readHolds, removeHold } from '../../src/ledger/retention/holds.js'
import { proposePruning, prune } from '../../src/ledger/retention/prune.js'
import type { EventInput } from '../../src/ledger/log/events.js'
import type { HoldScope } from '../../src/ledger/retention/holds.js'
import { BEGIN, LATER, left, OFFICER, openAged, proposeAndPrune, SITE, verifyAll } from './_aged.js'
import { event, fill } from './_open.js'

describe('a hold', () => {
  it.each<[string, HoldScope]>([
    ['a transfer', { transfer: 't-held' }],
    ['a facility', { facility: 'facility-held' }],
    ['a person', { actor: 'reader-held' }],
    ['a patient, and all of their transfer', { patient: 'p-held' }],
    ['a period', { from: BEGIN + 5_000, until: BEGIN + 6_000 }],
  ])('keeps %s, with its bundle', async (_what, scope) => {
    const open = await openAged(256)
    const held: Partial<EventInput> = {
      facility: 'facility-held',
      transfer: 't-held',
      actor: { id: 'reader-held', role: 'reader' },
    }
    open.at(BEGIN + 5_500)
    await open.ledger.note(event({ ...held, patient: 'p-held', type: 'item.accepted' }))
    open.at(BEGIN + 7_000)
    await fill(open.ledger, 255)
    await open.ledger.note(event({ ...held, actor: { id: 'reader-2', role: 'reader' } }))
    await fill(open.ledger, 299)
    await addHold(open.ledger, OFFICER, scope)
    open.at(LATER)
    // The second event names the transfer and the facility as well.
    const again = scope.actor === undefined && scope.from === undefined
    const report = await proposeAndPrune(open)
    expect(report.ranges).toEqual(
      again
        ? [[0, 256]]
        : [
            [0, 256],
            [512, 768],
          ],
    )
    expect((await verifyAll(open)).published).toMatchObject({ ok: true, pruned: report.ranges })

    const [hold] = await readHolds(open.state.db)
    expect(hold).toMatchObject({ ...scope, by: 'officer-1' })
    await removeHold(open.ledger, OFFICER, hold!.id)
    expect(await readHolds(open.state.db)).toEqual([])
    await proposeAndPrune(open)
    expect((await left(open, 768)).length).toBe(0)
    for (const one of Object.values(await verifyAll(open)))
      expect(one).toMatchObject({ ok: true, pruned: [[0, 768]] })
    await open.close()
  })

  it('keeps events placed under it after pruning was proposed', async () => {
    const open = await openAged(600, (i) => (i === 300 ? { transfer: 't-late' } : {}))
    open.at(LATER)
    await proposePruning(open.options, OFFICER)
    await addHold(open.ledger, OFFICER, { transfer: 't-late' })
    await expect(prune(open.options, SITE, 'a')).resolves.toMatchObject({ ranges: [[0, 256]] })
    await open.close()
  })

  it.each<[string, HoldScope]>([
    ['nothing named', {}],
    ['a period that ends before it begins', { from: 2, until: 1 }],
  ])('of %s is refused', async (_what, scope) => {
    const open = await openAged(0)
    await expect(addHold(open.ledger, OFFICER, scope)).rejects.toMatchObject({
      code: 'bad_request',
    })
    await open.close()
  })

  it('can be ended only once', async () => {
    const open = await openAged(0)
    const { id } = await addHold(open.ledger, OFFICER, { facility: 'facility-a' })
    await removeHold(open.ledger, OFFICER, id)
    await expect(removeHold(open.ledger, OFFICER, id)).rejects.toMatchObject({ code: 'not_found' })
    await open.close()
  })
})
