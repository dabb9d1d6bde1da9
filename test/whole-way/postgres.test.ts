/** Quarantine and crosswalk on a site with PostgreSQL; transfers are tested in several-gateways. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresMissing, startPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'
import { usePostgres } from './_database.js'
import { makeSite, nocturne, nocturneIn } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { makeStudy } from './_study.js'

const suite = postgresMissing === undefined ? describe : describe.skip
const why = postgresMissing === undefined ? '' : ` (skipped: ${postgresMissing})`

suite(`on PostgreSQL${why}`, () => {
  let site: TestSite
  let postgres: TestPostgres
  let gateway: RunningGateway
  let env: NodeJS.ProcessEnv
  const at = (name: string) => join(site.dir, '..', name)
  const asFacility = async (...words: readonly string[]) => {
    const options = ['--gateway', gateway.url, '--token-file', site.tokenFile('facility-a')]
    const ran = await nocturne(...words, ...options, '--json')
    // What is sent is not whole: the documents are held.
    expect([ran.status, ran.stderr]).toEqual([words[0] === 'send' ? 3 : 0, ''])
    return JSON.parse(ran.stdout) as Record<string, unknown>
  }
  const KEY = () => ['--key', site.keyFile('facility-a')]

  beforeAll(async () => {
    postgres = await startPostgres()
    site = await makeSite()
    env = await usePostgres(site, postgres.url)
    await site.configure((yaml) =>
      yaml.replace('profile: pseudonymize', 'profile: pseudonymize, documents: quarantine'),
    )
    gateway = await site.start({ env })
    await makeStudy(at('study'), '--instances', '2', '--size', '64')
    for (const name of ['a', 'b']) await writeFile(at(`study/${name}.txt`), `a worksheet: ${name}`)
  }, 60_000)
  afterAll(async () => {
    await gateway.stop()
    await site.remove()
    await postgres.stop()
  })

  it('holds, releases and discards, and restores originals from pseudonyms', async () => {
    const { id } = await asFacility('send', at('study'))
    const transfer = String(id)
    const { items } = (await asFacility('quarantine', 'list')) as { items: { item: number }[] }
    expect(items).toMatchObject([
      { transfer, code: 'document_held', releasable: true },
      { transfer, code: 'document_held', releasable: true },
    ])
    const [first = '', second = ''] = items.map(({ item }) => String(item))
    const reason = ['--reason', 'needed-for-treatment']
    const released = await asFacility('quarantine', 'release', transfer, first, ...KEY(), ...reason)
    expect(released).toMatchObject({ items: [{ outcome: 'accepted' }] })
    await asFacility('quarantine', 'discard', transfer, second, '--reason', 'not-needed')
    const decided = await asFacility('quarantine', 'list', '--all')
    expect(decided).toMatchObject({ items: [{ state: 'released' }, { state: 'discarded' }] })

    const fetched = await asFacility('crosswalk', 'fetch', '--out', at('crosswalk'))
    expect(fetched).toMatchObject({ fetched: 1, known: 0 })
    const words = ['--crosswalk', at('crosswalk'), ...KEY(), '--out', at('tables')]
    expect(await nocturne('crosswalk', 'export', ...words)).toMatchObject({ status: 0 })
    const table = await readFile(at('tables/uid_mapping.csv'), 'utf8')
    expect(table.split('\r\n').length).toBeGreaterThan(3)
    const verified = await nocturneIn(
      { ...process.env, ...env },
      ...['audit', 'verify', '--site', site.dir],
    )
    expect(verified).toMatchObject({ status: 0 })
  }, 60_000)
})
