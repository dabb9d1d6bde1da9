/** TLS client certificates made by openssl, shown by curl and by our command. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { X509Certificate } from 'node:crypto'
import { appendFile, chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newAuthority } from '../_certificates.js'
import type { Certificates } from '../_certificates.js'
import { makeSite, nocturne, run } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'

let site: TestSite
let gateway: RunningGateway
let server: Certificates
let ours: Certificates
let stranger: Certificates

const curl = async (path: string, token: string, shown?: string) => {
  const { stdout } = await run('curl', [
    ...['-s', '--cacert', server.ca, '-H', `Authorization: Bearer ${token}`],
    ...(shown === undefined ? [] : ['--cert', shown]),
    `${gateway.url}${path}`,
  ])
  return JSON.parse(stdout) as { code?: string; principal?: unknown }
}
/** One file with the certificate and its key, as `--client-certificate` takes it. */
async function inOne({ certificate, key }: Certificates): Promise<string> {
  const file = `${certificate}.both.pem`
  await writeFile(file, await readFile(certificate))
  await appendFile(file, await readFile(key))
  await chmod(file, 0o600)
  return file
}
const thumbprint = async (file: string) => new X509Certificate(await readFile(file)).fingerprint256

beforeAll(async () => {
  site = await makeSite()
  const authority = await newAuthority(site.dir, 'tls')
  server = await authority('127.0.0.1')
  ours = await authority('facility-a.example.org')
  stranger = await authority('stranger.example.org')
  await chmod(server.key, 0o600)
  const bound = await thumbprint(ours.certificate)
  await site.configure((yaml) =>
    yaml
      .replace(
        /^( +)listen: 127.*$/m,
        `$1listen: 127.0.0.1:8443\n$1tls: { cert: ${server.certificate}, key: ${server.key}, clientCertificates: true }`,
      )
      .replace('id: facility-a,', `id: facility-a, clientCertificates: ['${bound}'],`),
  )
  gateway = await site.start({ env: { NODE_EXTRA_CA_CERTS: server.ca } })
}, 120_000)

afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

describe('a facility that is bound to a client certificate', () => {
  it('is heard with it, and refused without it and with another', async () => {
    const token = await site.token('facility-a')
    expect(await curl('/v1/session', token, await inOne(ours))).toMatchObject({
      principal: 'facility-a',
    })
    for (const shown of [undefined, await inOne(stranger)])
      expect(await curl('/v1/session', token, shown)).toMatchObject({
        code: 'client_certificate_required',
      })
    // Others need none.
    expect(await curl('/v1/session', await site.token('reader-1'))).toMatchObject({
      principal: 'reader-1',
    })
  })

  it('sends with the command and --client-certificate', async () => {
    const file = join(site.dir, '../note.txt')
    await writeFile(file, 'a requisition')
    const send = (...more: string[]) =>
      nocturne(
        ...['send', file, '--gateway', gateway.url, '--ca-file', server.ca, '--json'],
        ...['--token-file', site.tokenFile('facility-a'), ...more],
      )
    expect((await send()).stdout).toContain('client_certificate_required')
    expect(await send('--client-certificate', await inOne(ours))).toMatchObject({ status: 0 })
  })

  it('is warned about before the certificate that it uses expires', async () => {
    const told = 'a TLS client certificate of facility-a expires within 7 days'
    const { stdout } = await nocturne('check', '--site', site.dir, '--json')
    const { warnings } = JSON.parse(stdout) as { warnings: { path: string; problem: string }[] }
    expect(warnings).toContainEqual(
      expect.objectContaining({ path: 'clientCertificates', problem: told }),
    )
    const ready = await run('curl', [
      ...['-s', '--cacert', server.ca, `${gateway.url}/readyz`],
      ...['-H', `Authorization: Bearer ${await site.token('operator-1')}`],
    ])
    expect(ready.stdout).toContain(told)
  })

  it('is refused by check when nobody asks for certificates', async () => {
    const yaml = await readFile(join(site.dir, 'nocturne.yaml'), 'utf8')
    await site.configure((text) => text.replace('clientCertificates: true', ''))
    const { stdout } = await nocturne('check', '--site', site.dir, '--json')
    await site.configure(() => yaml)
    const { problems } = JSON.parse(stdout) as { problems: { path: string }[] }
    expect(problems.map(({ path }) => path)).toContain('facilities[0].clientCertificates')
  })
})

describe('a token that is bound to a client certificate', () => {
  it('is unknown without it, and the ledger says to which it is bound', async () => {
    const file = join(site.dir, '../reader.token')
    const issued = await nocturne(
      ...['token', 'issue', '--site', site.dir, '--principal', 'reader-1', '--out', file],
      ...['--certificate', ours.certificate],
    )
    expect(issued).toMatchObject({ status: 0 })
    const token = (await readFile(file, 'utf8')).trim()
    expect(await curl('/v1/session', token, await inOne(ours))).toMatchObject({
      principal: 'reader-1',
    })
    for (const shown of [undefined, await inOne(stranger)])
      expect(await curl('/v1/session', token, shown)).toMatchObject({ code: 'unauthenticated' })
    const { stdout } = await nocturne(
      ...['audit', 'query', '--site', site.dir, '--type', 'token.issued', '--json'],
    )
    const plain = (await thumbprint(ours.certificate)).replaceAll(':', '').toLowerCase()
    expect(stdout).toContain(plain)
  })
})
