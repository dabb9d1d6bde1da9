import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { cp, mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crosswalkStatement } from '../../src/protocol/crosswalk-lines.js'
import { nodeCiphers, sealBytes } from '../../src/seal/index.js'
import { openMessage } from '../../src/seal/open/open.js'
import { readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { toRecipient } from '../../src/seal/keys/certificate.js'
import { dataset, file, part10, topLevel, valueOf } from '../deidentify/_build.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { openTransfer, readerOf } from './_reader.js'

const image = (instance: string, number: string): Buffer =>
  file([
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00080018, 'UI', instance],
    [0x00080023, 'DA', '20240301'],
    [0x00080033, 'TM', '000001.5'],
    [0x00080050, 'SH', 'ACC-778899'],
    [0x00080090, 'PN', 'REFERRER^RUTH'],
    [0x00081030, 'LO', 'CT HEAD'],
    [
      0x00081140,
      'SQ',
      {
        items: [
          [
            [0x00081150, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
            [0x00081155, 'UI', '1.2.3.4.900'],
          ],
        ],
      },
    ],
    [0x00100010, 'PN', Buffer.from('MÜLLERSON^JANETTE', 'latin1')],
    [0x00100020, 'LO', '=MRN0012345'],
    [0x00100021, 'LO', 'HOSPITAL-A'],
    [0x00101010, 'AS', '053Y'],
    [0x00200013, 'IS', number],
    [0x00280002, 'US', Buffer.from([1, 0])],
    [0x00280010, 'US', Buffer.from([2, 0])],
    [0x00280011, 'US', Buffer.from([2, 0])],
    [0x7fe00010, 'OB', Buffer.from([1, 2, 3, 4])],
  ])

let site: TestSite
let gateway: RunningGateway
let transfer = ''
const originals = [image('1.2.3.4.51', '1'), image('1.2.3.4.52', '2')] as const
let opened: readonly Buffer[] = []
const at = (name: string): string => join(site.dir, '..', name)
const as = (principal: string, ...words: readonly string[]): Promise<Ran> =>
  nocturne(...words, '--gateway', gateway.url, '--token-file', site.tokenFile(principal), '--json')

beforeAll(async () => {
  site = await makeSite()
  gateway = await site.start()
  await mkdir(at('study'))
  for (const [i, bytes] of originals.entries()) await writeFile(at(`study/${String(i)}.dcm`), bytes)
  const sent = JSON.parse((await as('facility-a', 'send', at('study'))).stdout) as { id: string }
  transfer = sent.id
  const { contents } = await openTransfer(gateway, await readerOf(site), transfer)
  opened = [...contents.values()]
  const fetched = await as('facility-a', 'crosswalk', 'fetch', '--out', at('crosswalk'))
  expect(fetched.stdout).toContain('"fetched": 1')
}, 120_000)
afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

const reidentify = async (names: readonly string[], out: string, key = 'facility-a') =>
  nocturne(
    ...['reidentify', ...names.map(at), '--crosswalk', at('crosswalk')],
    ...['--key', site.keyFile(key), '--out', at(out), '--json'],
  )

it('restores every attribute, UID and date of an image, with the facility’s key', async () => {
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = opened
  expect(first.includes('LLERSON')).toBe(false)
  await writeFile(at('back-1.dcm'), first)
  await writeFile(at('back-2.dcm'), second)
  const done = await reidentify(['back-1.dcm', 'back-2.dcm'], 'ours')
  expect(done.status).toBe(0)
  for (const [i, original] of originals.entries()) {
    const back = topLevel(await readFile(at(`ours/back-${String(i + 1)}.dcm`)))
    const before = topLevel(original)
    expect(back.get(0x00120062)?.toString()).toBe('NO')
    for (const mark of [0x00120063, 0x00120064, 0x00280303]) expect(back.has(mark)).toBe(false)
    const isDataset = (tag: number) => tag > 0x0007ffff && tag !== 0x00120062
    const tags = [...before.keys()].filter(isDataset)
    expect([...back.keys()].filter(isDataset)).toEqual(tags)
    for (const tag of tags)
      expect([tag.toString(16), back.get(tag)]).toEqual([tag.toString(16), before.get(tag)])
  }
}, 60_000)

/**
 * What a reader's workstation creates: the pseudonyms of the study, new UIDs and dates, and another
 * character set.
 */
function report(study: Buffer): Buffer {
  const of = (tag: number): string => valueOf(study, tag) ?? ''
  const body = dataset([
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.88.11'],
    [0x00080018, 'UI', '2.25.424242'],
    [0x00080020, 'DA', of(0x00080020)],
    [0x00080023, 'DA', new Date().toISOString().slice(0, 10).replaceAll('-', '')],
    [0x00080060, 'CS', 'SR'],
    [0x00100010, 'PN', of(0x00100010)],
    [0x00100020, 'LO', of(0x00100020)],
    [0x0020000d, 'UI', of(0x0020000d)],
    [0x0020000e, 'UI', '2.25.434343'],
    [
      0x0040a730,
      'SQ',
      {
        items: [
          [
            [
              0x00081199,
              'SQ',
              {
                items: [[[0x00081155, 'UI', of(0x00080018)]], [[0x0040a121, 'DA', of(0x00080023)]]],
              },
            ],
            [0x0040a040, 'CS', 'TEXT'],
            [0x0040a160, 'UT', Buffer.from(`Größe: nothing new in ${of(0x00100020)}.`)],
          ],
        ],
      },
    ],
  ])
  return part10(body)
}

it('restores patient and study in a report about it, and keeps the report’s own UIDs and dates', async () => {
  const [first = Buffer.alloc(0)] = opened
  await writeFile(at('report.dcm'), report(first))
  const done = await reidentify(['report.dcm'], 'reports')
  expect(JSON.parse(done.stdout)).toMatchObject({ files: [{ by: 'study' }] })
  const back = await readFile(at('reports/report.dcm'))
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '')
  expect(valueOf(back, 0x00080023)).toBe(today)
  expect(valueOf(back, 0x00080018)).toBe('2.25.424242')
  expect(valueOf(back, 0x0020000d)).toBe('1.2.3.4')
  expect(valueOf(back, 0x00080020)).toBe('20240229')
  expect(valueOf(back, 0x00080050)).toBe('ACC-778899')
  expect(valueOf(back, 0x00100020)).toBe('=MRN0012345')
  expect(valueOf(back, 0x00100030)).toBe('19700321')
  expect(topLevel(back).get(0x00100010)?.toString('utf8').trim()).toBe('MÜLLERSON^JANETTE')
  const tree = topLevel(back).get(0x0040a730)?.toString('utf8') ?? ''
  expect(tree).toContain('1.2.3.4.51')
  expect(tree).toContain('20240301')
  expect(tree).toContain('Größe: nothing new in =MRN0012345.')
}, 60_000)

