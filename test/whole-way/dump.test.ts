import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPrivateKey } from 'openpgp'
import { makeSite, nocturne, ROOT } from './_gateway.js'
import type { TestSite } from './_gateway.js'
import { upload } from './_http.js'
import { makeStudy } from './_study.js'

const READER = join(ROOT, 'test/seal/reader/open_transfer.py')
const python = ['python3', '/usr/bin/python3'].find(
  (one) => spawnSync(one, ['-c', 'import cryptography']).status === 0,
)
const independently = python === undefined ? it.skip : it
const why = python === undefined ? ' (skipped: python3-cryptography is not installed)' : ''

/** The X25519 subkey as the reader takes it: scalar, and the parameters of RFC 9580 section 11.5. */
async function secretOf(armoredKey: string): Promise<string> {
  const key = await readPrivateKey({ armoredKey })
  const [subkey] = key.subkeys
  const { publicParams, privateParams } = subkey!.keyPacket as unknown as {
    publicParams: { oid: { write(): Uint8Array }; kdfParams: { hash: number; cipher: number } }
    privateParams: { d: Uint8Array }
  }
  const { hash, cipher } = publicParams.kdfParams
  const fingerprint = subkey!.getFingerprint()
  const parameters = Buffer.concat([
    publicParams.oid.write(),
    Buffer.of(18, 3, 1, hash, cipher),
    Buffer.from('Anonymous Sender    '),
    Buffer.from(fingerprint, 'hex'),
  ])
  return JSON.stringify({
    fingerprint,
    scalar: Buffer.from(privateParams.d).reverse().toString('hex'),
    hash: { 8: 'sha256', 9: 'sha384', 10: 'sha512' }[hash],
    keyBytes: { 7: 16, 8: 24, 9: 32 }[cipher],
    parameters: parameters.toString('hex'),
  })
}

describe('a stored transfer', () => {
  let site: TestSite
  let id: string
  const at = (name: string) => join(site.dir, '..', name)

  beforeAll(async () => {
    site = await makeSite()
    const files = await makeStudy(at('study'), '--instances', '3', '--size', '500')
    const gateway = await site.start()
    id = (await upload(site, gateway, files)).body.id
    await nocturne(
      ...['pull', id, '--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
      ...['--key', site.keyFile('reader-1'), '--out', at('out')],
    )
    await gateway.stop()
  }, 120_000)

  afterAll(() => site.remove())

  it('is written to files as it lies there, sealed', async () => {
    const done = await nocturne('dump', id, '--site', site.dir, '--out', at('dump'), '--json')
    expect([done.status, done.stderr]).toEqual([0, ''])
    expect(JSON.parse(done.stdout)).toMatchObject({
      items: 3,
      recipients: ['reader-1', 'recovery'],
    })
    const again = await nocturne('dump', id, '--site', site.dir, '--out', at('dump'), '--json')
    expect(again.status).toBe(1)
  })

  independently(`is opened from these files alone by forty lines of Python${why}`, async () => {
    expect((await readFile(READER, 'utf8')).trimEnd().split('\n').length).toBeLessThanOrEqual(40)
    await mkdir(at('opened'))
    const secret = await secretOf(await readFile(site.keyFile('reader-1'), 'utf8'))
    await writeFile(at('secret.json'), secret)
    const args = [READER, at('dump'), at('secret.json'), at('opened'), 'reader-1']
    const ran = spawnSync(python ?? '', args)
    expect([ran.status, ran.stderr.toString()]).toEqual([0, ''])
    const manifest = JSON.parse(await readFile(join(at('out'), id, 'manifest.json'), 'utf8')) as {
      items: { index: number; plaintext: { sha256: string } }[]
    }
    expect(manifest.items).toHaveLength(3)
    for (const { index, plaintext } of manifest.items) {
      const bytes = await readFile(join(at('opened'), String(index)))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(plaintext.sha256)
    }
  })
})
