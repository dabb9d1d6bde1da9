import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../src/lib/json.js'
import { file } from '../deidentify/_build.js'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { openTransfer, readerOf } from './_reader.js'
import { signRelease } from './_release.js'

/** An ultrasound frame, which may show a name; the data set itself is valid. */
const ultrasound = (instance: string): Buffer =>
  file([
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.6.1'],
    [0x00080018, 'UI', instance],
    [0x00080060, 'CS', 'US'],
    [0x00280002, 'US', Buffer.from([1, 0])],
    [0x00280010, 'US', Buffer.from([2, 0])],
    [0x00280011, 'US', Buffer.from([2, 0])],
    [0x7fe00010, 'OB', Buffer.from([1, 2, 3, 4])],
  ])

/** A tag occurs twice, so two readers of the file could see different data. */
const malformed = (): Buffer => {
  const bytes = file()
  return Buffer.concat([bytes, bytes.subarray(-8)])
}

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

let sends = 0
async function send(bytes: Buffer): Promise<{ readonly id: string }> {
  const folder = join(site.dir, `../send-${String(++sends)}`)
  await mkdir(folder)
  await writeFile(join(folder, 'one.dcm'), bytes)
  return json(await as('facility-a', 'send', folder)) as { id: string }
}

interface Held {
  readonly transfer: string
  readonly item: number
  readonly code: string
  readonly state: string
  readonly releasable: boolean
}
const listed = async (...words: string[]): Promise<readonly Held[]> =>
  (json(await as('facility-a', 'quarantine', 'list', ...words)) as { items: Held[] }).items

const eventsOf = async (transfer: string) => {
  const { events } = json(await as('officer-1', 'audit', 'query', '--transfer', transfer)) as {
    events: { entry: { type: string; detail?: Record<string, unknown>; related?: string } }[]
  }
  return events.map(({ entry }) => entry)
}

async function post(path: string, body: FormData | string): Promise<Response> {
  const headers: Record<string, string> = {
    Authorization: `Bearer ${await site.token('facility-a')}`,
  }
  if (typeof body === 'string') headers['Content-Type'] = 'application/json'
  return fetch(gateway.url + path, { method: 'POST', body, headers })
}

const signedRelease = (
  original: Buffer,
  about: Parameters<typeof signRelease>[3],
  signer?: string,
): Promise<FormData> => signRelease(site, gateway, original, about, signer)

it('lets the facility view a held item, and releases it with the facility’s signature, pixels included', async () => {
  const original = ultrasound('1.2.3.4.50')
  const { id } = await send(original)
  expect(await listed()).toContainEqual(
    expect.objectContaining({
      transfer: id,
      item: 1,
      code: 'pixels_at_risk',
      state: 'held',
      releasable: true,
    }),
  )

  const out = join(site.dir, '../look')
  const key = ['--key', site.keyFile('facility-a')]
  const opened = await as('facility-a', 'quarantine', 'open', id, '1', ...key, '--out', out)
  expect(await readFile((json(opened) as { opened: string }).opened)).toEqual(original)

  const reason = ['--reason', 'no-identifiers-seen']
  const released = await as('facility-a', 'quarantine', 'release', id, '1', ...key, ...reason)
  expect(released.status).toBe(0)
  const { id: successor } = json(released) as { id: string }
  const { contents, manifest } = await openTransfer(gateway, await readerOf(site), successor)
  expect(manifest.items).toMatchObject([{ index: 1, kind: 'instance', pixelsAtRisk: true }])
  const sent = contents.get(1) ?? Buffer.alloc(0)
  expect(sent.includes('SMITHSON')).toBe(false)
  expect(sent.subarray(-4)).toEqual(Buffer.from([1, 2, 3, 4]))

  expect(await listed()).not.toContainEqual(expect.objectContaining({ transfer: id }))
  const before = await eventsOf(id)
  const after = await eventsOf(successor)
  expect(before.map(({ type }) => type)).toEqual(
    expect.arrayContaining(['item.quarantined', 'quarantine.read', 'item.released']),
  )
  expect(before.find(({ type }) => type === 'item.released')?.detail).toMatchObject({
    codes: ['pixels_at_risk'],
    reason: 'no-identifiers-seen',
    successor,
    successorItem: 1,
  })
  expect(after.find(({ type }) => type === 'item.accepted')?.detail).toMatchObject({
    waived: ['pixels_at_risk'],
    pixelsAtRisk: true,
  })

  const again = await as('facility-a', 'quarantine', 'release', id, '1', ...key, ...reason)
  expect(again.status).toBe(1)
  expect(again.stdout).toContain('quarantine_not_held')
}, 60_000)

it('deletes a discarded item, and records in the ledger who did it and why', async () => {
  const { id } = await send(ultrasound('1.2.3.4.51'))
  const done = await as('facility-a', 'quarantine', 'discard', id, '1', '--reason', 'wrong-patient')
  expect(done.status).toBe(0)
  const discarded = (await eventsOf(id)).find(({ type }) => type === 'item.discarded')
  expect(discarded?.detail).toEqual({ code: 'pixels_at_risk', reason: 'wrong-patient' })
  const objects = await eventually(
    async () => {
      const names = await readdir(join(site.dir, 'data/objects'), { recursive: true })
      return names.filter((name) => name.includes(id) && /[0-9a-f]{32}$/.test(name))
    },
    (seen) => seen.length === 0,
  )
  expect(objects).toEqual([])
  expect(await listed('--all')).toContainEqual(
    expect.objectContaining({ transfer: id, state: 'discarded', releasable: false }),
  )
  const again = await as('facility-a', 'quarantine', 'discard', id, '1', '--reason', 'damaged')
  expect(again.status).toBe(1)
}, 60_000)

