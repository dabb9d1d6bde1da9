/** A reader that has plain GnuPG and curl, and none of our software. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { canonicalJson } from '../../src/lib/json.js'
import { makeSite, nocturne, run } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { sha256 } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'

const programs = await Promise.all(
  [
    ['gpg', '--version'],
    ['curl', '--version'],
  ].map(([program = '', ...args]) =>
    run(program, args).then(
      ({ status }) => status === 0,
      () => false,
    ),
  ),
)
const missing = programs.every(Boolean) ? undefined : 'needs gpg and curl'
const suite = missing === undefined ? describe : describe.skip

const table: string[] = []

afterAll(() => {
  if (table.length > 0) console.log(['GnuPG', ...table].join('\n'))
})

suite.each([
  ['gpg-rsa', 'rsa3072', 'rsa3072'],
  ['gpg-curve', 'ed25519', 'cv25519'],
])(
  `a reader with a GnuPG key${missing === undefined ? '' : ` (skipped: ${missing})`}: %s`,
  (id, sign, encrypt) => {
    let site: TestSite
    let gateway: RunningGateway
    let home: string
    let transfer: string
    let token: string
    let files: string[]
    let manifest: Buffer

    /**
     * As a person at a terminal would run it. The home has a short path, because gpg-agent's socket
     * is in it.
     */
    const gpg = (...args: readonly string[]) =>
      run('gpg', ['--batch', '--yes', '--no-tty', '--homedir', home, ...args], {
        env: { ...process.env, LC_ALL: 'C' },
      })
    const here = (name: string) => join(home, name)

    beforeAll(async () => {
      home = await mkdtemp('/tmp/gpg-')
      const user = `${id}@example.org`
      const passphrase = ['--pinentry-mode', 'loopback', '--passphrase', '']
      const made = await gpg(...passphrase, '--quick-gen-key', user, sign, 'cert,sign', '1y')
      expect(made).toMatchObject({ status: 0 })
      const [, fingerprint = ''] =
        /^fpr:+([0-9A-F]+):/m.exec((await gpg('--with-colons', '-k', user)).stdout) ?? []
      expect(
        await gpg(...passphrase, '--quick-add-key', fingerprint, encrypt, 'encrypt', '1y'),
      ).toMatchObject({ status: 0 })
      site = await makeSite()
      const certificate = await gpg('--armor', '--export', user)
      await writeFile(join(site.dir, `keys/${id}.asc`), certificate.stdout)
      await site.configure((yaml) =>
        yaml
          .replace('readers: [reader-1]', `readers: [reader-1, ${id}]`)
          .replace(
            /^people:\n/m,
            `people:\n  - { id: ${id}, role: reader, certificate: keys/${id}.asc }\n`,
          ),
      )
      const issued = await nocturne(
        'token',
        'issue',
        '--site',
        site.dir,
        '--principal',
        id,
        '--days',
        '1',
        '--json',
      )
      expect(issued).toMatchObject({ status: 0 })
      token = (JSON.parse(issued.stdout) as { token: string }).token
      gateway = await site.start()
      files = await makeStudy(
        join(site.dir, '../study'),
        '--instances',
        '3',
        '--size',
        '128',
        '--document',
      )
      const sent = await upload(site, gateway, files)
      expect(sent.status).toBe(201)
      transfer = sent.body.id
    }, 120_000)

    afterAll(async () => {
      await run('gpgconf', ['--homedir', home, '--kill', 'all'])
      await gateway.stop()
      await site.remove()
      await rm(home, { recursive: true, force: true })
    })

    const curl = async (path: string, out: string) => {
      const url = `${gateway.url}/v1/transfers/${transfer}/${path}`
      const ran = await run('curl', [
        '-sS',
        '--fail',
        '-H',
        `Authorization: Bearer ${token}`,
        '-o',
        out,
        url,
      ])
      expect(ran).toMatchObject({ status: 0, stderr: '' })
    }

    it('passes the check of the site', async () => {
      const checked = await nocturne('check', '--site', site.dir)
      expect(checked).toMatchObject({ status: 0 })
    })

    it('opens every item fetched with curl', async () => {
      for (const [at] of files.entries()) {
        const name = `item-${at + 1}`
        await curl(`items/${at + 1}`, here(`${name}.pgp`))
        const opened = await gpg('--decrypt', '--output', here(name), here(`${name}.pgp`))
        expect(opened).toMatchObject({ status: 0 })
        expect(opened.stderr).not.toMatch(/warning/i)
      }
    })

    it('verifies the gateway’s signature on the manifest', async () => {
      const { body } = await call(gateway, 'GET', '/v1/gateway')
      await writeFile(here('gateway.asc'), String(body.certificate))
      expect(await gpg('--import', here('gateway.asc'))).toMatchObject({ status: 0 })
      await curl('manifest', here('manifest.pgp'))
      const opened = await gpg('--decrypt', '--output', here('manifest'), here('manifest.pgp'))
      expect(opened).toMatchObject({ status: 0 })
      expect(opened.stderr).toMatch(/Good signature/)
      manifest = await readFile(here('manifest'))
      expect(JSON.parse(manifest.toString())).toMatchObject({ v: 1, transfer })
      table.push(
        `  ${id}: manifest with ${/Good signature from .*/.exec(opened.stderr)?.[0] ?? ''}`,
      )

      const changed = await readFile(here('manifest.pgp'))
      changed.writeUInt8(changed.readUInt8(changed.length - 40) ^ 1, changed.length - 40)
      await writeFile(here('changed.pgp'), changed)
      expect(
        (await gpg('--decrypt', '--output', here('changed'), here('changed.pgp'))).status,
      ).not.toBe(0)
    })

    /** Armored and detached, over the text's octets. */
    const signed = async (text: string): Promise<string> => {
      await writeFile(here('text'), text)
      const made = await gpg('--armor', '--detach-sign', '--output', here('text.asc'), here('text'))
      expect(made).toMatchObject({ status: 0 })
      return readFile(here('text.asc'), 'utf8')
    }

    it('signs in with a signature over the challenge, once', async () => {
      const asked = await call(gateway, 'POST', '/v1/sign-in/challenge', {
        json: { principal: id },
      })
      const challenge = String(asked.body.challenge)
      const json = { principal: id, challenge, signature: await signed(challenge) }
      const { status, body } = await call(gateway, 'POST', '/v1/sign-in', { json })
      expect(status).toBe(200)
      const inbox = await call(gateway, 'GET', '/v1/inbox', { token: String(body.token) })
      expect(inbox.status).toBe(200)
      expect(inbox.text).toContain(transfer)
      const again = await call(gateway, 'POST', '/v1/sign-in', { json })
      expect([again.status, again.body.code]).toEqual([401, 'challenge_invalid'])
      table.push(`  ${id}: signed in, and not a second time with the same signature`)
    })

    it('acknowledges with a signature made by GnuPG', async () => {
      const statement = canonicalJson({
        v: 1,
        type: 'nocturne-acknowledgement',
        gateway: (JSON.parse(manifest.toString()) as { gateway: string }).gateway,
        transfer,
        manifest: sha256(manifest),
        items: files.length,
        reader: id,
        openedAt: new Date().toISOString(),
      })
      const path = `/v1/transfers/${transfer}/acknowledge`
      const other = await signed(`${statement} `)
      const wrong = await call(gateway, 'POST', path, {
        token,
        json: { statement, signature: other },
      })
      expect([wrong.status, wrong.body.code]).toEqual([422, 'acknowledgement_invalid'])
      const json = { statement, signature: await signed(statement) }
      const { status, body } = await call(gateway, 'POST', path, { token, json })
      expect([status, body.state]).toEqual([200, 'acknowledged'])
      table.push(`  ${id}: acknowledged`)
    })

    it('gets the same octets as a reader with our client', async () => {
      const out = join(site.dir, '../opened')
      const pulled = await nocturne(
        ...['pull', transfer, '--gateway', gateway.url],
        ...['--token-file', site.tokenFile('reader-1'), '--key', site.keyFile('reader-1')],
        ...['--out', out],
      )
      expect(pulled).toMatchObject({ status: 0 })
      expect(await readFile(join(out, transfer, 'manifest.json'))).toEqual(manifest)
      const names = (await readdir(join(out, transfer), { recursive: true })).filter((name) =>
        /\.(dcm|pdf)$/.test(name),
      )
      const digests = async (paths: readonly string[]) =>
        (await Promise.all(paths.map(async (path) => sha256(await readFile(path))))).sort()
      const theirs = await digests(files.map((_file, at) => here(`item-${at + 1}`)))
      expect(await digests(names.map((name) => join(out, transfer, name)))).toEqual(theirs)
      table.push(`  ${id}: ${theirs.length} items opened by gpg, equal to what our client opened`)
    })
  },
)