it('restores patient ID and UIDs in a text, and says if it knows nothing about a file', async () => {
  const [first = Buffer.alloc(0)] = opened
  const [code = '', study = ''] = [valueOf(first, 0x00100020), valueOf(first, 0x0020000d)]
  await writeFile(at('report.txt'), `Patient ${code}, study ${study}, compared with 2.25.999.\n`)
  await writeFile(at('other.txt'), 'Patient unknown.\n')
  const done = await reidentify(['report.txt', 'other.txt'], 'texts')
  expect(done.status).toBe(1)
  expect(await readFile(at('texts/report.txt'), 'utf8')).toBe(
    'Patient =MRN0012345, study 1.2.3.4, compared with 2.25.999.\n',
  )
  expect(await readdir(at('texts'))).toEqual(['report.txt'])
  expect(done.stdout).toContain('not_in_crosswalk')
}, 60_000)

it('opens with no other key', async () => {
  const [first = Buffer.alloc(0)] = opened
  await writeFile(at('closed.dcm'), first)
  const done = await reidentify(['closed.dcm'], 'nothing', 'reader-1')
  expect(done.status).toBe(1)
  expect(done.stdout).toContain('not_sealed_to_key')
  const denied = await as('reader-1', 'crosswalk', 'fetch', '--out', at('mine'))
  expect(denied.stdout).toContain('forbidden')
}, 60_000)

it('exports tables of originals and pseudonyms that no spreadsheet interprets as formulas', async () => {
  const done = await nocturne(
    ...['crosswalk', 'export', '--crosswalk', at('crosswalk'), '--json'],
    ...['--key', site.keyFile('facility-a'), '--out', at('tables')],
  )
  expect(JSON.parse(done.stdout)).toMatchObject({
    patients: 1,
    items: 2,
    signedBy: [
      { gateway: 'demo.nocturne.example', fingerprint: expect.stringMatching(/^[0-9a-f]{40}/) },
    ],
  })
  const [first = Buffer.alloc(0)] = opened
  const uids = (await readFile(at('tables/uid_mapping.csv'), 'utf8')).split('\r\n')
  expect(uids[0]).toBe('id_old,id_new')
  expect(uids).toContain(`1.2.3.4,${valueOf(first, 0x0020000d) ?? ''}`)
  expect(uids).toContain(`1.2.3.4.51,${valueOf(first, 0x00080018) ?? ''}`)
  expect(await readFile(at('tables/patid_mapping.csv'), 'utf8')).toBe(
    `id_old,id_new\r\n"'=MRN0012345",${valueOf(first, 0x00100020) ?? ''}\r\n`,
  )
  const all: unknown = JSON.parse(await readFile(at('tables/crosswalk.json'), 'utf8'))
  expect(all).toContainEqual(
    expect.objectContaining({ type: 'item', study: valueOf(first, 0x0020000d) }),
  )
}, 60_000)

