import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { open, readerOf, sha256 } from './_reader.js'
import { issueToken, makeReader, setReaders } from './_people.js'
import { makeStudy } from './_study.js'

/** A gateway whose group gets a second reader after a study was sealed to the first. */
describe('recipients of a sealed transfer', () => {
  let site: TestSite
  let gateway: RunningGateway
  let id: string
  const at = (name: string) => join(site.dir, '..', name)
  const withKey = (name: string) => [
    ...['--gateway', gateway.url, '--token-file', site.tokenFile(name)],
    ...['--key', site.keyFile(name), '--json'],
  ]
  const rewrap = (...args: string[]) => nocturne('rewrap', id, ...args)
  const pull = (name: string, out: string) =>
    nocturne('pull', id, ...withKey(name), '--out', at(out))
  async function restart(): Promise<void> {
    await gateway.stop()
    gateway = await site.start()
  }

  beforeAll(async () => {
    site = await makeSite()
    const files = await makeStudy(at('study'), '--instances', '2', '--size', '64')
    gateway = await site.start()
    id = (await upload(site, gateway, files)).body.id
    await makeReader(site, 'reader-2')
    await makeReader(site, 'outsider')
    await setReaders(site, 'reader-1', 'reader-2')
    await restart()
    await issueToken(site, 'reader-2')
  }, 120_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  it('do not include a reader who joined later', async () => {
    const token = await site.token('reader-2')
    const manifest = await call(gateway, 'GET', `/v1/transfers/${id}/manifest`, { token })
    expect([manifest.status, manifest.body.code]).toEqual([403, 'not_sealed_to_you'])
    const packets = await call(gateway, 'GET', `/v1/transfers/${id}/key-packets`, { token })
    expect(packets.status).toBe(403)
    const locked = async (who: string) =>
      (await call(gateway, 'GET', '/v1/cases/locked', { token: await site.token(who) })).body.cases
    expect(await locked('reader-2')).toMatchObject([
      { why: 'not-sealed', colleagues: ['reader-1'] },
    ])
    expect(await locked('reader-1')).toEqual([])
  })

  it('are listed by the gateway, with those who may be added', async () => {
    const { stdout } = await rewrap(...withKey('reader-1'))
    const listed = JSON.parse(stdout) as Record<string, { id: string }[]>
    expect(listed.recipients?.map((one) => one.id).toSorted()).toEqual(['reader-1', 'recovery'])
    expect(listed.candidates?.map((one) => one.id)).toEqual(['reader-2'])
  })

  it('are not added from outside the group, with another certificate, or with wrong packets', async () => {
    const outsider = await rewrap('--add', 'outsider', ...withKey('reader-1'))
    expect([outsider.status, outsider.stdout]).toEqual([
      1,
      expect.stringContaining('recipient_not_allowed'),
    ])
    const pinned = await rewrap(
      ...['--add', 'reader-2', '--fingerprint', '0'.repeat(40)],
      ...withKey('reader-1'),
    )
    expect([pinned.status, pinned.stdout]).toEqual([
      1,
      expect.stringContaining('recipient_not_allowed'),
    ])
    const token = await site.token('reader-1')
    const mine = await call(gateway, 'GET', `/v1/transfers/${id}/key-packets`, { token })
    const [candidate] = mine.body.candidates as { id: string; fingerprint: string }[]
    const post = (packets: unknown, proof: object = {}) =>
      call(gateway, 'POST', `/v1/transfers/${id}/recipients`, {
        token,
        json: { recipient: candidate?.id, fingerprint: candidate?.fingerprint, packets, ...proof },
      })
    const { key } = await readerOf(site)
    /** The answer to the sealed challenge, as with curl and gpg. */
    const proofFor = async (packets: unknown) => {
      const asked = await post(packets)
      expect([asked.status, asked.body.code]).toEqual([428, 'recipient_unproven'])
      const { nonce, sealed } = asked.body.challenge as { nonce: string; sealed: string }
      return { nonce, answer: sha256(await open(Buffer.from(sealed, 'base64'), key)) }
    }
    // The caller's own packets presented as those of the new reader, and then too few packets.
    const own = mine.body.envelopes as { envelope: string; packet: string }[]
    const bare = own.map(({ envelope, packet }) => ({ envelope, packet }))
    for (const packets of [bare, bare.slice(1), []])
      expect((await post(packets, await proofFor(packets))).body.code).toBe('key_packets_invalid')
    // A proof is good for the packets it was made for, and a guess for none.
    expect((await post(bare, await proofFor([]))).body.code).toBe('challenge_invalid')
    const { nonce } = await proofFor(bare)
    for (const guess of [{ answer: '0'.repeat(64) }, { signature: `${'A'.repeat(86)}==` }]) {
      const answer = await post(bare, { nonce, ...guess })
      expect([answer.status, answer.body.code]).toEqual([428, 'recipient_unproven'])
    }
    const claim = await call(gateway, 'POST', `/v1/cases/${id}/claim`, { token })
    const forClaim = claim.body.challenge as { nonce: string; sealed: string }
    const answer = sha256(await open(Buffer.from(forClaim.sealed, 'base64'), key))
    const reused = await post(bare, { nonce: forClaim.nonce, answer })
    expect(reused.body.code).toBe('challenge_invalid')
  })

  it('can be added by a reader without changing the data, and can then open it', async () => {
    const before = await call(gateway, 'GET', `/v1/transfers/${id}`, {
      token: await site.token('reader-1'),
    })
    const added = await rewrap('--add', 'reader-2', ...withKey('reader-1'))
    expect([added.status, added.stderr]).toEqual([0, ''])
    const where = ['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')]
    const listed = await rewrap(...where)
    expect(listed.stdout).toMatch(/reader-2 +added by reader-1, not opened yet/)
    const pulled = await pull('reader-2', 'out-2')
    expect((await rewrap(...where)).stdout).toMatch(/reader-2 +yes/)
    expect([pulled.status, pulled.stderr]).toEqual([0, ''])
    const after = await call(gateway, 'GET', `/v1/transfers/${id}`, {
      token: await site.token('reader-1'),
    })
    expect(after.body.bytes).toBe(before.body.bytes)
  })

  it('stay while they read for the group, and lose their key packets when they leave', async () => {
    const early = await rewrap('--remove', 'reader-2', ...withKey('reader-1'))
    expect(early.stdout).toContain('recipient_not_allowed')
    const recovery = await rewrap('--remove', 'recovery', ...withKey('reader-1'))
    expect(recovery.stdout).toContain('recipient_not_allowed')
    await setReaders(site, 'reader-1')
    await restart()
    const removed = await rewrap('--remove', 'reader-2', ...withKey('reader-1'))
    expect([removed.status, removed.stderr]).toEqual([0, ''])
    await setReaders(site, 'reader-1', 'reader-2')
    await restart()
    const token = await site.token('reader-2')
    const item = await call(gateway, 'GET', `/v1/transfers/${id}/items/1`, { token })
    expect(item.status).toBe(403)
  })

  it('can be added by the recovery key, which signs in as itself and reads nothing', async () => {
    const key = site.keyFile('recovery')
    const token = at('recovery.token')
    const where = ['--gateway', gateway.url, '--key', key]
    const refused = await nocturne('token', 'issue', '--site', site.dir, '--principal', 'recovery')
    expect(refused.status).toBe(1)
    const signed = await nocturne('sign-in', ...where, '--principal', 'recovery', '--out', token)
    expect([signed.status, signed.stderr]).toEqual([0, ''])
    const bearer = (await readFile(token, 'utf8')).trim()
    for (const path of ['manifest', 'items/1'])
      expect(
        (await call(gateway, 'GET', `/v1/transfers/${id}/${path}`, { token: bearer })).status,
      ).toBe(403)
    const added = await rewrap('--add', 'reader-2', '--token-file', token, ...where)
    expect([added.status, added.stderr]).toEqual([0, ''])
    const pulled = await pull('reader-2', 'out-3')
    expect([pulled.status, pulled.stderr]).toEqual([0, ''])
  })

  it('of a transfer sealed before proof keys existed prove it with the sealed challenge', async () => {
    await gateway.stop()
    const forget = () => {
      const db = new Database(join(site.dir, 'data/nocturne.db'))
      db.exec('delete from proof_keys')
      db.close()
    }
    forget()
    await makeReader(site, 'reader-3')
    await setReaders(site, 'reader-1', 'reader-2', 'reader-3')
    gateway = await site.start()
    await issueToken(site, 'reader-3')
    const added = await rewrap('--add', 'reader-3', ...withKey('reader-1'))
    expect([added.status, added.stderr]).toEqual([0, ''])
    const files = await makeStudy(at('study-2'), '--instances', '1', '--size', '64')
    const later = (await upload(site, gateway, files)).body.id
    forget()
    const claimed = await nocturne('claim', later, ...withKey('reader-1'))
    expect([claimed.status, claimed.stderr]).toEqual([0, ''])
  })

  it('are in the ledger with their fingerprints, whoever changed them', async () => {
    const answer = await call(gateway, 'GET', `/v1/audit/events?transfer=${id}&limit=200`, {
      token: await site.token('officer-1'),
    })
    const events = answer.body.events as {
      entry: { type: string; actor: { id: string }; detail: { fingerprint?: string } }
    }[]
    const changes = events
      .map(({ entry }) => entry)
      .filter(({ type }) => type === 'recipient.added' || type === 'recipient.removed')
    expect(changes.map(({ type, actor }) => `${actor.id} ${type}`)).toEqual([
      'reader-1 recipient.added',
      'reader-1 recipient.removed',
      'recovery recipient.added',
      'reader-1 recipient.added',
    ])
    for (const { detail } of changes) expect(detail.fingerprint).toMatch(/^[0-9a-f]{40}$/)
  })

  it('can prove that they can open data sealed to them', async () => {
    const checked = await nocturne('key', 'check', ...withKey('reader-1'))
    expect([checked.status, checked.stderr]).toEqual([0, ''])
    const wrong = await nocturne(
      ...['key', 'check', '--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
      ...['--key', site.keyFile('outsider'), '--json'],
    )
    expect([wrong.status, wrong.stdout]).toEqual([1, expect.stringContaining('not_sealed_to_key')])
    const token = await site.token('reader-1')
    const asked = await call(gateway, 'POST', '/v1/key-check', { token })
    const answer = { id: asked.body.id, answer: '0'.repeat(64) }
    const guessed = await call(gateway, 'POST', '/v1/key-check/answer', { token, json: answer })
    expect(guessed.body.code).toBe('challenge_invalid')
  })
})
