/** A night changes hands: what is open, a sealed note, and claims that move with proof. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { issueToken, makeReader, setReaders } from './_people.js'
import { makeStudy } from './_study.js'

const NOTE = 'ZEBRAFISH: call the ward about the drain.'

let site: TestSite
let gateway: RunningGateway
const codes: string[] = []
const at = (name: string): string => join(site.dir, '..', name)
const as = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  nocturne(...words, '--gateway', gateway.url, '--token-file', site.tokenFile(principal), '--json')
const withKey = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  as(principal, ...words, '--key', site.keyFile(principal))
const caseOf = async (code: string) =>
  (await call(gateway, 'GET', `/v1/cases/${code}`, { token: await site.token('reader-1') })).body

beforeAll(async () => {
  site = await makeSite()
  await makeReader(site, 'reader-2')
  await setReaders(site, 'reader-1', 'reader-2')
  await issueToken(site, 'reader-2')
  gateway = await site.start()
  for (const name of ['one', 'two']) {
    const files = await makeStudy(at(name), '--instances', '1', '--size', '64')
    const { id } = (await upload(site, gateway, files)).body
    const token = await site.token('reader-1')
    codes.push((await call(gateway, 'GET', `/v1/cases/${id}`, { token })).body.code)
  }
  await writeFile(at('note.txt'), NOTE)
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

describe('a hand-over', () => {
  let id = ''

  it('lists what is open, with a note that the gateway cannot read', async () => {
    expect(await withKey('reader-1', 'claim', codes[0] ?? '')).toMatchObject({ status: 0 })
    const given = await withKey(
      'reader-1',
      ...['handover', 'give', '--group', 'nights', '--note', at('note.txt')],
    )
    expect(given).toMatchObject({ status: 0 })
    const { handover } = JSON.parse(given.stdout) as {
      handover: { id: string; items: { kind: string; code: string }[] }
    }
    id = handover.id
    expect(handover.items.map(({ kind, code }) => [kind, code])).toEqual([
      ['claimed', codes[0]],
      ['waiting', codes[1]],
    ])
    const bytes = await readFile(join(site.dir, 'data/nocturne.db'))
    expect(bytes.includes('ZEBRAFISH')).toBe(false)
    expect(await caseOf(codes[0] ?? '')).toMatchObject({ claimedBy: 'reader-1' })
  }, 60_000)

  it('is not accepted by its giver', async () => {
    const own = await withKey('reader-1', 'handover', 'accept', id)
    expect([own.status, own.stdout]).toEqual([1, expect.stringContaining('handover_done')])
    expect(await caseOf(codes[0] ?? '')).toMatchObject({ claimedBy: 'reader-1' })
  }, 60_000)

  it('moves the claims in one step, once', async () => {
    const accepted = await withKey('reader-2', 'handover', 'accept', id)
    expect(accepted).toMatchObject({ status: 0 })
    expect(JSON.parse(accepted.stdout)).toMatchObject({ claimed: [codes[0]], left: [], text: NOTE })
    expect(await caseOf(codes[0] ?? '')).toMatchObject({ claimedBy: 'reader-2' })
    const again = await withKey('reader-2', 'handover', 'accept', id)
    expect([again.status, again.stdout]).toEqual([1, expect.stringContaining('handover_done')])
    const listed = await as('officer-1', 'handover', 'list')
    expect(JSON.parse(listed.stdout)).toMatchObject({
      handovers: [{ id, giver: 'reader-1', acceptedBy: 'reader-2' }],
    })
  }, 60_000)

  it('is in the ledger, with counts and without words', async () => {
    await gateway.stop()
    const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
    const entries = db
      .prepare("select entry from events where type like 'handover.%' order by idx")
      .pluck()
      .all() as Buffer[]
    db.close()
    const details = entries.map((one) => (JSON.parse(one.toString()) as { detail: object }).detail)
    expect(details).toMatchObject([
      { handover: id, claimed: 1, waiting: 1, hasNote: true },
      { handover: id, claimed: 1, from: 'reader-1' },
    ])
    gateway = await site.start()
  }, 60_000)
})

describe('the sender', () => {
  it('sees each case, changes its priority, recalls it, and keeps a receipt', async () => {
    const [, code = ''] = codes
    expect(await as('facility-a', 'priority', code, 'stat')).toMatchObject({ status: 0 })
    const file = at('receipt.json')
    const shown = await as('facility-a', 'status', code, '--receipt', file)
    expect(shown).toMatchObject({ status: 0 })
    expect(JSON.parse(shown.stdout)).toMatchObject({
      case: { code, state: 'waiting', priority: 'stat' },
      ...{ held: [], reports: [], critical: [] },
    })
    const receipt = JSON.parse(await readFile(file, 'utf8')) as { receipts: object }
    expect(Object.keys(receipt.receipts)).toHaveLength(1)
    expect(await as('facility-a', 'recall', code)).toMatchObject({ status: 0 })
    const all = await nocturne(
      ...['status', '--gateway', gateway.url, '--token-file', site.tokenFile('facility-a')],
    )
    expect(all.stdout).toMatch(new RegExp(`${code} +stat +recalled`))
    expect(all.stdout).toMatch(/reader-2/)
  }, 60_000)

  it('keeps a case that an officer gives to a reader, and only to one who can open it', async () => {
    const [code = ''] = codes
    const given = await as('officer-1', 'reassign', code, '--to', 'reader-1')
    expect(given).toMatchObject({ status: 0 })
    const refused = await as('officer-1', 'reassign', code, '--to', 'officer-1')
    expect([refused.status, refused.stdout]).toEqual([1, expect.stringContaining('not_a_reader')])
  }, 60_000)
})
