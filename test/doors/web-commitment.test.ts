import { expect, it } from '@jest/globals'
import { createWebCommitments } from '../../src/doors/stow/commitment.js'
import type { EventInput } from '../../src/ledger/log/index.js'
import type { Deposit } from '../../src/transfer/index.js'
import { CT } from './_parrot.js'

const SENDER = { actor: { id: 'facility-a', role: 'sender' }, facility: 'facility-a' } as const
const KNOWN: Readonly<Record<string, Deposit>> = {
  '1.2.1': 'stored',
  '1.2.2': 'other class',
  '1.2.3': 'away',
}

function opened() {
  const events: EventInput[] = []
  const commitments = createWebCommitments({
    deposits: (_facility, all) =>
      Promise.resolve(all.map(({ sopInstance }) => KNOWN[sopInstance] ?? 'unknown')),
    note: (event) => Promise.resolve(events.push(event)),
  })
  return { commitments, events }
}

const reference = (uid: string) => ({
  '00081150': { vr: 'UI', Value: [CT] },
  '00081155': { vr: 'UI', Value: [uid] },
})
const question = (...uids: readonly string[]) => ({
  '00081199': { vr: 'SQ', Value: uids.map(reference) },
})

it('says what is stored and why the rest is not, and once more on GET', async () => {
  const { commitments, events } = opened()
  const body = question('1.2.1', '1.2.2', '1.2.3', '1.2.4')
  const answer = await commitments.request(SENDER, '1.9', body)
  const failed = (uid: string, reason: number) => ({
    ...reference(uid),
    '00081197': { vr: 'US', Value: [reason] },
  })
  expect(answer).toEqual({
    '00081195': { vr: 'UI', Value: ['1.9'] },
    '00081198': {
      vr: 'SQ',
      Value: [failed('1.2.2', 0x0119), failed('1.2.3', 0x0110), failed('1.2.4', 0x0112)],
    },
    '00081199': { vr: 'SQ', Value: [reference('1.2.1')] },
  })
  expect(commitments.result('facility-a', '1.9')).toBe(answer)
  expect(events).toMatchObject([
    { type: 'commitment.reported', outcome: 4, detail: { asked: 4, committed: 1 } },
  ])
  await expect(commitments.request(SENDER, '1.9', body)).rejects.toMatchObject({
    code: 'transaction_in_use',
  })
})

it('keeps a result from other facilities', async () => {
  const { commitments } = opened()
  await commitments.request(SENDER, '1.9', [question('1.2.1')])
  expect(() => commitments.result('facility-b', '1.9')).toThrow(
    expect.objectContaining({ code: 'not_found' }),
  )
  const other = { ...SENDER, facility: 'facility-b' }
  expect(await commitments.request(other, '1.9', question('1.2.1'))).toBeDefined()
})

it.each([
  ['no instance', '1.9', question()],
  ['a name instead of a UID', '1.9', question('SMITH')],
  ['a name instead of a transaction UID', 'SMITH', question('1.2.1')],
  ['two data sets', '1.9', [question('1.2.1'), question('1.2.1')]],
  ['no data set', '1.9', 'text'],
  ['no body', '1.9', undefined],
  ['values that are none', '1.9', { '00081199': { vr: 'SQ', Value: [7, null] } }],
])('refuses %s', async (_what, transaction, body) => {
  const { commitments, events } = opened()
  await expect(commitments.request(SENDER, transaction, body)).rejects.toMatchObject({
    code: 'bad_request',
  })
  expect(events).toEqual([])
})
