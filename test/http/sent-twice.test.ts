/**
 * What happens to an upload whose response was lost, and to the same files when they are sent
 * again.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openSite } from '../../src/cli/site/site.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { createLogger } from '../../src/lib/logger.js'
import { makeSite } from '../whole-way/_gateway.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { call } from '../whole-way/_http.js'
import type { Answer } from '../whole-way/_http.js'
import { makeStudy } from '../whole-way/_study.js'

let site: TestSite
let gateway: Gateway
let running: Awaited<ReturnType<Gateway['start']>>
let files: readonly Buffer[]
let token: string

beforeAll(async () => {
  site = await makeSite()
  const names = await makeStudy(join(site.dir, '../study'), '--instances', '4', '--size', '64')
  files = await Promise.all(names.map((name) => readFile(name)))
  await site.configure((yaml) => yaml.replace(/^people:/m, 'limits: { requestItems: 3 }\npeople:'))
  gateway = await createGateway(await openSite(site.dir), {
    port: 0,
    logger: createLogger('silent'),
  })
  running = await gateway.start()
  token = await site.token('facility-a')
}, 60_000)

afterAll(async () => {
  await gateway.close()
  await site.remove()
})

const newKey = () => randomBytes(18).toString('base64url')

function send(
  parts: readonly (Buffer | string)[],
  fields: Readonly<Record<string, string>> = {},
  key?: string,
  path = '/v1/transfers',
): Promise<Answer> {
  const body = new FormData()
  for (const [name, value] of Object.entries(fields)) body.set(name, value)
  for (const [at, part] of parts.entries())
    body.append('files', new Blob([Uint8Array.from(Buffer.from(part))]), String(at))
  const headers = key === undefined ? {} : { 'Idempotency-Key': key }
  return call(running, 'POST', path, { token, body, headers })
}

const ask = (key: string, who = token) => call(running, 'GET', `/v1/uploads/${key}`, { token: who })
const cases = async () => {
  const { body } = await call(running, 'GET', '/v1/cases', { token })
  return body.cases as {
    id: string
    state: string
    priority: string
    transfers: { id: string }[]
  }[]
}
/** Different in every test, the same within it. */
const document = (name: string) => `%PDF-1.4\n% ${name}\n%%EOF\n`

describe('an upload with a key', () => {
  it('tells what became of it, and is answered the same when it comes again', async () => {
    const key = newKey()
    expect(await ask(key)).toMatchObject({ status: 404, body: { code: 'not_found' } })
    const first = await send([document('a'), document('b')], {}, key)
    expect(first).toMatchObject({ status: 201, body: { state: 'available' } })
    const { id, items } = first.body
    expect((await ask(key)).body).toEqual({
      transfer: id,
      state: 'done',
      answer: { id, state: 'available', items },
    })
    const before = (await cases()).length
    const again = await send([document('a'), document('b')], {}, key)
    expect(again).toMatchObject({ status: 201, body: { id, items } })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(await cases()).toHaveLength(before)
  })

  it('is in the ledger, with the beginning of the transfer', async () => {
    const key = newKey()
    const { body } = await send([document('ledger')], {}, key)
    const { rows } = await running.rooms.ledger.query({ limit: 1_000, transfer: body.id })
    const begun = rows.find(({ entry }) => entry.type === 'transfer.begun')
    expect(begun?.entry.detail).toMatchObject({ key })
  })

  it('is no other facility’s to ask for, and no reader’s', async () => {
    const key = newKey()
    await send([document('own')], {}, key)
    expect((await ask(key, await site.token('reader-1'))).status).toBe(403)
  })

  it('is refused for other files, and for what is no key', async () => {
    const key = newKey()
    await send([document('one')], {}, key)
    expect(await send([document('another one')], {}, key)).toMatchObject({
      status: 422,
      body: { code: 'upload_key_reused' },
    })
    expect(await send([document('one')], {}, 'short')).toMatchObject({
      status: 400,
      body: { code: 'bad_request', field: 'Idempotency-Key' },
    })
  })

  it('can be used again when nothing was kept', async () => {
    const key = newKey()
    const refused = await send([document('late')], { group: 'nobody' }, key)
    expect(refused).toMatchObject({ status: 422, body: { code: 'unknown_group' } })
    expect((await ask(key)).status).toBe(404)
    expect((await send([document('late')], {}, key)).status).toBe(201)
  })
})

