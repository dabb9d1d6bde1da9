/** Keys in the forms in which GnuPG exports them and people pass them on. Needs `npm run build`. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne, run } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'

const isMissing = await run('gpg', ['--version']).then(
  ({ status }) => status !== 0,
  () => true,
)
const suite = isMissing ? describe.skip : describe

suite(`keys exported by GnuPG${isMissing ? ' (skipped: needs gpg)' : ''}`, () => {
  let home: string
  let fingerprint: string
  const at = (name: string) => join(home, name)
  const gpg = async (...args: string[]) => {
    const batch = ['--homedir', home, '--batch', '--pinentry-mode', 'loopback']
    const done = await run('gpg', [...batch, '--passphrase', '', ...args])
    expect(done).toMatchObject({ status: 0 })
    return done.stdout
  }
  const write = (name: string, content: string | Uint8Array) =>
    writeFile(at(name), content, { mode: 0o600 })
  const said = async (file: string) => {
    const { stdout } = await nocturne('key', 'show', at(file), '--json')
    const shown = JSON.parse(stdout) as {
      problems?: { code: string }[]
      error?: { code: string }
    }
    return shown.error?.code ?? shown.problems?.map(({ code }) => code).join() ?? stdout
  }

  beforeAll(async () => {
    home = await mkdtemp('/tmp/gpg-')
    await gpg('--quick-gen-key', 'one <one@example.org>', 'ed25519', 'sign', '1y')
    const listed = await gpg('--list-keys', '--with-colons')
    fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? ''
    await gpg('--quick-add-key', fingerprint, 'cv25519', 'encr', '1y')
    await gpg('--output', at('one.gpg'), '--export', fingerprint)
    await gpg('--output', at('one.asc'), '--armor', '--export', fingerprint)
    await gpg('--output', at('secret.gpg'), '--export-secret-keys', fingerprint)
    await gpg('--output', at('secret.asc'), '--armor', '--export-secret-keys', fingerprint)
    await gpg('--output', at('part.asc'), '--armor', '--export-secret-subkeys', fingerprint)
  }, 60_000)

  afterAll(async () => {
    await run('gpgconf', ['--homedir', home, '--kill', 'all'])
    await rm(home, { recursive: true, force: true })
  })

  it('are read in binary, in armor, with a byte order mark, in UTF-16 and behind a greeting', async () => {
    const armor = await readFile(at('one.asc'), 'utf8')
    await write('mark.asc', `\uFEFF${armor}`)
    await write('powershell.asc', Buffer.from(`\uFEFF${armor.replaceAll('\n', '\r\n')}`, 'utf16le'))
    await write('mail.txt', `Dear operator, here is my key:\n\n${armor}`)
    const files = ['one.gpg', 'one.asc', 'mark.asc', 'powershell.asc', 'mail.txt', 'secret.gpg']
    for (const file of files) expect([file, await said(file)]).toEqual([file, ''])
  })

  it('are refused with a code of their own: several, unsupported, no encryption subkey, expired', async () => {
    const old = ['--faked-system-time', '20200101T000000']
    await gpg('--quick-gen-key', 'two <two@example.org>', 'brainpoolP256r1', 'sign', '1y')
    await gpg('--quick-gen-key', 'three <three@example.org>', 'ed25519', 'sign', '1y')
    await gpg(...old, '--quick-gen-key', 'four <four@example.org>', 'ed25519', 'sign', '1y')
    for (const who of ['two', 'three', 'four'])
      await gpg('--output', at(`${who}.gpg`), '--export', `${who}@example.org`)
    await gpg('--output', at('all.gpg'), '--export')
    await gpg('--output', at('all.asc'), '--armor', '--export')
    await gpg('--output', at('all-secret.gpg'), '--export-secret-keys')
    const codes: Record<string, string> = {}
    for (const file of ['all.gpg', 'all.asc', 'all-secret.gpg', 'two.gpg', 'three.gpg', 'four.gpg'])
      codes[file] = await said(file)
    expect(codes).toEqual({
      'all.gpg': 'certificate_several',
      'all.asc': 'certificate_several',
      'all-secret.gpg': 'key_several',
      'two.gpg': expect.stringContaining('certificate_unsupported'),
      'three.gpg': 'certificate_cannot_encrypt',
      'four.gpg': expect.stringContaining('certificate_expired'),
    })
  }, 60_000)

  describe('at a gateway', () => {
    let site: TestSite
    let gateway: RunningGateway
    const check = async (file: string) => {
      const { status, stdout } = await nocturne(
        ...['key', 'check', '--gateway', gateway.url, '--key', at(file)],
        ...['--token-file', site.tokenFile('reader-1'), '--json'],
      )
      return status === 0 ? 'ready' : (JSON.parse(stdout) as { error: { code: string } }).error.code
    }

    beforeAll(async () => {
      site = await makeSite()
      await copyFile(at('one.gpg'), join(site.dir, 'keys/reader-1.asc'))
      gateway = await site.start()
    }, 60_000)

    afterAll(async () => {
      await gateway.stop()
      await site.remove()
    })

    it('are a reader’s certificate in binary, and ready with the private key in any form', async () => {
      for (const file of ['secret.gpg', 'secret.asc'])
        expect([file, await check(file)]).toEqual([file, 'ready'])
    })

    it('are not ready without the part that signs, or with one that the gateway does not know', async () => {
      expect(await check('part.asc')).toBe('key_cannot_sign')
      await gpg('--quick-add-key', fingerprint, 'ed25519', 'sign', '1y')
      await gpg('--output', at('later.asc'), '--armor', '--export-secret-keys', fingerprint)
      expect(await check('later.asc')).toBe('key_check_signature')
    })

    it('confirm a new certificate with gpg alone', async () => {
      await gateway.stop()
      await nocturne('key', 'new', '--name', 'reader-1', '--out', at('next.asc'))
      await copyFile(at('next.pub.asc'), join(site.dir, 'keys/reader-1.asc'))
      gateway = await site.start()
      const confirm = ['key', 'confirm', '--site', site.dir, '--principal', 'reader-1']
      await nocturne(...confirm, '--out', at('change.txt'))
      const signer = ['--local-user', `${fingerprint}!`, '--armor', '--detach-sign']
      await gpg(...signer, '--output', at('change.sig'), at('change.txt'))
      const done = await nocturne(...confirm, '--signature', at('change.sig'))
      expect([done.status, done.stdout]).toEqual([0, expect.stringContaining('the old key')])
    })
  })
})
