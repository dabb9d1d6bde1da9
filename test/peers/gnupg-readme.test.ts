/** The lines of the README for readers who have curl, jq and GnuPG alone, run as they stand. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne, run } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { call, upload } from '../whole-way/_http.js'
import { sha256 } from '../whole-way/_reader.js'
import { makeStudy } from '../whole-way/_study.js'

const found = await Promise.all(
  ['gpg', 'curl', 'jq'].map((program) =>
    run(program, ['--version']).then(
      ({ status }) => status === 0,
      () => false,
    ),
  ),
)
const missing = found.every(Boolean) ? undefined : 'needs gpg, curl and jq'
const suite = missing === undefined ? describe : describe.skip

suite(`the README's lines${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let home: string

  beforeAll(async () => {
    home = await mkdtemp('/tmp/gpg-')
    site = await makeSite()
    const made = await nocturne(
      ...['key', 'new', '--gnupg', '--name', 'reader-1', '--out', join(home, 'reader-1.asc')],
    )
    expect(made).toMatchObject({ status: 0 })
    await rename(join(home, 'reader-1.pub.asc'), join(site.dir, 'keys/reader-1.asc'))
    gateway = await site.start()
  }, 60_000)

  afterAll(async () => {
    await run('gpgconf', ['--homedir', home, '--kill', 'all'])
    await gateway.stop()
    await site.remove()
    await rm(home, { recursive: true, force: true })
  })

  it('claim, open and keep receipts with a key of `key new --gnupg`', async () => {
    const files = await makeStudy(join(site.dir, '../study'), '--instances', '1', '--size', '64')
    const id = (await upload(site, gateway, files)).body.id
    const readme = await readFile('README.md', 'utf8')
    const [, lines = ''] = /### With curl and gpg alone[^]*?```bash\n([^]*?)```/.exec(readme) ?? []
    expect(lines).toContain('gpg --decrypt')
    await writeFile(join(home, 'lines.sh'), lines)
    const ran = await run('bash', ['-euo', 'pipefail', 'lines.sh'], {
      cwd: home,
      env: {
        ...{ PATH: process.env.PATH, LC_ALL: 'C', GNUPGHOME: home },
        ...{ URL: gateway.url, ID: id, TOKEN: await site.token('reader-1') },
      },
    })
    expect(ran).toMatchObject({ status: 0 })
    expect(ran.stderr).toMatch(/Good signature/)
    const shown = await call(gateway, 'GET', `/v1/cases/${id}`, {
      token: await site.token('reader-1'),
    })
    expect(shown.body.claimedBy).toBe('reader-1')
    const manifest = JSON.parse(await readFile(join(home, 'manifest.json'), 'utf8')) as {
      items: { plaintext: { sha256: string } }[]
    }
    expect(sha256(await readFile(join(home, 'ct.dcm')))).toBe(manifest.items[0]?.plaintext.sha256)
    expect(await readFile(join(home, 'receipts.ndjson'), 'utf8')).toContain('download.ended')
  }, 60_000)

  it('are not promised for other keys, and `key show` says so', async () => {
    const forGnupg = await nocturne('key', 'show', join(site.dir, 'keys/reader-1.asc'))
    expect(forGnupg.stdout).toContain('GnuPG        can open what is sealed to it')
    const other = await nocturne('key', 'show', join(site.dir, 'keys/facility-a.asc'))
    expect(other.stdout).toContain('cannot open what is sealed to it')
  })
})
