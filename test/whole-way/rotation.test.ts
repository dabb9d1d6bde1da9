import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { file, valueOf } from '../deidentify/_build.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { openTransfer, readerOf } from './_reader.js'

let site: TestSite
let gateway: RunningGateway
beforeAll(async () => {
  site = await makeSite()
  gateway = await site.start()
}, 60_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

const at = (name: string): string => join(site.dir, '..', name)
const as = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  nocturne(...words, '--gateway', gateway.url, '--token-file', site.tokenFile(principal), '--json')

/** Sends the same image again and returns its new UID and code. */
async function pseudonymsOf(name: string): Promise<readonly (string | undefined)[]> {
  await mkdir(at(name))
  await writeFile(at(`${name}/1.dcm`), file())
  const { id } = JSON.parse((await as('facility-a', 'send', at(name), '--again')).stdout) as {
    id: string
  }
  const { contents } = await openTransfer(gateway, await readerOf(site), id)
  const bytes = contents.get(1) ?? Buffer.alloc(0)
  await writeFile(at(`${name}.dcm`), bytes)
  return [0x0020000d, 0x00080018, 0x00100020].map((tag) => valueOf(bytes, tag))
}

it('gives new pseudonyms after a rotation, finds the patient under all of them, and restores from all', async () => {
  const first = await pseudonymsOf('first')
  expect(await pseudonymsOf('again')).toEqual(first)

  await gateway.stop()
  const rotated = await nocturne('facility', 'rotate-key', 'facility-a', '--site', site.dir)
  expect(rotated.status).toBe(0)
  gateway = await site.start()
  const second = await pseudonymsOf('second')
  for (const [i, value] of second.entries()) expect(value).not.toBe(first[i])

  const events = await as('officer-1', 'audit', 'query', '--type', 'facility.rekeyed')
  expect((JSON.parse(events.stdout) as { events: unknown[] }).events).toHaveLength(1)
  await writeFile(at('id'), 'MRN0012345\n')
  const asked = await as(
    ...(['officer-1', 'audit', 'patient', '--facility', 'facility-a', '--id-file'] as const),
    at('id'),
  )
  const found = JSON.parse(asked.stdout) as { events: { entry: { type: string } }[] }
  expect(found.events.filter(({ entry }) => entry.type === 'item.accepted')).toHaveLength(3)

  expect((await as('facility-a', 'crosswalk', 'fetch', '--out', at('crosswalk'))).status).toBe(0)
  const back = await nocturne(
    ...['reidentify', at('first.dcm'), at('second.dcm'), '--crosswalk', at('crosswalk')],
    ...['--key', site.keyFile('facility-a'), '--out', at('back')],
  )
  expect(back.status).toBe(0)
  for (const name of ['first', 'second'])
    expect(valueOf(await readFile(at(`back/${name}.dcm`)), 0x00100020)).toBe('MRN0012345')
}, 120_000)

it('does not start with a secret that was not installed by a rotation', async () => {
  await gateway.stop()
  const secret = join(site.dir, 'secrets/facilities/facility-a.key')
  await rename(secret, at('kept.key'))
  expect((await nocturne('secret', 'new', 'facility-a', '--site', site.dir)).status).toBe(0)
  const refused = await nocturne('serve', '--site', site.dir, '--port', '0')
  expect(refused.status).toBe(1)
  expect(refused.stderr).toContain('facility-a')
  await rename(at('kept.key'), secret)
  gateway = await site.start()
}, 120_000)
