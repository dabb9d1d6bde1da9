/** The quarantined items of a study, reviewed and decided together. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeReleases } from '../../src/protocol/release-statement.js'
import type { ReleasesStatement } from '../../src/protocol/release-statement.js'
import { readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { file } from '../deidentify/_build.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { openTransfer, readerOf } from './_reader.js'

/** An ultrasound frame, which may show a name. */
const ultrasound = (instance: string): Buffer =>
  file([
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.6.1'],
    [0x00080018, 'UI', instance],
    [0x00080060, 'CS', 'US'],
    [0x00280002, 'US', Buffer.from([1, 0])],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', Buffer.from([2, 0])],
    [0x00280011, 'US', Buffer.from([2, 0])],
    [0x7fe00010, 'OB', Buffer.from([1, 2, 3, 4])],
  ])

let site: TestSite
let gateway: RunningGateway
beforeAll(async () => {
  site = await makeSite()
  await site.configure((yaml) => yaml.replace(/profile: \w+/, 'profile: strip'))
  gateway = await site.start()
})
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

const as = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  nocturne(...words, '--gateway', gateway.url, '--token-file', site.tokenFile(principal), '--json')
const json = (ran: Ran): unknown => JSON.parse(ran.stdout)

interface Held {
  readonly transfer: string
  readonly item: number
  readonly state: string
}
const listed = async (...words: string[]): Promise<readonly Held[]> =>
  (json(await as('facility-a', 'quarantine', 'list', ...words)) as { items: Held[] }).items

const eventsOf = async (transfer: string) => {
  const { events } = json(
    await as('officer-1', 'audit', 'query', '--transfer', transfer, '--limit', '500'),
  ) as {
    events: { entry: { type: string; detail?: Record<string, unknown> } }[]
  }
  return events.map(({ entry }) => entry)
}

async function post(path: string, body: FormData): Promise<Response> {
  const headers = { Authorization: `Bearer ${await site.token('facility-a')}` }
  return fetch(gateway.url + path, { method: 'POST', body, headers })
}

it('shows an ultrasound of sixty held images on one page, and releases them with one signature into one transfer', async () => {
  const folder = join(site.dir, '../study')
  await mkdir(folder)
  const originals = Array.from({ length: 60 }, (_, index) =>
    ultrasound(`1.2.3.4.8.${String(index)}`),
  )
  for (const [index, bytes] of originals.entries())
    await writeFile(join(folder, `${String(index).padStart(2, '0')}.dcm`), bytes)
  const { id } = json(await as('facility-a', 'send', folder)) as { id: string }
  const key = ['--key', site.keyFile('facility-a')]
  const study = ['--case', id]

  const out = join(site.dir, '../sheet')
  const viewed = await as('facility-a', 'quarantine', 'view', ...study, ...key, '--out', out)
  const { page } = json(viewed) as { page: string }
  expect((await stat(page)).mode & 0o777).toBe(0o600)
  const html = await readFile(page, 'utf8')
  expect(html.match(/data:image\/png;base64,/g)).toHaveLength(60)
  expect(html).not.toMatch(/<script|https?:/)

  const reason = ['--reason', 'no-identifiers-seen']
  const words = [...study, ...key, ...reason, '--except', '2']
  const released = await as('facility-a', 'quarantine', 'release', ...words)
  expect(released.status).toBe(0)
  const { id: successor } = json(released) as { id: string }
  const { contents, manifest } = await openTransfer(gateway, await readerOf(site), successor)
  expect(manifest).toMatchObject({ continues: id })
  expect([...contents.keys()]).toEqual(Array.from({ length: 59 }, (_, index) => index + 1))
  const all = (await listed('--all')).filter((one) => one.transfer === id)
  expect(all.filter(({ state }) => state === 'released')).toHaveLength(59)
  expect(all.filter(({ state }) => state === 'held')).toMatchObject([{ item: 2 }])
  const events = (await eventsOf(id)).filter(({ type }) => type === 'item.released')
  expect(new Set(events.map(({ detail }) => detail?.statement)).size).toBe(1)
  expect(events).toHaveLength(59)

  const why = ['--reason', 'not-needed']
  const unsigned = await as('facility-a', 'quarantine', 'discard', ...study, ...why)
  expect(unsigned.status).toBe(2)
  const discarded = await as('facility-a', 'quarantine', 'discard', ...study, ...why, ...key)
  expect(discarded.status).toBe(0)
  expect(
    (await listed('--all')).find(({ transfer, item }) => transfer === id && item === 2),
  ).toMatchObject({ state: 'discarded' })
})

