/** A stranger's failures, and what they must not do to others. */
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import {
  createAuthenticate,
  createGatekeeper,
  createTokens,
  isTokenRevoked,
} from '../../src/access/index.js'
import type { Gatekeeper, Tokens } from '../../src/access/index.js'
import type { Actor } from '../../src/ledger/log/events.js'
import { UploadGate } from '../../src/doors/upload-gate.js'
import { peopleOf, principal } from './_people.js'
import { openTestSite } from './_site.js'
import type { TestSite } from './_site.js'

const operator: Actor = { id: 'operator-1', role: 'operator', method: 'site' }
const ADDRESS = '192.0.2.1'
const reader = principal('reader', { id: 'reader-1', groups: ['nights'] })

let site: TestSite
let tokens: Tokens
beforeEach(async () => {
  site = await openTestSite()
  tokens = createTokens({ ...site, sessionIdleMs: 3_600_000, now: site.clock.now })
})
afterEach(async () => {
  await tokens.close()
  await site.close()
})

function keeper(certificate = 'good'): Gatekeeper {
  const directory = peopleOf({ ...reader, certificate })
  return createGatekeeper({
    ...{ directory, ledger: site.ledger, now: site.clock.now },
    ...{
      authenticate: createAuthenticate({
        ...{ tokens, directory, now: site.clock.now },
        certificatesOf: () => [],
        noteCertificate: () => undefined,
      }),
      failuresPerMinute: 3,
    },
    transfers: {} as never,
    cases: {} as never,
  })
}

it('delays failures, and never a valid token from the same address', async () => {
  const gatekeeper = keeper()
  const { token } = await tokens.issue('reader-1', { days: 1, actor: operator })
  const wrong = () => gatekeeper.authenticate({ authorization: 'Bearer x', address: ADDRESS })
  for (let i = 0; i < 3; i += 1)
    await expect(wrong()).rejects.toMatchObject({ code: 'unauthenticated' })
  for (let i = 0; i < 3; i += 1)
    await expect(wrong()).rejects.toMatchObject({ code: 'rate_limited' })
  const right = { authorization: `Bearer ${token}`, address: ADDRESS }
  expect((await gatekeeper.authenticate(right)).session.principal.id).toBe('reader-1')
})

it('knows after a restart from where somebody signed in', async () => {
  const actor: Actor = { id: 'reader-1', role: 'reader', method: 'signature', address: ADDRESS }
  await site.ledger.note({ type: 'signin.succeeded', outcome: 0, actor })
  const [fresh, recalled] = [keeper(), keeper()]
  await recalled.recall()
  for (const gatekeeper of [fresh, recalled])
    for (let i = 0; i < 5; i += 1) gatekeeper.failed('198.51.100.9', 'reader-1')
  await expect(fresh.holdBack(ADDRESS, 'reader-1')).rejects.toMatchObject({ code: 'rate_limited' })
  await recalled.holdBack(ADDRESS, 'reader-1')
})

it('lets nobody in whose certificate was revoked', async () => {
  const { token } = await tokens.issue('reader-1', { days: 1, actor: operator })
  const asks = { authorization: `Bearer ${token}`, address: ADDRESS }
  await keeper().authenticate(asks)
  await expect(keeper('revoked').authenticate(asks)).rejects.toMatchObject({
    code: 'unauthenticated',
  })
})

it('ends every token of a principal at once, and a session that asks for nothing', async () => {
  const first = await tokens.issue('reader-1', { days: 1, actor: operator })
  const other = await tokens.issue('reader-2', { days: 1, actor: operator })
  const session = await site.ledger.record(async (tx) => {
    const expiresAt = site.clock.now() + 43_200_000
    const value = await tokens.mint(tx, { principal: 'reader-1', method: 'signature', expiresAt })
    return { value, events: [{ type: 'signin.succeeded', outcome: 0, actor: operator }] }
  })
  expect(await tokens.verify(session.value.token)).toBeDefined()
  await tokens.close()
  site.clock.pass(3_600_001)
  expect(await tokens.verify(session.value.token)).toBeUndefined()
  expect(await tokens.verify(first.token)).toBeDefined()
  expect(await tokens.holders()).toEqual(expect.arrayContaining(['reader-1', 'reader-2']))
  const isRevoked = (id: string) => isTokenRevoked({ ...site, db: site.state.db }, id)
  expect(await isRevoked(first.id)).toBe(false)
  expect(await tokens.revokeAll('reader-1', operator)).toBe(2)
  expect(await tokens.revokeAll('reader-1', operator)).toBe(0)
  expect(await tokens.verify(first.token)).toBeUndefined()
  expect(await isRevoked(first.id)).toBe(true)
  expect(await tokens.verify(other.token)).toBeDefined()
  expect(await tokens.holders()).toEqual(['reader-2'])
})

it('gives no facility more than half of the uploads, and others a place of their own', async () => {
  const gate = new UploadGate(8, () => undefined)
  let end: () => void = () => undefined
  const under = new Promise<void>((resolve) => (end = resolve))
  const running: Promise<void>[] = []
  /** How many of five uploads of the facility are let in. */
  const flood = async (facility: string): Promise<number> => {
    let admitted = 0
    const all = Array.from({ length: 5 }, () =>
      gate.pass(facility, () => {
        admitted += 1
        return under
      }),
    )
    running.push(...all)
    all.forEach((one) => void one.catch(() => undefined))
    await Promise.resolve()
    return admitted
  }
  expect([await flood('a'), await flood('b'), await flood('c')]).toEqual([4, 2, 1])
  expect([await flood('d'), await flood('e')]).toEqual([1, 0])
  end()
  await Promise.allSettled(running)
  expect(await flood('e')).toBe(4)
})

it('keeps a quarter of each facility and of all for STAT', async () => {
  const gate = new UploadGate(16, () => undefined)
  let end: () => void = () => undefined
  const under = new Promise<void>((resolve) => (end = resolve))
  const running: Promise<void>[] = []
  const send = async (facility: string, priority: 'stat' | 'routine'): Promise<boolean> => {
    let isIn = false
    const one = gate.pass(facility, (slot) => {
      slot.declare(priority)
      isIn = true
      return under
    })
    running.push(one)
    one.catch(() => undefined)
    await Promise.resolve()
    return isIn
  }
  const sendMany = async (facility: string, priority: 'stat' | 'routine', count: number) => {
    let admitted = 0
    for (let i = 0; i < count; i++) if (await send(facility, priority)) admitted += 1
    return admitted
  }
  expect(await sendMany('a', 'routine', 10)).toBe(6)
  expect(await sendMany('a', 'stat', 10)).toBe(2)
  expect(await sendMany('b', 'routine', 10)).toBe(4)
  expect(await sendMany('c', 'stat', 10)).toBe(1)
  end()
  await Promise.allSettled(running)
  expect(await sendMany('b', 'routine', 10)).toBe(10)
})