describe('the same files sent again', () => {
  it('are recognised without a key, and make no second case', async () => {
    const parts = files.slice(0, 3)
    const first = await send(parts, { priority: 'urgent' })
    expect(first.body.items?.map(({ outcome }) => outcome)).toEqual(Array(3).fill('accepted'))
    const before = await cases()
    const again = await send([...parts].reverse(), { priority: 'routine' })
    expect(again).toMatchObject({
      status: 201,
      body: { id: first.body.id, state: 'available', sentBefore: { transfer: first.body.id } },
    })
    expect(again.body.items?.map(({ index, outcome }) => [index, outcome])).toEqual([
      [3, 'duplicate'],
      [2, 'duplicate'],
      [1, 'duplicate'],
    ])
    expect(await cases()).toEqual(before)
  })

  it('make their case more urgent, never less', async () => {
    const parts = [document('urgent 1'), document('urgent 2')]
    const { body } = await send(parts)
    const priority = async () =>
      (await cases()).find(({ transfers }) => transfers[0]?.id === body.id)?.priority
    await send(parts, { priority: 'stat' })
    expect(await priority()).toBe('stat')
    await send(parts, { priority: 'routine' })
    expect(await priority()).toBe('stat')
  })

  it('make one case when two requests bring them at the same time', async () => {
    const before = (await cases()).length
    const parts = [document('race 1'), document('race 2')]
    const answers = await Promise.all([send(parts), send(parts), send(parts)])
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1)
    expect(await cases()).toHaveLength(before + 1)
  })

  it('make a new case where that is wanted, and after the first was taken back', async () => {
    const parts = [document('wanted')]
    const first = await send(parts)
    const wanted = await send(parts, { again: 'true' })
    expect(wanted.body.items).toMatchObject([{ outcome: 'accepted' }])
    const found = (await cases()).filter(({ transfers }) =>
      [first.body.id, wanted.body.id].includes(transfers[0]?.id ?? ''),
    )
    for (const { id } of found) await call(running, 'POST', `/v1/cases/${id}/recall`, { token })
    const afresh = await send(parts)
    expect(afresh.body.sentBefore).toBeUndefined()
    expect(afresh.body.items).toMatchObject([{ outcome: 'accepted' }])
  })

  it('are no second case either when they come in several requests', async () => {
    const parts = files.map((file) => Buffer.from(file))
    const inBatches = async () => {
      const first = await send(parts.slice(0, 3), { complete: 'false' }, newKey())
      const { id } = first.body
      await send(parts.slice(3), {}, newKey(), `/v1/transfers/${id}/items`)
      await call(running, 'POST', `/v1/transfers/${id}/complete`, { token })
      return id
    }
    const one = await inBatches()
    const two = await inBatches()
    const open = (await cases()).filter(({ state }) => state === 'waiting')
    const holding = open.filter(({ transfers }) =>
      transfers.some(({ id }) => id === one || id === two),
    )
    expect(holding.map(({ transfers }) => transfers.map(({ id }) => id))).toEqual([[one, two]])
  })

  it('with one more, or one other, are a study of their own', async () => {
    const parts = [document('base 1'), document('base 2')]
    const { body } = await send(parts)
    const more = await send([...parts, document('base 3')])
    const other = await send([document('base 1'), document('base 4')])
    for (const answer of [more, other]) {
      expect(answer.body.id).not.toBe(body.id)
      expect(answer.body.items?.every(({ outcome }) => outcome === 'accepted')).toBe(true)
    }
  })
})

describe('a facility with several groups', () => {
  it('is told which, when it names none', async () => {
    const yaml = await readFile(join(site.dir, 'nocturne.yaml'), 'utf8')
    await site.configure((text) =>
      text
        .replace('groups: [nights]', 'groups: [nights, weekends]')
        .replace(
          /^( +)- (\{ id: nights,.*)$/m,
          '$1- $2\n$1- { id: weekends, timezone: UTC, readers: [reader-1] }',
        ),
    )
    await gateway.close()
    const open = async () => {
      gateway = await createGateway(await openSite(site.dir), {
        port: 0,
        logger: createLogger('silent'),
      })
      running = await gateway.start()
    }
    await open()
    const answer = await send([document('no group')])
    expect([answer.status, answer.body.code]).toEqual([422, 'group_not_named'])
    expect(answer.text).toContain('nights, weekends')
    expect((await send([document('a group')], { group: 'weekends' })).status).toBe(201)
    await site.configure(() => yaml)
    await gateway.close()
    await open()
  })
})

describe('a study that is not whole', () => {
  it('says so in the inbox: held, refused, and what its sender left out', async () => {
    const damaged = Buffer.from(files[0] ?? '').subarray(0, 700)
    const { body } = await send([document('whole'), damaged, ''], { missing: '2' })
    expect(body.items?.map(({ outcome }) => outcome)).toEqual([
      'accepted',
      'quarantined',
      'refused',
    ])
    const inbox = await call(running, 'GET', '/v1/inbox', { token: await site.token('reader-1') })
    const transfers = inbox.body.transfers as { id: string }[]
    expect(transfers.find(({ id }) => id === body.id)).toMatchObject({
      items: 1,
      held: 1,
      outcomes: { accepted: 1, quarantined: 1, refused: 1, duplicate: 0, missing: 2 },
    })
    await writeFile(join(site.dir, '../damaged.dcm'), damaged)
  })
})
