/** E-mail to a real SMTP server with STARTTLS: Debian's python3-aiosmtpd. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createMail } from '../../src/notify/index.js'
import type { Notice, SendOne } from '../../src/notify/index.js'
import { newAuthority } from '../_certificates.js'

const python = '/usr/bin/python3'
const isThere = spawnSync(python, ['-c', 'import aiosmtpd']).status === 0
const title = isThere ? 'e-mail' : 'e-mail (skipped: no python3-aiosmtpd)'

const notice: Notice = {
  key: 'k',
  event: 'case.waiting',
  code: 'K7Q-4MD',
  facility: 'facility-a',
  priority: 'stat',
  at: '2026-11-30T02:00:00.000Z',
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

const describeIf = isThere ? describe : describe.skip
describeIf(title, () => {
  let dir: string
  let server: ChildProcess
  let lines: AsyncIterator<string>
  let reader: Interface
  let mail: (more?: { ca?: string }) => SendOne

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'mail-'))
    const { ca, certificate, key } = await (await newAuthority(dir, 'mail'))('localhost')
    const port = await freePort()
    const script = fileURLToPath(new URL('_receive_mail.py', import.meta.url))
    server = spawn(python, [script, String(port), certificate, key])
    reader = createInterface({ input: server.stdout! })
    lines = reader[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('ready')
    const pem = await readFile(ca, 'utf8')
    mail = (more = { ca: pem }) =>
      createMail(
        { host: 'localhost', port, secure: false, from: 'nocturne@example.org', ...more },
        (person) => (person === 'reader-1' ? 'reader-1@example.org' : undefined),
      )
  }, 30_000)
  afterAll(async () => {
    server.kill()
    reader.close()
    await rm(dir, { recursive: true, force: true })
  })

  it('goes out over TLS, with a subject and a text', async () => {
    expect(await mail()({ id: 'n1', person: 'reader-1', notice })).toBeUndefined()
    const got = JSON.parse((await lines.next()).value as string) as Record<string, unknown>
    expect(got).toMatchObject({
      from: 'nocturne@example.org',
      to: ['reader-1@example.org'],
      tls: true,
    })
    expect(got.text).toContain('Subject: STAT: A case is waiting to be read (K7Q-4MD)')
    expect(got.text).toContain('Message-ID: <n1@localhost>')
  })

  it('trusts no certificate without a trusted issuer', async () => {
    expect(await mail({})({ id: 'n2', person: 'reader-1', notice })).toMatchObject({
      isFinal: false,
    })
  })

  it('reports a missing address and an unreachable server by codes', async () => {
    expect(await mail()({ id: 'n3', person: 'reader-2', notice })).toEqual({
      code: 'no-address',
      isFinal: true,
    })
    const away = createMail(
      { host: 'localhost', port: await freePort(), secure: false, from: 'a@example.org' },
      () => 'b@example.org',
    )
    expect(await away({ id: 'n4', person: 'reader-1', notice })).toMatchObject({
      code: expect.stringMatching(/^[a-z_]+$/),
    })
  })
})
