import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createAuthenticate, createTokens } from '../../src/access/index.js'
import type { Tokens } from '../../src/access/index.js'
import type { Actor } from '../../src/ledger/log/events.js'
import { peopleOf, principal } from './_people.js'
import { openTestSite } from './_site.js'
import type { TestSite } from './_site.js'

const DAY_MS = 86_400_000
const actor: Actor = { id: 'operator-1', role: 'operator', method: 'site' }

let site: TestSite
let tokens: Tokens
beforeEach(async () => {
  site = await openTestSite()
  tokens = createTokens({ ...site, now: site.clock.now })
})
afterEach(async () => {
  await tokens.close()
  await site.close()
})

describe('a token', () => {
  it('is 256 bits after a prefix, and identifies its owner until it expires', async () => {
    const { token, id, expiresAt } = await tokens.issue('reader-1', { days: 2, actor })
    expect(token).toMatch(/^noct_[A-Za-z0-9_-]{43}$/)
    expect(expiresAt).toBe(site.clock.now() + 2 * DAY_MS)
    expect(await tokens.verify(token)).toMatchObject({ id, principal: 'reader-1', expiresAt })
    site.clock.pass(2 * DAY_MS - 1)
    expect(await tokens.verify(token)).toMatchObject({ id })
    site.clock.pass(1)
    expect(await tokens.verify(token)).toBeUndefined()
  })

  it('is not accepted in any other spelling', async () => {
    const { token } = await tokens.issue('reader-1', { days: 1, actor })
    const last = token.endsWith('A') ? 'E' : 'A'
    const others = ['', ' ', 'noct_', token.slice(0, -1), token.slice(0, -1) + last]
    for (const other of [
      ...others,
      `${token}\n`,
      token.toUpperCase(),
      token.slice(5),
      'x'.repeat(1e6),
    ])
      expect(await tokens.verify(other)).toBeUndefined()
  })

  it('is refused from the moment it is revoked', async () => {
    const { token, id } = await tokens.issue('reader-1', { days: 1, actor })
    await tokens.verify(token)
    await tokens.revoke(id, actor)
    expect(await tokens.verify(token)).toBeUndefined()
    site.clock.pass(5)
    await tokens.revoke(id, actor)
    expect((await tokens.list())[0]!.revokedAt).toBe(site.clock.now() - 5)
    await expect(tokens.revoke('nobody', actor)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('is valid for 1 to 366 whole days', async () => {
    for (const days of [0, -1, 1.5, 367, NaN, Infinity])
      await expect(tokens.issue('reader-1', { days, actor })).rejects.toMatchObject({
        code: 'usage',
      })
    expect(await tokens.list()).toEqual([])
    expect(await site.events()).toEqual([])
  })

  it('is not in the database, only its hash is', async () => {
    const { token } = await tokens.issue('reader-1', { days: 1, actor })
    await tokens.verify(token)
    await tokens.close()
    const names = (await readdir(site.dir)).filter((name) => name.startsWith('nocturne.db'))
    const bytes = Buffer.concat(
      await Promise.all(names.map((name) => readFile(join(site.dir, name)))),
    )
    expect(bytes.includes(createHash('sha256').update(token).digest('hex'))).toBe(true)
    const secret = token.slice('noct_'.length)
    for (const form of [
      secret,
      Buffer.from(secret, 'base64url'),
      Buffer.from(secret, 'base64url').toString('hex'),
    ])
      expect(bytes.includes(form)).toBe(false)
  })

  it('records its last use at most once a minute', async () => {
    const { token, id } = await tokens.issue('reader-1', { days: 1, actor })
    const lastUse = async () => {
      await tokens.verify(token)
      await tokens.close()
      return (await tokens.list()).find((one) => one.id === id)!.lastUsedAt
    }
    const first = site.clock.now()
    expect(await lastUse()).toBe(first)
    site.clock.pass(59_999)
    expect(await lastUse()).toBe(first)
    site.clock.pass(1)
    expect(await lastUse()).toBe(first + 60_000)
  })

  it('disappears from the list 30 days after it expires', async () => {
    const { id } = await tokens.issue('reader-1', { days: 1, actor })
    site.clock.pass(31 * DAY_MS)
    const kept = await tokens.issue('reader-1', { days: 1, actor })
    expect((await tokens.list()).map((one) => one.id)).toEqual([kept.id, id])
    site.clock.pass(1)
    const newest = await tokens.issue('reader-1', { days: 1, actor })
    expect((await tokens.list()).map((one) => one.id)).toEqual([newest.id, kept.id])
  })
})

describe('the ledger', () => {
  it('has an event for each token issued and revoked, with its public ID', async () => {
    const { token, id, receipt } = await tokens.issue('reader-1', { days: 1, actor })
    const revoked = await tokens.revoke(id, actor)
    expect([receipt.index, revoked.index]).toEqual([0, 1])
    const events = await site.events()
    expect(events).toMatchObject([
      { type: 'token.issued', outcome: 0, actor, detail: { principal: 'reader-1', token: id } },
      { type: 'token.revoked', outcome: 0, actor, detail: { principal: 'reader-1', token: id } },
    ])
    expect(JSON.stringify(events)).not.toContain(token.slice(5))
  })

  it('must be writable for a token to be issued', async () => {
    const ledger = { ...site.ledger, record: () => Promise.reject(new Error('disk full')) }
    const failing = createTokens({ ...site, ledger, now: site.clock.now })
    await expect(failing.issue('reader-1', { days: 1, actor })).rejects.toThrow('disk full')
    expect(await failing.list()).toEqual([])
  })
})

describe('authenticate', () => {
  const reader = principal('reader', { id: 'reader-1', groups: ['nights'] })

  const unbound = { certificatesOf: () => [], noteCertificate: () => undefined, now: () => 0 }

  it('returns a session with the current role and groups from the directory', async () => {
    const { token, id, expiresAt } = await tokens.issue('reader-1', { days: 1, actor })
    const authenticate = createAuthenticate({ ...unbound, tokens, directory: peopleOf(reader) })
    for (const scheme of ['Bearer', 'bearer', 'BEARER '])
      expect(await authenticate(`${scheme} ${token}`)).toEqual({
        principal: reader,
        token: id,
        method: 'token',
        expiresAt,
      })
  })

  it('refuses everything else with the same error', async () => {
    const { token } = await tokens.issue('reader-1', { days: 1, actor })
    const authenticate = createAuthenticate({ ...unbound, tokens, directory: peopleOf(reader) })
    const wrong = [undefined, '', 'Bearer', token, `Basic ${token}`, `Bearer ${token} x`]
    for (const header of [...wrong, `Bearer  `, `Bearer ${'a'.repeat(10_000)}`, 'Bearer noct_x'])
      await expect(authenticate(header)).rejects.toMatchObject({ code: 'unauthenticated' })
  })

  it('binds a facility to its client certificates, and a token to one', async () => {
    const sender = principal('sender', { id: 'facility-a', facility: 'facility-a' })
    const directory = peopleOf(sender, reader)
    const certificatesOf = () => ['aa']
    const noted: unknown[] = []
    const authenticate = createAuthenticate({
      ...{ tokens, directory, certificatesOf, now: () => 50 },
      noteCertificate: (id, { sha256, validTo }) => void noted.push([id, sha256, validTo]),
    })
    const shown = (sha256: string, validTo = 100) => ({ sha256, validFrom: 0, validTo })
    const { token } = await tokens.issue('facility-a', { days: 1, actor })
    expect(await authenticate(`Bearer ${token}`, shown('aa'))).toMatchObject({ principal: sender })
    for (const other of [undefined, shown('bb'), shown('aa', 50)])
      await expect(authenticate(`Bearer ${token}`, other)).rejects.toMatchObject({
        code: 'client_certificate_required',
      })
    const bound = await tokens.issue('reader-1', { days: 1, actor, certificate: 'cc' })
    expect(await authenticate(`Bearer ${bound.token}`, shown('cc'))).toMatchObject({
      token: bound.id,
    })
    for (const other of [undefined, shown('bb'), shown('cc', 50)])
      await expect(authenticate(`Bearer ${bound.token}`, other)).rejects.toMatchObject({
        code: 'unauthenticated',
      })
    // One that nothing is bound to is not in use, whatever it is.
    const free = await tokens.issue('reader-1', { days: 1, actor })
    await authenticate(`Bearer ${free.token}`, shown('dd'))
    expect(noted).toEqual([
      ['facility-a', 'aa', 100],
      ['reader-1', 'cc', 100],
    ])
  })

  it('refuses the token of a person removed from the directory', async () => {
    const { token } = await tokens.issue('reader-1', { days: 1, actor })
    const authenticate = createAuthenticate({ ...unbound, tokens, directory: peopleOf() })
    await expect(authenticate(`Bearer ${token}`)).rejects.toMatchObject({ code: 'unauthenticated' })
  })
})
