/**
 * Identifiers are planted wherever a sender, a reader or a stranger can put one, at the most
 * verbose log level. Then every byte that the gateway wrote or sent is searched for them.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Canaries, describeFinds, encodingsOf, folderBytes, search } from './_canary.js'
import type { Find, Haystack } from './_canary.js'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import type { AnswerBody } from './_http.js'
import { plantedInstance, plantedUid, zipOf } from './_planted.js'
import { exchange, hangUp } from './_socket.js'

describe('identifiers planted everywhere', () => {
  const canaries = new Canaries()
  /**
   * What the gateway sent: every header and body, without the status line, and what the commands
   * printed.
   */
  const answers: Haystack[] = []
  const statuses = new Map<string, string>()
  let site: TestSite
  let gateway: RunningGateway
  let temporary: string
  let clientTemporary: string
  let opened: string
  let logs = ''
  /** Transfers that the reader can open, and the text of documents that must be in them. */
  const sent: string[] = []
  const documents: string[] = []

  const plant = (place: string) => canaries.name(place)

  /** Sends one request and adds the response to the haystack. */
  async function ask(
    what: string,
    principal: string | undefined,
    path: string,
    init: RequestInit = {},
  ): Promise<{ status: number; text: string }> {
    const token = principal === undefined ? undefined : await site.token(principal)
    const headers = new Headers(init.headers)
    if (token !== undefined && !headers.has('authorization')) {
      headers.set('authorization', `Bearer ${token}`)
    }
    const response = await fetch(gateway.url + path, { ...init, headers })
    const bytes = Buffer.from(await response.arrayBuffer())
    const heads = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n')
    answers.push({ where: `answer to ${what}`, bytes: Buffer.concat([Buffer.from(heads), bytes]) })
    statuses.set(what, String(response.status))
    return { status: response.status, text: bytes.toString() }
  }

  async function raw(what: string, request: string | Buffer, quietMs?: number): Promise<void> {
    const bytes = await exchange(gateway, request, quietMs)
    answers.push({ where: `answer to ${what}`, bytes })
    statuses.set(what, /^HTTP\/1\.1 (\d+)/.exec(bytes.toString('latin1'))?.[1] ?? 'closed')
  }

  interface Part {
    readonly name?: string
    readonly fileName?: string
    readonly type?: string
    readonly bytes: Buffer | string
    readonly head?: string
  }

  const bodyOf = (parts: readonly Part[], boundary: string): Buffer =>
    Buffer.concat([
      ...parts.flatMap(({ name = 'files', fileName, type, bytes, head }) => [
        Buffer.from(
          `--${boundary}\r\n` +
            (head ??
              `Content-Disposition: form-data; name="${name}"` +
                (fileName === undefined ? '' : `; filename="${fileName}"`) +
                (type === undefined ? '' : `\r\nContent-Type: ${type}`)) +
            '\r\n\r\n',
        ),
        Buffer.from(bytes),
        Buffer.from('\r\n'),
      ]),
      Buffer.from(`--${boundary}--\r\n`),
    ])

  /**
   * Sends a form with any parts.
   *
   * @returns the transfer's ID, if there is one.
   */
  async function post(
    what: string,
    parts: readonly Part[],
    path = '/v1/transfers',
    headers: Record<string, string> = {},
  ): Promise<{ status: number; body: AnswerBody }> {
    const boundary = `b${plant(`${what}: boundary`)}`
    const { status, text } = await ask(what, 'facility-a', path, {
      method: 'POST',
      body: new Uint8Array(bodyOf(parts, boundary)),
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...headers },
    })
    return { status, body: JSON.parse(text) as AnswerBody }
  }

  const field = (name: string, bytes: string): Part => ({ name, bytes })
  const group = field('group', 'nights')
  const instance = (name: string, options?: Parameters<typeof plantedInstance>[2]): Part => ({
    fileName: `${plant(`${name}: file name`)}_${canaries.date(`${name}: file name`)}.dcm`,
    type: 'application/dicom',
    bytes: plantedInstance(canaries, name, options),
  })
  /** Its text belongs in the opened item, but its name does not. */
  const note = (name: string): Part => {
    const text = plant(`${name}: document`)
    documents.push(text)
    return {
      fileName: `../${plant(`${name}: document name`)}.txt`,
      type: 'text/plain',
      bytes: `requisition of ${text}, born ${canaries.date(`${name}: document`)}`,
    }
  }

  /** The words of a document; its media type is in the sealed manifest. */
  const belongs = ({ canary, where }: Find) =>
    canary.place === 'part type of octets'
      ? where.endsWith('/manifest.json')
      : canary.place.endsWith(': document') && where.includes('/documents/')

  beforeAll(async () => {
    site = await makeSite()
    temporary = join(site.dir, '../gateway-tmp')
    clientTemporary = join(site.dir, '../client-tmp')
    opened = join(site.dir, '../opened')
    await mkdir(temporary)
    await mkdir(clientTemporary)
    await site.configure((yaml) => `${yaml}\nlimits: { idleSeconds: 2 }\n`)
    gateway = await site.start({ env: { NOCTURNE_LOG_LEVEL: 'trace', TMPDIR: temporary } })
    gateway.process.stdout?.on('data', (chunk: Buffer) => (logs += chunk.toString()))
  }, 60_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  it('are found by the search itself, in every encoding and at every place', async () => {
    const control = new Canaries()
    const text = control.name('control')
    control.id('control, not planted')
    const noise = Buffer.from('some noise around it; '.repeat(50))
    for (const [encoding, needle] of encodingsOf(text)) {
      const bytes = Buffer.concat([noise, needle, noise])
      expect(search(control.all, [{ where: 'here', bytes }])).toContainEqual(
        expect.objectContaining({ encoding, canary: { place: 'control', text } }),
      )
    }
    for (const padding of ['', 'a', 'ab', 'abc']) {
      const bytes = Buffer.from(Buffer.from(`${padding}${text} and more`).toString('base64'))
      expect(search(control.all, [{ where: 'here', bytes }])).not.toEqual([])
    }
    expect(search(control.all, [{ where: 'here', bytes: noise }])).toEqual([])
    const folder = join(temporary, `named ${text}`)
    await mkdir(folder)
    await writeFile(join(folder, 'file'), Buffer.from(`x${text}`, 'utf16le').subarray(2))
    expect(describeFinds(search(control.all, await folderBytes(temporary)))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/utf-8 in names/),
        expect.stringMatching(/utf-16le in .*file$/),
      ]),
    )
    await rm(folder, { recursive: true })
    const planted = new Canaries()
    const bytes = plantedInstance(planted, 'control')
    const found = new Set(search(planted.all, [{ where: 'here', bytes }]).map((f) => f.canary))
    expect(planted.all.filter((canary) => !found.has(canary))).toEqual([])
    expect(planted.all.length).toBeGreaterThan(40)
  })

  it('arrive in studies that are accepted', async () => {
    const study = plantedUid(canaries, 'one study')
    const whole = await post('an upload', [
      group,
      field('priority', 'stat'),
      instance('accepted', { uidRoot: study }),
      note('accepted'),
      {
        fileName: `${plant('accepted: name of a ZIP')}.zip`,
        type: 'application/zip',
        bytes: zipOf([
          {
            name: `${plant('ZIP: folder')}/${plant('ZIP: entry name')}.dcm`,
            bytes: plantedInstance(canaries, 'in a ZIP'),
          },
          { name: `${plant('ZIP: name of text')}.txt`, bytes: Buffer.from('a plain note') },
        ]),
      },
    ])
    expect(whole.body.items?.map((one) => one.code ?? one.outcome)).toEqual(
      Array.from({ length: 4 }, () => 'accepted'),
    )
    sent.push(whole.body.id)

    const open = await post('an upload that stays open', [
      group,
      field('complete', 'false'),
      instance('open'),
      { ...note('open'), type: `application/x-${plant('part type')}` },
      {
        fileName: 'scan',
        type: `application/x-${plant('part type of octets')}`,
        bytes: Buffer.from('8ba0ff01c3e47f10'.repeat(40), 'hex'),
      },
    ])
    expect(open.status).toBe(201)
    const { id } = open.body
    await post('more items', [instance('more')], `/v1/transfers/${id}/items`)
    // Examined while the transfer is open, because the data kept for the manifest must not reveal
    // anything either.
    const database = await folderBytes(join(site.dir, 'data'))
    expect(describeFinds(search(canaries.all, database))).toEqual([])
    const query = `?patient=${plant('query of complete')}`
    const done = await ask('complete', 'facility-a', `/v1/transfers/${id}/complete${query}`, {
      method: 'POST',
    })
    expect(done.status).toBe(200)
    sent.push(id)
  }, 60_000)

  it('arrive in files that are quarantined or refused', async () => {
    const cut = plantedInstance(canaries, 'cut off')
    const conflict = plantedUid(canaries, 'conflict')
    const named = canaries.name('name in a kept element')
    const mixed = await post('files that are refused', [
      group,
      { fileName: `${plant('cut off: file name')}.dcm`, bytes: cut.subarray(0, cut.length - 90) },
      { fileName: `${plant('not DICOM: file name')}.dcm`, bytes: `Name: ${plant('not DICOM')}` },
      {
        fileName: plant('noise: file name'),
        bytes: Buffer.concat([
          Buffer.from('00ff13379c0080aa'.repeat(40), 'hex'),
          Buffer.from(plant('noise')),
        ]),
      },
      instance('a conflict', { uidRoot: conflict }),
      instance('the other of the conflict', { uidRoot: conflict }),
      instance('name in a kept element', {
        extra: [
          [0x00100010, 'PN', named],
          [0x00080008, 'CS', `DERIVED\\PRIMARY\\${named}`],
        ],
      }),
      instance('a private SOP class', { extra: [[0x00080016, 'UI', '1.3.46.670589.11']] }),
      instance('no study', { extra: [[0x0020000d, 'UI', '']] }),
      {
        fileName: `${plant('damaged ZIP: file name')}.zip`,
        type: 'application/zip',
        bytes: zipOf([
          { name: plant('damaged ZIP: entry'), bytes: Buffer.from(note('damaged ZIP').bytes) },
        ]).subarray(0, 110),
      },
      {
        fileName: 'odd.zip',
        type: 'application/zip',
        bytes: zipOf([
          {
            name: `../../${plant('odd ZIP: entry')}.dcm`,
            bytes: cut.subarray(0, cut.length - 70),
          },
          { name: plant('odd ZIP: empty entry'), bytes: Buffer.alloc(0) },
        ]),
      },
    ])
    expect(mixed.status).toBe(201)
    const outcomes = mixed.body.items?.map((one) => one.code ?? one.outcome)
    statuses.set('files that are refused', outcomes?.join(' ') ?? '')
    sent.push(mixed.body.id)
    const none = await post('nothing accepted', [group, { fileName: 'x.dcm', bytes: 'y' }])
    expect(none.status).toBe(422)
  }, 60_000)

  it('arrive through the command', async () => {
    const folder = join(site.dir, '../outbox', plant('command: folder'))
    await mkdir(folder, { recursive: true })
    const file = (name: string) => join(folder, `${plant(`command: ${name}`)}${name}`)
    await writeFile(file('.dcm'), plantedInstance(canaries, 'by the command'))
    await writeFile(file('.txt'), note('by the command').bytes)
    await writeFile(file('.bin'), Buffer.from('00ff13379c0080aa'.repeat(40), 'hex'))
    const options = ['--gateway', gateway.url, '--token-file', site.tokenFile('facility-a')]
    const ran = await nocturne('send', folder, ...options, '--json')
    answers.push({ where: 'output of send', bytes: Buffer.from(ran.stdout + ran.stderr) })
    sent.push((JSON.parse(ran.stdout) as AnswerBody).id)
    const other = await nocturne('send', folder, ...options, '--group', plant('command: group'))
    statuses.set('send', `exit ${ran.status}, to an unknown group exit ${other.status}`)
    expect(other.status).toBe(1)
  }, 60_000)

  it('arrive in invalid forms', async () => {
    const file = () => instance('in a wrong form')
    const secret = plant('form: value')
    await post('an unknown group', [field('group', plant('form: group')), file()])
    await post('an unknown priority', [group, field('priority', secret), file()])
    await post('a wrong complete', [group, field('complete', secret), file()])
    await post('an unknown field', [group, field(plant('form: field name'), secret), file()])
    await post('a field too long', [field('group', secret.repeat(100)), file()])
    await post('a repeated field', [group, group, file()])
    await post('a field behind the files', [group, file(), field('priority', secret)])
    await post('a file of another name', [group, { ...file(), name: plant('form: part name') }])
    await post('no files', [group])
    await post('no disposition', [group, { bytes: secret, head: `X-Name: ${plant('part head')}` }])
    await post('a wrong type', [group, file()], '/v1/transfers', {
      'content-type': `text/${plant('content type')}`,
    })
    const token = await site.token('facility-a')
    const head = (length: number, type: string) =>
      `POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`
    const form = 'multipart/form-data; boundary=zz'
    const body = bodyOf([group, file()], 'zz')
    const raws: [string, Buffer | string][] = [
      ['a form without an end', body.subarray(0, body.length - 8)],
      ['a form cut in its file', body.subarray(0, body.length >> 1)],
      ['a form of garbage', `--zz\r\n${plant('garbage')}\r\n\0\x01\r\n--zz\r\n\r\n\r\n--zz--`],
      ['no boundary found', `--yy\r\n${plant('other boundary')}\r\n--yy--\r\n`],
    ]
    for (const [what, bytes] of raws) {
      await raw(what, Buffer.concat([Buffer.from(head(bytes.length, form)), Buffer.from(bytes)]))
    }
    await raw('no boundary', head(4, `multipart/form-data; x=${plant('parameter')}`) + 'abcd')
    await raw('a silent client', Buffer.concat([Buffer.from(head(9e6, form)), body]), 4_000)
    const many = Buffer.concat([Buffer.from(head(9e6, form)), body.subarray(0, body.length - 200)])
    await hangUp(gateway, many, 150)
    statuses.set('a client that hangs up', 'closed')
  }, 60_000)

  it('arrive in URLs, headers, queries and tokens', async () => {
    const [id = ''] = sent
    const text = plant('address')
    for (const path of [
      `/${text}`,
      `/v1/${text}?name=${plant('query')}`,
      `/v1/transfers/${text}`,
      `/v1/transfers/${id}/items/${text}`,
      `/v1/transfers/${id}/items/1/${text}`,
      `/%E0%A4${text}`,
      `/v1/transfers/%E0%A4${text}`,
      `/healthz?${plant('query of health')}`,
      `/metrics?${plant('query of metrics')}`,
      `/v1/inbox?name=${plant('query of the inbox')}`,
      `/v1/transfers?start=${plant('query of the list')}`,
    ]) {
      await ask(`GET ${path.replace(/[B-Z]{12}/g, '…')}`, 'reader-1', path)
    }
    for (const name of ['patient', 'actor', 'facility', 'transfer', 'type', 'from', 'other']) {
      const query = `?${name}=${plant(`ledger query ${name}`)}`
      await ask(`ledger by ${name}`, 'officer-1', `/v1/audit/events${query}`)
      await ask(`export by ${name}`, 'officer-1', `/v1/audit/export${query}`)
      const lower = `?${name}=${plant(`ledger query ${name}, as an id`).toLowerCase()}`
      await ask(`ledger by ${name}, as an id`, 'officer-1', `/v1/audit/events${lower}`)
    }
    await ask('a proof', 'officer-1', `/v1/audit/events/${text}/proof`)
    await ask('a tile', 'officer-1', `/v1/audit/tile/0/${text}`)
    const headers = {
      'user-agent': plant('User-Agent'),
      referer: `http://x/${plant('Referer')}`,
      cookie: `patient=${plant('Cookie')}`,
      'x-patient-name': plant('X- header'),
      'x-request-id': plant('X-Request-Id'),
      'x-forwarded-for': plant('X-Forwarded-For'),
      forwarded: `for=${plant('Forwarded')}`,
      traceparent: plant('traceparent'),
      range: `bytes=${plant('Range')}`,
      'if-range': plant('If-Range'),
      'if-none-match': `"${plant('If-None-Match')}"`,
      accept: `text/${plant('Accept')}`,
      'accept-language': plant('Accept-Language'),
      origin: `http://${plant('Origin')}.example`,
    }
    await ask('an item with many headers', 'reader-1', `/v1/transfers/${id}/items/1`, { headers })
    await ask('a list with many headers', 'facility-a', '/v1/transfers', { headers })
    for (const authorization of [
      `Bearer ${plant('token')}`,
      `Bearer noct_${plant('token with a prefix')}`,
      `Basic ${Buffer.from(`${plant('user')}:${plant('password')}`).toString('base64')}`,
      plant('authorization without a scheme'),
    ]) {
      await ask('a wrong token', undefined, '/v1/inbox', { headers: { authorization } })
    }
    await raw('a wrong method', `${plant('method')} /v1/inbox HTTP/1.1\r\nHost: x\r\n\r\n`)
    await raw('a wrong header', `GET / HTTP/1.1\r\nHost: x\r\n${plant('header')} y: z\r\n\r\n`)
    const big = plant('large header').repeat(2_000)
    await raw('too large a header', `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${big}\r\n\r\n`)
    await raw('no HTTP', `\x16\x03\x01${plant('no HTTP')}\r\n\r\n`)
    await raw('a wrong Host', `GET /healthz HTTP/1.1\r\nHost: ${plant('Host')}\r\n\r\n`)
  }, 60_000)

  it('arrive in JSON', async () => {
    const [id = ''] = sent
    const json = (path: string, what: string, principal: string | undefined, body: string) =>
      ask(what, principal, path, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/json' },
      })
    const challenge = '/v1/sign-in/challenge'
    await json(challenge, 'broken JSON', undefined, `{"principal": ${plant('broken JSON')}`)
    await json(challenge, 'wrong JSON', undefined, `{"${plant('JSON name')}": 1}`)
    const stranger = JSON.stringify({ principal: `Mr ${plant('principal')}` })
    await json(challenge, 'a principal that is none', undefined, stranger)
    const principal = plant('principal as an ID')
    const signIn = { principal, challenge: plant('challenge'), signature: plant('signature') }
    await json('/v1/sign-in', 'a wrong sign-in', undefined, JSON.stringify(signIn))
    const statement = { statement: plant('statement'), signature: plant('its signature') }
    const path = `/v1/transfers/${id}/acknowledge`
    await json(path, 'a wrong acknowledgement', 'reader-1', JSON.stringify(statement))
    await json(path, 'JSON too long', 'reader-1', JSON.stringify(plant('long').repeat(9_000)))
  }, 60_000)

  it('reach the reader only as the text of documents', async () => {
    const key = site.keyFile('reader-1')
    const token = site.tokenFile('reader-1')
    for (const id of sent) {
      const pulled = await nocturne(
        ...['pull', id, '--gateway', gateway.url, '--token-file', token, '--key', key],
        ...['--out', opened],
      )
      answers.push({ where: 'output of pull', bytes: Buffer.from(pulled.stdout + pulled.stderr) })
      // 3: opened, and the manifest says that items are missing from it.
      expect([0, 3]).toContain(pulled.status)
    }
    const finds = search(canaries.all, await folderBytes(opened))
    // A shifted date may coincide with the date of another study, so dates prove nothing here; that
    // they are shifted is tested in test/deidentify.
    const isDate = ({ canary }: Find) => /^\d{8}$/.test(canary.text)
    const strays = finds.filter((find) => !belongs(find) && !isDate(find))
    expect(describeFinds(strays)).toEqual([])
    const found = new Set(finds.map(({ canary }) => canary.text))
    const missing = canaries.all.filter(({ text }) => documents.includes(text) && !found.has(text))
    expect(missing.map(({ place }) => place)).toEqual([])
  }, 60_000)

  it('are nowhere in the site, the log, the responses, the metrics or a temporary folder', async () => {
    await ask('metrics', 'operator-1', '/metrics')
    await ask('readiness', undefined, '/readyz')
    await ask('the ledger', 'officer-1', '/v1/audit/export')
    await ask('events', 'officer-1', '/v1/audit/events?limit=1000')
    const one = plantedInstance(canaries, 'at the moment of a kill')
    const body = bodyOf(
      [group, { fileName: 'a.dcm', bytes: one }, note('at the moment of a kill')],
      'zz',
    )
    const token = await site.token('facility-a')
    const half = Buffer.concat([
      Buffer.from(
        `POST /v1/transfers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n` +
          `Content-Type: multipart/form-data; boundary=zz\r\nContent-Length: ${body.length}\r\n\r\n`,
      ),
      body.subarray(0, body.length - 30),
    ])
    const uploading = exchange(gateway, half)
    await delay(400)
    await gateway.stop('SIGKILL')
    await uploading
    logs += gateway.log()
    expect(logs).toMatch(/"route":"\/transfers"/)

    const stored = await folderBytes(site.dir)
    expect(stored.map(({ where }) => where)).toContainEqual(expect.stringMatching(/-wal$/))
    const haystacks = [
      ...stored,
      ...(await folderBytes(temporary)),
      ...answers,
      { where: 'the log', bytes: Buffer.from(logs) },
    ]
    const finds = search(canaries.all, haystacks)
    const bytes = haystacks.reduce((sum, one) => sum + one.bytes.length, 0)
    console.log(
      [
        `${canaries.all.length} identifiers, each in ${encodingsOf('any').size} encodings, in ${bytes} bytes of ${haystacks.length} places: ${finds.length} found`,
        ...[...statuses].map(([what, status]) => `  ${status.padEnd(8)} ${what}`),
      ].join('\n'),
    )
    expect(describeFinds(finds)).toEqual([])
    expect(await readdir(temporary)).toEqual([])

    gateway = await site.start({ env: { NOCTURNE_LOG_LEVEL: 'trace', TMPDIR: temporary } })
    const swept = search(canaries.all, await folderBytes(site.dir))
    expect(describeFinds(swept)).toEqual([])
    expect(await readFile(join(site.dir, 'nocturne.yaml'), 'utf8')).toMatch(/idleSeconds/)
  }, 60_000)
})