describe('one statement about many items', () => {
  const signed = async (
    transfer: string,
    originals: readonly Buffer[],
    about: Partial<ReleasesStatement> = {},
  ): Promise<FormData> => {
    const response = await fetch(`${gateway.url}/v1/gateway`)
    const { name } = (await response.json()) as { name: string }
    const statement = writeReleases({
      gateway: name,
      facility: 'facility-a',
      items: originals.map((original, index) => ({
        transfer,
        item: index + 1,
        codes: ['pixels_at_risk'],
        sha256: createHash('sha256').update(original).digest('hex'),
      })),
      reason: 'no-identifiers-seen',
      signedAt: new Date().toISOString(),
      ...about,
    })
    const key = await readPrivateKey(await readFile(site.keyFile('facility-a'), 'utf8'))
    const form = new FormData()
    form.set('statement', statement)
    form.set('signature', await signDetached(statement, key, new Date()))
    for (const original of originals)
      form.append('files', new Blob([Uint8Array.from(original)], { type: 'application/dicom' }))
    return form
  }
  const sendTwo = async (last: string) => {
    const folder = join(site.dir, `../two-${last}`)
    await mkdir(folder)
    const originals = [ultrasound(`1.2.3.4.9${last}1`), ultrasound(`1.2.3.4.9${last}2`)]
    for (const [index, bytes] of originals.entries())
      await writeFile(join(folder, `${String(index)}.dcm`), bytes)
    const { id } = json(await as('facility-a', 'send', folder)) as { id: string }
    return { id, originals }
  }

  it('keeps an item that differs from the statement, and releases the rest', async () => {
    const { id, originals } = await sendTwo('1')
    const form = await signed(id, originals)
    const [first = Buffer.alloc(0)] = originals
    form.delete('files')
    form.append('files', new Blob([Uint8Array.from(first)], { type: 'application/dicom' }))
    form.append(
      'files',
      new Blob([Uint8Array.from(ultrasound('1.2.3.4.999'))], { type: 'application/dicom' }),
    )
    const response = await post(`/v1/transfers/${id}/quarantine/release`, form)
    const { items } = (await response.json()) as { items: { outcome: string; code?: string }[] }
    expect(items).toMatchObject([
      { outcome: 'accepted' },
      { outcome: 'refused', code: 'release_mismatch' },
    ])
  })

  it.each<[string, Partial<ReleasesStatement>]>([
    ['is signed in the name of a person whom the facility does not list', { by: 'dr-lee' }],
    ['is about another facility', { facility: 'facility-b' }],
    ['is from tomorrow', { signedAt: new Date(Date.now() + 86_400_000).toISOString() }],
  ])('releases nothing when it %s', async (_, about) => {
    const { id, originals } = await sendTwo(String(Object.keys(about)[0]).slice(0, 2))
    const response = await post(
      `/v1/transfers/${id}/quarantine/release`,
      await signed(id, originals, about),
    )
    expect(await response.json()).toMatchObject({ code: 'release_invalid' })
    expect((await listed()).filter(({ transfer }) => transfer === id)).toHaveLength(2)
  })
})

it('requires the signature of a person authorized by the facility, if it lists any', async () => {
  const own = join(site.dir, 'demo-keys', 'dr-lee.asc')
  await nocturne('key', 'new', '--name', 'Dr Lee', '--out', own)
  await copyFile(own.replace('.asc', '.pub.asc'), join(site.dir, 'keys', 'dr-lee.asc'))
  await gateway.stop()
  await site.configure((yaml) =>
    yaml
      .replace(/profile: \w+/, 'profile: strip, releasedBy: [dr-lee]')
      .replace(
        /^people:\n/m,
        'people:\n  - { id: dr-lee, role: sender, facility: facility-a, certificate: keys/dr-lee.asc }\n',
      ),
  )
  gateway = await site.start()
  const folder = join(site.dir, '../named')
  await mkdir(folder)
  await writeFile(join(folder, '0.dcm'), ultrasound('1.2.3.4.70'))
  const { id } = json(await as('facility-a', 'send', folder)) as { id: string }
  const words = [
    '--case',
    id,
    '--key',
    site.keyFile('facility-a'),
    '--reason',
    'no-identifiers-seen',
  ]
  const unnamed = await as('facility-a', 'quarantine', 'release', ...words)
  expect(unnamed.status).toBe(1)
  expect(unnamed.stdout + unnamed.stderr).toContain('release_invalid')
  const signer = ['--by', 'dr-lee', '--signing-key', own]
  expect(await as('facility-a', 'quarantine', 'release', ...words, ...signer)).toMatchObject({
    status: 0,
  })
  const released = (await eventsOf(id)).find(({ type }) => type === 'item.released')
  expect(released?.detail).toMatchObject({ by: 'dr-lee' })

  await writeFile(join(folder, '0.dcm'), ultrasound('1.2.3.4.71'))
  const second = json(await as('facility-a', 'send', folder)) as { id: string }
  const discard = (...rest: readonly string[]) =>
    as('facility-a', 'quarantine', 'discard', ...rest, '--reason', 'wrong-patient')
  for (const refused of [
    await discard(second.id, '1'),
    await discard('--case', second.id, '--key', site.keyFile('facility-a')),
  ])
    expect(refused).toMatchObject({ status: 1, stdout: expect.stringContaining('discard_invalid') })
  expect(await discard('--case', second.id, ...signer)).toMatchObject({ status: 0 })
  const discarded = (await eventsOf(second.id)).find(({ type }) => type === 'item.discarded')
  expect(discarded?.detail).toMatchObject({ by: 'dr-lee', reason: 'wrong-patient' })
}, 60_000)