it('is accepted only from the gateway: anybody could seal something to the facility', async () => {
  const [name = ''] = (await readdir(at('crosswalk'))).filter((one) => one.endsWith('.pgp'))
  const key = await readPrivateKey(await readFile(site.keyFile('facility-a'), 'utf8'))
  const sealed = oneOf(await readFile(at(`crosswalk/${name}`)))
  const parts: Uint8Array[] = []
  for await (const part of openMessage(sealed, [key], { ciphers: nodeCiphers })) parts.push(part)
  const text = Buffer.concat(parts).toString()
  const lines = text.split('\n').slice(0, -1)
  const [head = '', ...rest] = lines
  const stranger = await readPrivateKey(await readFile(site.keyFile('reader-1'), 'utf8'))
  const about = JSON.parse(head) as Parameters<typeof crosswalkStatement>[0]
  const signedAt = new Date().toISOString()
  const sha256 = createHash('sha256')
    .update(`${lines.slice(0, -1).join('\n')}\n`)
    .digest('hex')
  const statement = crosswalkStatement(about, sha256, signedAt)
  const signature = await signDetached(statement, stranger, new Date())
  const forged = JSON.stringify({ type: 'signature', signedAt, signature })
  const facility = await readFile(join(site.dir, 'keys/facility-a.asc'), 'utf8')
  const cases = {
    'as it came': [text, 0],
    'without its signature': [`${lines.slice(0, -1).join('\n')}\n`, 1],
    'with a patient changed': [text.replace('MRN0012345', 'MRN0012346'), 1],
    'without a line': [`${[head, ...rest.slice(1)].join('\n')}\n`, 1],
    'with an additional line': [`${text}${lines[1] ?? ''}\n`, 1],
    'signed by somebody else': [`${[...lines.slice(0, -1), forged].join('\n')}\n`, 1],
  } as const
  await mkdir(at('forged'))
  for (const file of await readdir(at('crosswalk')))
    await cp(at(`crosswalk/${file}`), at(`forged/${file}`))
  for (const [what, [content, status]] of Object.entries(cases)) {
    const recipient = await toRecipient('facility-a', facility, new Date())
    await writeFile(
      at(`forged/${name}`),
      await sealBytes(Buffer.from(content), recipient, new Date()),
    )
    const words = ['crosswalk', 'export', '--crosswalk', at('forged'), '--json']
    const out = ['--out', at(`forged-${what}`)]
    const ran = await nocturne(...words, '--key', site.keyFile('facility-a'), ...out)
    expect([what, ran.status]).toEqual([what, status])
    if (status === 0) continue
    expect(ran.stdout).toMatch(/crosswalk_not_signed|no_crosswalk/)
    expect(await readdir(at(`forged-${what}`))).toEqual([])
  }
}, 60_000)

it('records in the ledger what was done to each attribute, once for all slices, with a digest of each value', async () => {
  const asked = await as('officer-1', 'audit', 'query', '--transfer', transfer)
  const { events } = JSON.parse(asked.stdout) as {
    events: { entry: { type: string; detail?: Record<string, unknown> } }[]
  }
  const detailsOf = (type: string) =>
    events.flatMap(({ entry }) => (entry.type === type ? [entry.detail ?? {}] : []))
  const [shape, ...more] = detailsOf('report.recorded')
  expect(more).toEqual([])
  const elements = shape?.elements as readonly (readonly string[])[]
  expect(elements).toContainEqual(['00100020', 'replaced', 'E.1-1'])
  expect(elements).toContainEqual(['00081140[].00081155', 'remapped', 'E.1-1'])
  const items = detailsOf('item.accepted')
  expect(items.map(({ report: named }) => named)).toEqual([shape?.shape, shape?.shape])
  const values = items.map((item) => (item.values as string).match(/.{8}/g) ?? [])
  expect(values.map((each) => each.length)).toEqual([elements.length, elements.length])
  const differing = elements.filter((_, i) => values[0]?.[i] !== values[1]?.[i])
  expect(differing.map(([place]) => place)).toEqual(['00080018'])
  expect(asked.stdout).not.toContain('0012345')
}, 60_000)

it('does not exist under `strip`', async () => {
  await gateway.stop()
  await site.configure((yaml) => yaml.replace(/profile: \w+/, 'profile: strip'))
  gateway = await site.start()
  await mkdir(at('stripped'))
  await writeFile(at('stripped/1.dcm'), originals[0])
  const sent = JSON.parse((await as('facility-a', 'send', at('stripped'))).stdout) as { id: string }
  const words = ['crosswalk', 'fetch', '--out', at('none'), '--transfer', sent.id]
  expect(JSON.parse((await as('facility-a', ...words)).stdout)).toMatchObject({
    fetched: 0,
    known: 0,
  })
}, 60_000)

async function* oneOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes)
}
