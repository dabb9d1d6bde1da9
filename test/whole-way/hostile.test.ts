/** Hostile requests: each gets its status and code, and the gateway continues to serve. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { makeSite } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, form, upload } from './_http.js'
import { makeStudy } from './_study.js'

describe('a gateway with hostile clients', () => {
  let site: TestSite
  let gateway: RunningGateway
  let slice: string
  let sender: string

  beforeAll(async () => {
    site = await makeSite()
    await site.configure((yaml) => `${yaml}\nlimits: { idleSeconds: 2, requestItems: 50 }\n`)
    ;[slice = ''] = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
    gateway = await site.start()
    sender = await site.token('facility-a')
  }, 60_000)

  afterEach(async () => {
    expect((await call(gateway, 'GET', '/healthz')).status).toBe(200)
  })

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  const itemOf = async (name: string, bytes: Uint8Array, type?: string) => {
    const { status, body } = await upload(site, gateway, [
      { name, bytes, ...(type !== undefined && { type }) },
    ])
    const [item] = body.items ?? []
    return {
      status,
      outcome: item?.outcome,
      code: item?.code ?? body.code,
      hint: item?.hint ?? body.hint,
    }
  }

  it.each([
    ['an empty file', 'empty.dcm', () => Buffer.alloc(0), 'refused', 'empty_file'],
    [
      'text that claims to be DICOM',
      'note.dcm',
      () => Buffer.from('hello, this is no image at all'),
      'quarantined',
      'not_dicom',
    ],
    [
      'noise',
      'noise',
      () => Buffer.from('00ff13379c0080aa'.repeat(40), 'hex'),
      'quarantined',
      'unrecognized',
    ],
  ] as const)('recognizes %s', async (_what, name, bytes, outcome, code) => {
    const item = await itemOf(name, bytes())
    expect(item).toMatchObject({ status: 422, outcome, code })
    expect(item.hint.length).toBeGreaterThan(10)
  })

  it('quarantines a DICOM file that ends early, and accepts the others in its request', async () => {
    const whole = await readFile(slice)
    const { status, body } = await upload(site, gateway, [
      { name: 'cut.dcm', bytes: whole.subarray(0, whole.length - 100) },
      slice,
    ])
    expect(status).toBe(201)
    expect(body.items?.map(({ outcome }) => outcome)).toEqual(['quarantined', 'accepted'])
    expect(body.items?.[0]?.code).toBe('truncated')
  })

  it('refuses an archive that expands without bound, and stays small', async () => {
    const dir = join(site.dir, '../bomb')
    await mkdir(dir, { recursive: true })
    execFileSync(
      'python3',
      [
        '-c',
        "import zipfile; z = zipfile.ZipFile('bomb.zip', 'w', zipfile.ZIP_DEFLATED); z.writestr('a.dcm', bytes(200_000_000)); z.close()",
      ],
      { cwd: dir },
    )
    const item = await itemOf('bomb.zip', await readFile(join(dir, 'bomb.zip')))
    expect(item).toMatchObject({ status: 422, code: 'archive_bomb' })
  })

  it('does not interpret file names', async () => {
    const bytes = await readFile(slice)
    const { status } = await upload(site, gateway, [{ name: '../../../../etc/cron.d/x', bytes }])
    expect(status).toBe(201)
  })

  it.each([
    ['no files', {}, 'no_files', 400],
    ['an unknown group', { group: 'days' }, 'unknown_group', 422],
    ['an unknown priority', { priority: 'now' }, 'bad_field', 400],
    ['an unknown field', { colour: 'red' }, 'unexpected_part', 400],
  ])('refuses an upload with %s', async (what, fields, code, status) => {
    const answer = await upload(site, gateway, what === 'no files' ? [] : [slice], fields)
    expect([answer.status, answer.body.code]).toEqual([status, code])
    expect(answer.body.hint.length).toBeGreaterThan(10)
    if (code === 'unknown_group') expect(answer.body.subject).toBe('its groups are nights')
  })

  it('stops at too many parts without reading them all', async () => {
    const parts = Array.from({ length: 10_000 }, (_, i) => ({
      name: `${i}.txt`,
      bytes: Buffer.from(`${i}`),
    }))
    const answer = await upload(site, gateway, parts)
    expect([answer.status, answer.body.code]).toEqual([413, 'too_many_items'])
  })

  it('requires a valid token and the right role', async () => {
    const body = () => form({ group: 'nights' }, [slice])
    expect(await call(gateway, 'POST', '/v1/transfers', { body: await body() })).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated' },
    })
    expect(
      await call(gateway, 'POST', '/v1/transfers', { token: 'noct_wrong', body: await body() }),
    ).toMatchObject({ status: 401 })
    const reader = await site.token('reader-1')
    expect(
      await call(gateway, 'POST', '/v1/transfers', { token: reader, body: await body() }),
    ).toMatchObject({ status: 403, body: { code: 'forbidden' } })
  })

  it('requires multipart/form-data', async () => {
    const answer = await call(gateway, 'POST', '/v1/transfers', {
      token: sender,
      json: { group: 'nights' },
    })
    expect([answer.status, answer.body.code]).toEqual([415, 'not_multipart'])
  })

  /** Writes raw bytes and returns everything received until the other side closes. */
  const raw = (bytes: string, keepOpen = true): Promise<string> =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(gateway.url)
      let answer = ''
      const socket = connect(Number(port), hostname, () =>
        keepOpen ? socket.write(bytes) : socket.end(bytes),
      )
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text))
      socket.on('close', () => resolve(answer)).on('error', reject)
      void delay(15_000, undefined, { ref: false }).then(() =>
        socket.destroy(new Error('no answer')),
      )
    })

  const multipart = (body: string, length: number): string =>
    `POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${sender}\r\n` +
    `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`

  const PART = '--b\r\nContent-Disposition: form-data; name="files"; filename="a.dcm"\r\n\r\nabc'

  it('disconnects a client that has gone silent', async () => {
    const answer = await raw(multipart(PART, 100_000))
    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toMatch(/slow_client/)
  })

  it('refuses a body that is not what its headers declare', async () => {
    const answer = await raw(multipart(`${PART}\r\n`, PART.length + 2))
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toMatch(/broken_multipart/)
  })

  it('refuses an oversized header', async () => {
    const answer = await raw(
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: ${'a'.repeat(40_000)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toMatch(/header_too_large/)
  })

  it('answers what is not HTTP', async () => {
    expect(await raw('\x16\x03\x01\x02\x00\x01\x00\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('holds back an address that fails too often', async () => {
    let last = await call(gateway, 'GET', '/v1/inbox', { token: 'noct_wrong' })
    for (let i = 0; i < 20 && last.status === 401; i++)
      last = await call(gateway, 'GET', '/v1/inbox', { token: 'noct_wrong' })
    expect([last.status, last.body.code]).toEqual([429, 'rate_limited'])
    expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0)
    // A client with a valid token is not held back by other clients' failures from the same
    // address.
    expect(
      (await call(gateway, 'GET', '/v1/inbox', { token: await site.token('reader-1') })).status,
    ).toBe(200)
  })
})
