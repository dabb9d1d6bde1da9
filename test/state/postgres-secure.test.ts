/**
 * Connections to PostgreSQL beyond this machine. `0.0.0.0` is no loopback address by its name, and
 * reaches this machine on Linux.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NocturneError } from '../../src/lib/errors.js'
import { openState } from '../../src/state/index.js'
import { newAuthority } from '../_certificates.js'
import { postgresMissing, query, startPostgres, startSecuredPostgres } from '../_postgres.js'
import type { TestPostgres } from '../_postgres.js'

const HOST = '0.0.0.0'
const missing =
  postgresMissing ?? (process.platform === 'linux' ? undefined : '0.0.0.0 is reachable on Linux')
const suite = missing === undefined ? describe : describe.skip

const opened = (url: string): Promise<string> =>
  openState(url).then(
    async (state) => {
      await state.close()
      return 'opened'
    },
    (error: unknown) => (error instanceof NocturneError ? error.code : String(error)),
  )

suite(
  `a PostgreSQL beyond this machine${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let dir: string
    let server: TestPostgres
    let ca: string
    let otherCa: string

    beforeAll(async () => {
      dir = await mkdtemp(join(tmpdir(), 'nocturne-certificates-'))
      const mine = await (await newAuthority(dir, 'mine'))(HOST)
      otherCa = (await (await newAuthority(dir, 'other'))('localhost')).ca
      ca = mine.ca
      const users = ['plain', 'hashed', 'trusted']
      server = await startSecuredPostgres({
        certificate: mine.certificate,
        key: mine.key,
        hba: ['password', 'md5', 'trust'].map(
          (method, at) => `hostssl all ${users[at] ?? ''} 127.0.0.1/32 ${method}`,
        ),
      })
      await query(
        server.url,
        "set password_encryption = 'md5'; create user hashed password 'secret'",
      )
      await query(server.url, "create user plain password 'secret'; create user trusted")
    }, 60_000)

    afterAll(async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    })

    const at = (change: { user?: string; host?: string; ca?: string; mode?: string }) => {
      const url = new URL(server.url)
      url.hostname = change.host ?? HOST
      if (change.user !== undefined) {
        url.username = change.user
        url.password = 'secret'
      }
      if (change.ca !== undefined) url.searchParams.set('sslrootcert', change.ca)
      if (change.mode !== undefined) url.searchParams.set('sslmode', change.mode)
      return url.href
    }

    it('is used with a certificate of the named authority, for its host name, and SCRAM', async () => {
      expect(await opened(at({ ca }))).toBe('opened')
      expect(await opened(at({ ca, mode: 'verify-full' }))).toBe('opened')
    })

    it('is refused with another authority, without one, or under another name', async () => {
      expect(await opened(at({ ca: otherCa }))).toBe('database_untrusted')
      expect(await opened(at({}))).toBe('database_untrusted')
      expect(await opened(at({ ca, host: '127.0.0.1', mode: 'verify-full' }))).toBe(
        'database_untrusted',
      )
      expect(await opened(at({ ca: join(dir, 'nowhere.pem') }))).toBe('database_unusable')
    })

    it.each(['plain', 'hashed', 'trusted'])('is refused when it logs %s in', async (user) => {
      expect(await opened(at({ ca, user }))).toBe('database_not_scram')
    })

    it('may not be configured with less', async () => {
      for (const mode of ['disable', 'prefer', 'require', 'verify-ca', 'no-verify'])
        expect(await opened(at({ ca, mode }))).toBe('site_invalid')
      expect(await opened(`${at({ ca })}&ssl=false`)).toBe('site_invalid')
      // On this machine, TLS is not needed.
      expect(await opened(at({ host: '127.0.0.1' }))).toBe('opened')
      expect(await opened(at({ host: '127.0.0.1', mode: 'disable' }))).toBe('opened')
    })

    it('is refused when it offers no TLS', async () => {
      const bare = await startPostgres()
      try {
        const url = new URL(bare.url)
        url.hostname = HOST
        expect(await opened(url.href)).toBe('database_untrusted')
      } finally {
        await bare.stop()
      }
    }, 60_000)
  },
)
