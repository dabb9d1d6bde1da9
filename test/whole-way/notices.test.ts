/**
 * Identifiers are planted in a study, in a note, in a report, in a critical result and in failed
 * sign-ins, at the most verbose log level. Then everything that every channel received is searched
 * for them: bodies, headers and addresses of webhooks and of Web Push (decrypted), e-mails, the
 * rows of the outbox, and the logs.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer as createHttp } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import * as z from 'zod/mini'
import { webhookBody } from '../../src/protocol/http/routes/webhooks.js'
import { newAuthority } from '../_certificates.js'
import { eventually } from '../_eventually.js'
import { newBrowser } from '../notify/_browser.js'
import { Canaries, describeFinds, search } from './_canary.js'
import type { Haystack } from './_canary.js'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { plantedInstance } from './_planted.js'

const PYTHON = '/usr/bin/python3'
const hasMail = spawnSync(PYTHON, ['-c', 'import aiosmtpd']).status === 0
const title = `notices on every channel${hasMail ? '' : ' (skipped: no python3-aiosmtpd)'}`
const describeIf = hasMail ? describe : describe.skip

describeIf(title, () => {
  const canaries = new Canaries()
  const browser = newBrowser()
  const haystacks: Haystack[] = []
  const hooks: { readonly event: string; readonly person: string }[] = []
  const mails: string[] = []
  const pushes: { readonly event: string }[] = []
  const servers: Server[] = []
  let site: TestSite
  let gateway: RunningGateway
  let mailServer: ChildProcess
  let logs = ''
  const at = (name: string): string => join(site.dir, '..', name)

  const heads = ({ method, url, rawHeaders }: IncomingMessage): Buffer =>
    Buffer.from([method, url, ...rawHeaders].join('\n'))

  async function receive(where: string, request: IncomingMessage): Promise<Buffer> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = Buffer.concat(chunks)
    haystacks.push({ where: `${where}, headers`, bytes: heads(request) })
    return body
  }

  async function listen(server: Server): Promise<number> {
    servers.push(server)
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
    return (server.address() as AddressInfo).port
  }

  beforeAll(async () => {
    site = await makeSite()
    const tls = await (await newAuthority(at('.'), 'notices'))('localhost')
    const hook = await listen(
      createHttp((request, response) => {
        void receive('webhook', request).then((body) => {
          haystacks.push({ where: 'webhook, body', bytes: body })
          // As the OpenAPI document describes it, without a further member.
          hooks.push(z.strictObject(webhookBody.shape).parse(JSON.parse(body.toString())))
          response.end()
        })
      }),
    )
    const [cert, key] = await Promise.all([readFile(tls.certificate), readFile(tls.key)])
    const pushing = await listen(
      createHttps({ cert, key }, (request, response) => {
        void receive('push', request).then((body) => {
          const text = browser.decrypt(body)
          haystacks.push({ where: 'push, decrypted', bytes: Buffer.from(text) })
          pushes.push(JSON.parse(text) as (typeof pushes)[number])
          response.writeHead(201).end()
        })
      }),
    )
    const mailPort = await startMail(tls.certificate, tls.key)
    await writeFile(join(site.dir, 'secrets/pager'), 'x'.repeat(32), { mode: 0o600 })
    await site.configure((yaml) =>
      [
        yaml.replaceAll(
          /id: (reader-1|operator-1), role: (reader|operator),/g,
          'id: $1, role: $2, contact: { email: $1@example.org },',
        ),
        'notify:',
        `  smtp: { host: localhost, port: ${mailPort}, from: nocturne@example.org, ca: '${tls.ca}' }`,
        `  webhooks: [{ id: pager, url: 'http://localhost:${hook}/hook', secretFile: secrets/pager }]`,
        `  push: { hosts: ['localhost:${pushing}'], subject: 'mailto:operator@example.org' }`,
        '',
      ].join('\n'),
    )
    const env = { NOCTURNE_LOG_LEVEL: 'trace', NODE_EXTRA_CA_CERTS: tls.ca }
    gateway = await site.start({ env })
    gateway.process.stdout?.on('data', (chunk: Buffer) => (logs += chunk.toString()))
    subscribe(`https://localhost:${pushing}/push/abc`)
  }, 120_000)

  afterAll(async () => {
    await gateway.stop()
    mailServer.kill()
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
    await site.remove()
  })

  /** The browser of the reader. */
  function subscribe(endpoint: string): void {
    const db = new Database(join(site.dir, 'data/nocturne.db'))
    db.prepare(
      'insert into push_subscriptions (id, person, endpoint, p256dh, auth, created_at) values (?, ?, ?, ?, ?, 1)',
    ).run('s1', 'reader-1', endpoint, browser.keys.p256dh, browser.keys.auth)
    db.close()
  }

  async function startMail(certificate: string, key: string): Promise<number> {
    const free = createServer().listen(0, 'localhost')
    await once(free, 'listening')
    const { port } = free.address() as AddressInfo
    free.close()
    const script = fileURLToPath(new URL('../notify/_receive_mail.py', import.meta.url))
    mailServer = spawn(PYTHON, [script, String(port), certificate, key])
    const lines = createInterface({ input: mailServer.stdout! })
    await once(lines, 'line')
    lines.on('line', (line) => {
      const { text } = JSON.parse(line) as { text: string }
      mails.push(text)
      haystacks.push({ where: 'mail', bytes: Buffer.from(text) })
    })
    return port
  }

  const as = (principal: string, ...words: readonly string[]) =>
    nocturne(
      ...words,
      ...['--gateway', gateway.url, '--token-file', site.tokenFile(principal)],
      ...['--key', site.keyFile(principal)],
    )

  /** A text with planted identifiers, in a file. */
  async function planted(name: string): Promise<string> {
    const file = at(`${name}.txt`)
    const [who, id] = [canaries.name(`${name}: name`), canaries.id(`${name}: ID`)]
    await writeFile(file, `IMPRESSION: ${who}, ${id}, born ${canaries.date(`${name}: birth`)}.\n`)
    return file
  }

  it('say that something happened, to everybody on each channel, and nothing about whom', async () => {
    const name = `${canaries.name('file name')}.dcm`
    const bytes = plantedInstance(canaries, 'study')
    const sent = await upload(site, gateway, [{ name, bytes }], { priority: 'stat' })
    expect([sent.status, sent.body.items?.map(({ outcome }) => outcome)]).toEqual([
      201,
      ['accepted'],
    ])
    const events = () => Promise.resolve(hooks.map(({ event }) => event))
    // A claim withdraws what has not been sent about the case.
    await eventually(events, (got) => got.includes('case.waiting'), 20_000)
    const token = await site.token('reader-1')
    const { code } = (await call(gateway, 'GET', `/v1/cases/${sent.body.id}`, { token })).body
    const text = (file: string) => ['--text', file]
    const noted = await as('facility-a', 'case', 'note', code, ...text(await planted('note')))
    expect(noted).toMatchObject({ status: 0 })
    const finding = [...text(await planted('finding')), '--level', 'minutes']
    expect(await as('reader-1', 'critical', 'raise', code, ...finding)).toMatchObject({ status: 0 })
    expect(await as('reader-1', 'claim', code)).toMatchObject({ status: 0 })
    const final = ['--status', 'final', ...text(await planted('report'))]
    const who = canaries.name('name of the reader')
    expect(await as('reader-1', 'report', code, ...final, '--name', who)).toMatchObject({
      status: 0,
    })
    // A stranger types a patient's name where an account belongs, until it is locked out.
    const principal = canaries.name('account').toLowerCase()
    for (let attempt = 0; attempt < 15; attempt++)
      await call(gateway, 'POST', '/v1/sign-in/challenge', { json: { principal } })
    const awaited = ['case.waiting', 'note.received', 'critical.raised', 'report.received']
    await eventually(events, (got) => awaited.every((one) => got.includes(one)), 20_000)
    await eventually(
      () => Promise.resolve(mails.length),
      (count) => count >= 2,
      20_000,
    )
    expect(pushes.map(({ event }) => event)).toEqual(
      expect.arrayContaining(['case.waiting', 'note.received']),
    )
    expect(mails.join('\n')).toContain(`(${code})`)
    expect(hooks.map(({ person }) => person)).toEqual(
      expect.arrayContaining(['reader-1', 'facility-a']),
    )
  }, 120_000)

  it('contain no identifier anywhere, nor does the outbox or a log', async () => {
    await gateway.stop()
    const db = new Database(join(site.dir, 'data/nocturne.db'), { readonly: true })
    const rows = db.prepare('select * from outbox').all()
    db.close()
    expect(rows.length).toBeGreaterThan(6)
    const own: readonly Haystack[] = [
      { where: 'outbox', bytes: Buffer.from(JSON.stringify(rows)) },
      { where: 'log', bytes: Buffer.from(gateway.log() + logs) },
    ]
    expect(canaries.all.length).toBeGreaterThan(40)
    expect(describeFinds(search(canaries.all, [...haystacks, ...own]))).toEqual([])
    // The search finds what is there.
    const [first] = canaries.all
    const control = { where: 'control', bytes: Buffer.from(`a ${first?.text ?? ''} b`) }
    expect(search(canaries.all, [control])).not.toEqual([])
  }, 60_000)
})
