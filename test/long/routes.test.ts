/**
 * Every route of the OpenAPI document, asked by every role in every relation to its object. What
 * the answer must be follows from the table of decisions alone: a caller that may not act gets 403,
 * or 404 where the object is out of sight, and one that may act is never refused for lack of
 * rights.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { join } from 'node:path'
import { decide } from '../../src/access/decide.js'
import type { Relation } from '../../src/access/actions.js'
import { ROUTES } from '../../src/protocol/http/routes.js'
import type { Role } from '../../src/protocol/roles.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import { claim, readerOf } from '../whole-way/_reader.js'
import { issueToken, makeReader } from '../whole-way/_people.js'
import { makeStudy } from '../whole-way/_study.js'
import { ACTIONS_OF_ROUTES } from './_actions.js'
import { addMany } from './_many.js'

interface Caller {
  readonly name: string
  readonly role: Role
  /** To the transfer and its case. */
  readonly relation: Relation
}

const CALLERS: readonly Caller[] = [
  { name: 'site-1', role: 'sender', relation: 'none' },
  { name: 'reader-1', role: 'reader', relation: 'claimant' },
  { name: 'reader-2', role: 'reader', relation: 'sealed-to' },
  { name: 'late-reader', role: 'reader', relation: 'own-group' },
  { name: 'stranger', role: 'reader', relation: 'none' },
  { name: 'officer-1', role: 'officer', relation: 'global' },
  { name: 'operator-1', role: 'operator', relation: 'global' },
  // Recalls the case, so it comes last.
  { name: 'facility-a', role: 'sender', relation: 'own-facility' },
]
const UNKNOWN = '01a2009c-9db1-745d-850b-797a6f4cdc7c'

let site: TestSite
let gateway: RunningGateway
let transfer: string
const tokens = new Map<string, string>()
let asked = 0

beforeAll(async () => {
  site = await makeSite()
  await addMany(site, { facilities: 2, readers: 2 })
  for (const name of ['late-reader', 'stranger']) await makeReader(site, name)
  const other = '  - { id: other, timezone: Europe/Berlin, readers: [stranger, late-reader] }\n'
  await site.configure((yaml) =>
    yaml
      .replace(/^groups:\n(.*\n)/m, `groups:\n$1${other}`)
      .replace(/^doors:\n/m, 'doors:\n  stow: true\n'),
  )
  for (const name of ['late-reader', 'stranger']) await issueToken(site, name)
  const files = await makeStudy(join(site.dir, '../study'), ...['--instances', '1', '--size', '64'])
  gateway = await site.start()
  transfer = (await upload(site, gateway, files)).body.id
  await gateway.stop()
  // Joins the group only now, so nothing of before is sealed to this reader.
  await setReadersOfNights('reader-1', 'reader-2', 'late-reader')
  gateway = await site.start()
  await claim(gateway, await readerOf(site), transfer)
  for (const { name } of CALLERS) tokens.set(name, await site.token(name))
}, 600_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
  console.log(`${asked} requests: ${Object.keys(ROUTES).length} routes, ${CALLERS.length} callers`)
})

const setReadersOfNights = (...names: readonly string[]): Promise<void> =>
  site.configure((yaml) =>
    yaml.replace(/readers: \[reader-1.*?\]/, `readers: [${names.join(', ')}]`),
  )

/** A request of the least that reaches the decision. */
async function ask(key: string, caller: string | undefined, id: string) {
  asked += 1
  const [method = '', template = ''] = key.split(' ')
  const path = template
    .replace('{id}', id)
    .replace('{index}', '1')
    .replace('{level}', '0')
    .replace('{path}', '000.p/1')
    .replace('{kind}', 'device')
    .replace('{study}', '1.2.3')
    .replace('{code}', 'not_found')
    .replace('{key}', 'unknown-key-of-an-upload')
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      ...(caller !== undefined && { Authorization: `Bearer ${tokens.get(caller) ?? caller}` }),
      ...(method === 'POST' && { 'Content-Type': 'application/json' }),
    },
    // Nothing that a route would accept, so no state changes.
    ...(method === 'POST' && { body: '{"nothing": true}' }),
    redirect: 'manual',
  })
  const text = await response.text()
  const code = /"code":"(\w+)"/.exec(text)?.[1]
  return { status: response.status, code }
}

/** What decides an answer on account of access, and nothing else. */
const REFUSALS = ['forbidden', 'unauthenticated', 'not_claimed', 'not_sealed_to_you']

function faultOf(
  key: string,
  caller: Caller,
  answer: { readonly status: number; readonly code: string | undefined },
  isKnown: boolean,
): string | undefined {
  const { action, of } = ACTIONS_OF_ROUTES[key] ?? { action: 'audit.read' as const }
  const relation = of === undefined ? 'global' : isKnown ? relationOf(caller) : 'none'
  const { allowed, visible, rule } = decide(caller.role, action, relation)
  const got = `${caller.name} ${key}${isKnown ? '' : ' (unknown)'}: ${answer.status} ${answer.code ?? ''}`
  const expected = allowed ? 'let in' : visible ? 'refused' : 'not found'
  if (answer.status >= 500) return `${got}, a fault`
  const isRefused = REFUSALS.includes(answer.code ?? '')
  if (expected === 'let in' && isRefused) return `${got}, although ${rule}`
  if (expected === 'refused' && !isRefused) return `${got}, although ${rule}`
  if (expected === 'not found' && answer.code !== 'not_found') return `${got}, although ${rule}`
  return undefined
}

/** Those without a facility or group see everything, as far as their role may. */
const relationOf = ({ relation }: Caller): Relation => (relation === 'global' ? 'none' : relation)

describe('every route', () => {
  it('that has an action in the table exists', () => {
    expect(Object.keys(ACTIONS_OF_ROUTES).filter((key) => !(key in ROUTES))).toEqual([])
  })

  it('needs a token unless it is for anyone', async () => {
    const faults: string[] = []
    for (const [key, { roles }] of Object.entries(ROUTES)) {
      if (roles === 'anyone') continue
      for (const caller of [undefined, 'no-token-of-anybody']) {
        const { status, code } = await ask(key, caller, transfer)
        if (status !== 401 && status !== 429) faults.push(`${key}: ${status} ${code ?? ''}`)
      }
    }
    expect(faults).toEqual([])
  })

  it.each(CALLERS.map((caller) => [caller.name, caller] as const))(
    'answers %s as the table says',
    async (_name, caller) => {
      const faults: (string | undefined)[] = []
      for (const key of Object.keys(ACTIONS_OF_ROUTES)) {
        // Giving it back works each time, so it is taken again before.
        if (caller.relation === 'claimant') await claim(gateway, await readerOf(site), transfer)
        const isOf = ACTIONS_OF_ROUTES[key]?.of !== undefined
        faults.push(faultOf(key, caller, await ask(key, caller.name, transfer), true))
        if (isOf) faults.push(faultOf(key, caller, await ask(key, caller.name, UNKNOWN), false))
      }
      for (const [key, { roles }] of Object.entries(ROUTES)) {
        const isTold = key in ACTIONS_OF_ROUTES || !Array.isArray(roles)
        if (isTold || roles.includes(caller.role)) continue
        const { status, code = '' } = await ask(key, caller.name, UNKNOWN)
        if (!['forbidden', 'not_found'].includes(code)) faults.push(`${key}: ${status} ${code}`)
      }
      expect(faults.filter((fault) => fault !== undefined)).toEqual([])
    },
    600_000,
  )
})