it('releases nothing that a person cannot check by viewing it', async () => {
  const original = malformed()
  const { id } = await send(original)
  const [held] = (await listed()).filter(({ transfer }) => transfer === id)
  expect(held).toMatchObject({ releasable: false })
  const form = await signedRelease(original, { transfer: id })
  form.set('files', new Blob([new Uint8Array(original)]), '1')
  const answer = await post(`/v1/transfers/${id}/quarantine/1/release`, form)
  expect(await answer.json()).toMatchObject({ status: 422, code: 'not_waivable' })
}, 60_000)

it('accepts only the bytes, signature and statement of the held item', async () => {
  const original = ultrasound('1.2.3.4.52')
  const { id } = await send(original)
  const other = await send(ultrasound('1.2.3.4.53'))
  const path = `/v1/transfers/${id}/quarantine/1/release`
  const withFile = (form: FormData, bytes: Buffer) => {
    form.set('files', new Blob([new Uint8Array(bytes)], { type: 'application/dicom' }), '1')
    return form
  }
  const codeOf = async (form: FormData) => {
    const answer = (await (await post(path, form)).json()) as {
      code?: string
      items?: readonly { code?: string }[]
    }
    return answer.items?.[0]?.code ?? answer.code
  }
  const about = { transfer: id }
  const swapped = withFile(await signedRelease(original, about), ultrasound('1.2.3.4.54'))
  await expect(codeOf(swapped)).resolves.toBe('release_mismatch')
  const forged = withFile(await signedRelease(original, about, 'reader-1'), original)
  await expect(codeOf(forged)).resolves.toBe('release_invalid')
  const elsewhere = withFile(await signedRelease(original, { transfer: other.id }), original)
  await expect(codeOf(elsewhere)).resolves.toBe('release_invalid')
  const ofAnother = withFile(await signedRelease(ultrasound('1.2.3.4.54'), about), original)
  await expect(codeOf(ofAnother)).resolves.toBe('release_invalid')
  const waivesElse = await signedRelease(original, { ...about, codes: ['document_held'] })
  await expect(codeOf(withFile(waivesElse, original))).resolves.toBe('release_invalid')
  const unsigned = new FormData()
  unsigned.set('statement', canonicalJson({ v: 1, type: 'nocturne-release' }))
  await expect(codeOf(withFile(unsigned, original))).resolves.toBe('release_invalid')
  // Still held after every attempt.
  expect(await listed()).toContainEqual(expect.objectContaining({ transfer: id, state: 'held' }))
  await expect(codeOf(withFile(await signedRelease(original, about), original))).resolves.toBe(
    undefined,
  )
}, 60_000)

it('gives held items to nobody but the facility', async () => {
  const { id } = await send(ultrasound('1.2.3.4.55'))
  for (const [principal, status] of [
    ['reader-1', 403],
    ['officer-1', 403],
    ['operator-1', 404],
  ] as const) {
    const headers = { Authorization: `Bearer ${await site.token(principal)}` }
    const answer = await fetch(`${gateway.url}/v1/transfers/${id}/quarantine/1`, { headers })
    expect([principal, answer.status]).toEqual([principal, status])
  }
  const headers = { Authorization: `Bearer ${await site.token('facility-a')}` }
  const none = await fetch(`${gateway.url}/v1/transfers/${id}/quarantine/2`, { headers })
  expect(none.status).toBe(404)
}, 60_000)

it('lets the facility decide two findings about one image at once, and records both', async () => {
  await gateway.stop()
  const profile = ['name: faces', "version: '1'", 'links: transfer', 'pixels: quarantine']
  await writeFile(
    join(site.dir, 'faces.yaml'),
    [
      ...profile,
      "options: [{ code: '113102', name: Clean Recognizable Visual Features Option }]",
      '',
    ].join('\n'),
  )
  await site.configure((yaml) => yaml.replace(/profile: \w+/, 'profile: faces.yaml'))
  gateway = await site.start()
  const photograph = file([
    [0x00080060, 'CS', 'XC'],
    [0x7fe00010, 'OB', Buffer.from([1, 2, 3, 4])],
  ])
  const { id } = await send(photograph)
  const findings = { code: 'features_at_risk', also: ['pixels_at_risk'] }
  expect(await listed()).toContainEqual(
    expect.objectContaining({ ...findings, transfer: id, releasable: true }),
  )
  const held = (await eventsOf(id)).find(({ type }) => type === 'item.quarantined')
  expect(held?.detail).toMatchObject(findings)

  // A statement about only one of them is not enough.
  const form = await signedRelease(photograph, { transfer: id, codes: ['features_at_risk'] })
  form.set('files', new Blob([new Uint8Array(photograph)], { type: 'application/dicom' }), '1')
  const refused = await post(`/v1/transfers/${id}/quarantine/1/release`, form)
  expect(await refused.json()).toMatchObject({ code: 'release_invalid' })

  const words = ['--key', site.keyFile('facility-a'), '--reason', 'needed-for-treatment']
  const released = await as('facility-a', 'quarantine', 'release', id, '1', ...words)
  expect(released).toMatchObject({ status: 0 })
  const { id: successor } = json(released) as { id: string }
  const codes = ['features_at_risk', 'pixels_at_risk']
  const before = (await eventsOf(id)).find(({ type }) => type === 'item.released')
  expect(before?.detail).toMatchObject({ codes, reason: 'needed-for-treatment' })
  const after = (await eventsOf(successor)).find(({ type }) => type === 'item.accepted')
  expect(after?.detail).toMatchObject({ waived: codes, pixelsAtRisk: true })
}, 60_000)
