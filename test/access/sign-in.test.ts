import { afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { createTokens } from '../../src/access/index.js'
import { createSignIn } from '../../src/access/sign-in/sign-in.js'
import { readChallenge } from '../../src/protocol/sign-in-challenge.js'
import type { Tokens } from '../../src/access/index.js'
import type { SignIn, SignInOptions } from '../../src/access/sign-in/sign-in.js'
import { newKey, readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { verifyDetached } from '../../src/seal/keys/verify.js'
import type { PrivateKey } from '../../src/seal/keys/keys.js'
import { postgresMissing, startPostgres } from '../_postgres.js'
import { peopleOf, principal } from './_people.js'
import { newSigningKey, openTestSite } from './_site.js'
import type { TestSite } from './_site.js'

const ADDRESS = '192.0.2.7'
const ORIGIN = 'https://gateway.test:8443'
const secret = Buffer.alloc(32, 7)

let keyOfReader: PrivateKey
let keyOfOfficer: PrivateKey
beforeAll(async () => {
  const make = async (name: string) => readPrivateKey((await newKey({ name })).privateKey)
  keyOfReader = await make('reader-1')
  keyOfOfficer = await make('officer-1')
})

let site: TestSite
let tokens: Tokens
let signIn: SignIn
const open = (more: Partial<SignInOptions> = {}): SignIn =>
  createSignIn({
    ledger: site.ledger,
    directory: peopleOf(
      principal('reader', { id: 'reader-1', certificate: keyOfReader.certificate }),
      principal('officer', { id: 'officer-1', certificate: keyOfOfficer.certificate }),
    ),
    tokens,
    origin: () => ORIGIN,
    secret,
    verifyDetached: (text, signature, certificate) =>
      verifyDetached(text, signature, certificate, new Date()),
    now: site.clock.now,
    failureMs: 0,
    ...more,
  })

beforeEach(async () => {
  site = await openTestSite()
  tokens = createTokens({ ...site, now: site.clock.now })
  signIn = open()
})
afterEach(async () => {
  await tokens.close()
  await site.close()
})

const invalid = { code: 'challenge_invalid' }

describe('signing in', () => {
  it('gives a session of 12 hours for a signed challenge, and records it', async () => {
    const { challenge, expiresAt } = signIn.challenge('reader-1')
    expect(expiresAt).toBe(site.clock.now() + 120_000)
    const signature = await signDetached(challenge, keyOfReader, new Date())
    const session = await signIn.complete('reader-1', challenge, signature, ADDRESS)
    expect(session.expiresAt).toBe(site.clock.now() + 12 * 3_600_000)
    expect(await tokens.verify(session.token)).toMatchObject({
      principal: 'reader-1',
      method: 'signature',
      id: session.id,
    })
    expect(await site.events()).toMatchObject([
      {
        type: 'signin.succeeded',
        outcome: 0,
        actor: {
          id: 'reader-1',
          role: 'reader',
          method: 'signature',
          token: session.id,
          address: ADDRESS,
        },
      },
    ])
    site.clock.pass(12 * 3_600_000)
    expect(await tokens.verify(session.token)).toBeUndefined()
  })

  it('works across gateways that share the secret, and not with another secret', async () => {
    const { challenge } = signIn.challenge('reader-1')
    const signature = await signDetached(challenge, keyOfReader, new Date())
    const foreign = open({ secret: Buffer.alloc(32, 8) })
    await expect(foreign.complete('reader-1', challenge, signature, ADDRESS)).rejects.toMatchObject(
      invalid,
    )
    const other = open()
    await other.complete('reader-1', challenge, signature, ADDRESS)
    await expect(signIn.complete('reader-1', challenge, signature, ADDRESS)).rejects.toMatchObject(
      invalid,
    )
  })

  it('accepts a challenge once, even if it is used ten times concurrently', async () => {
    const { challenge } = signIn.challenge('reader-1')
    const signature = await signDetached(challenge, keyOfReader, new Date())
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => signIn.complete('reader-1', challenge, signature, ADDRESS)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await tokens.list()).toHaveLength(1)
    const failures = (await site.events()).filter(({ type }) => type === 'signin.failed')
    expect(failures).toHaveLength(9)
    expect(failures[0]).toMatchObject({ detail: { reason: 'used', principal: 'reader-1' } })
  })

  const goOn = (): unknown => site.clock.pass(120_000)
  const moveGateway = (): unknown => (signIn = open({ origin: () => 'https://other.test' }))
  it.each([
    ['two minutes old', 'expired', goOn, 'reader-1'],
    ['for another origin', 'origin', moveGateway, 'reader-1'],
    ['for another principal', 'principal', () => undefined, 'officer-1'],
  ])('refuses a challenge that is %s', async (_what, reason, change, id) => {
    const { challenge } = signIn.challenge('reader-1')
    const key = id === 'reader-1' ? keyOfReader : keyOfOfficer
    const signature = await signDetached(challenge, key, new Date())
    change()
    await expect(signIn.complete(id, challenge, signature, ADDRESS)).rejects.toMatchObject(invalid)
    expect(await site.events()).toMatchObject([
      { type: 'signin.failed', outcome: 4, actor: { id: 'anonymous' }, detail: { reason } },
    ])
    expect(await tokens.list()).toEqual([])
  })

  it("refuses another person's key, a signature of another text, and a missing signature", async () => {
    const { challenge } = signIn.challenge('reader-1')
    const byOther = await signDetached(challenge, keyOfOfficer, new Date())
    const ofOther = await signDetached(`${challenge} `, keyOfReader, new Date())
    const statement = await signDetached(
      '{"type":"nocturne-acknowledgement"}',
      keyOfReader,
      new Date(),
    )
    for (const signature of [byOther, ofOther, statement, '', 'x'.repeat(100_000)])
      await expect(
        signIn.complete('reader-1', challenge, signature, ADDRESS),
      ).rejects.toMatchObject(invalid)
    const signature = await signDetached(challenge, keyOfReader, new Date())
    await signIn.complete('reader-1', challenge, signature, ADDRESS)
  })

  it('refuses a challenge changed in any character, however it is signed', async () => {
    const { challenge } = signIn.challenge('reader-1')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(challenge.length - 1),
        fc.constantFrom('', 'a', '0', '9', '\n', ' ', '/', 'é'),
        async (at, replacement) => {
          const changed = challenge.slice(0, at) + replacement + challenge.slice(at + 1)
          if (changed === challenge) return
          const signature = await signDetached(changed, keyOfReader, new Date())
          await expect(
            signIn.complete('reader-1', changed, signature, ADDRESS),
          ).rejects.toMatchObject(invalid)
        },
      ),
      { numRuns: 25 },
    )
  })

  it('issues a challenge for people who do not exist, and refuses them like a wrong key', async () => {
    const known = signIn.challenge('reader-1').challenge
    const unknown = signIn.challenge('reader-9').challenge
    expect(unknown.replaceAll(/[0-9a-f]{32,}/g, '').replace('reader-9', 'reader-1')).toBe(
      known.replaceAll(/[0-9a-f]{32,}/g, ''),
    )
    const signature = await signDetached(unknown, keyOfReader, new Date())
    await expect(signIn.complete('reader-9', unknown, signature, ADDRESS)).rejects.toMatchObject(
      invalid,
    )
    expect(JSON.stringify(await site.events())).not.toContain('reader-9')
    expect(() => signIn.challenge('a\nb')).toThrow(expect.objectContaining({ code: 'bad_request' }))
    expect(() => signIn.challenge('x'.repeat(65))).toThrow()
  })

  it('records a bounded number of failures per minute, and counts the others', async () => {
    const fail = () =>
      signIn.complete('reader-1', 'no challenge', '', ADDRESS).catch(() => undefined)
    for (let count = 0; count < 40; count += 1) await fail()
    expect(await site.events()).toHaveLength(30)
    site.clock.pass(60_000)
    await fail()
    const events = await site.events()
    expect(events).toHaveLength(31)
    expect(events[30]).toMatchObject({ detail: { reason: 'challenge', unrecorded: 10 } })
  })

  it('lets nobody in when the ledger cannot write', async () => {
    const ledger = { ...site.ledger, record: () => Promise.reject(new Error('disk full')) }
    const { challenge } = signIn.challenge('reader-1')
    const signature = await signDetached(challenge, keyOfReader, new Date())
    await expect(
      open({ ledger }).complete('reader-1', challenge, signature, ADDRESS),
    ).rejects.toMatchObject({ code: 'internal' })
    expect(await tokens.list()).toEqual([])
    await signIn.complete('reader-1', challenge, signature, ADDRESS)
  })
})

describe('a challenge', () => {
  it('shows a client what it is about to sign', () => {
    const { challenge, expiresAt } = signIn.challenge('reader-1')
    expect(readChallenge(challenge)).toEqual({
      origin: ORIGIN,
      principal: 'reader-1',
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      expiresAt,
    })
    expect(challenge.split('\n')[0]).toBe('nocturne sign-in v1')
  })

  it('is parsed without a crash whatever it contains', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
        expect(readChallenge(text)).toBeUndefined()
      }),
    )
  })
})

const hasGpg = spawnSync('gpg', ['--version']).error === undefined
const withGpg = hasGpg ? it : it.skip
const reason = hasGpg ? '' : ' (skipped: no gpg here; apt-get install gnupg)'

describe('a person with GnuPG', () => {
  withGpg(`signs in with gpg --detach-sign${reason}`, async () => {
    const home = mkdtempSync(join(tmpdir(), 'gpg-'))
    const gpg = (...args: string[]) =>
      execFileSync('gpg', ['--homedir', home, '--batch', '--quiet', '--passphrase', '', ...args], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      })
    try {
      gpg('--quick-generate-key', 'reader-2', 'ed25519', 'sign', '1y')
      const certificate = gpg('--armor', '--export')
      const directory = peopleOf(principal('reader', { id: 'reader-2', certificate }))
      const here = open({ directory })
      const { challenge } = here.challenge('reader-2')
      writeFileSync(join(home, 'challenge'), challenge)
      const signature = gpg('--armor', '--output', '-', '--detach-sign', join(home, 'challenge'))
      const session = await here.complete('reader-2', challenge, signature, ADDRESS)
      expect(await tokens.verify(session.token)).toMatchObject({ principal: 'reader-2' })
    } finally {
      spawnSync('gpgconf', ['--homedir', home, '--kill', 'all'])
      rmSync(home, { recursive: true, force: true })
    }
  })
})

const withPostgres = postgresMissing === undefined ? it : it.skip
const pgReason = postgresMissing === undefined ? '' : ` (skipped: ${postgresMissing})`

describe('two gateways on one PostgreSQL', () => {
  withPostgres(`take a challenge once between them${pgReason}`, async () => {
    const server = await startPostgres()
    const shared = { url: server.url, signingKey: newSigningKey() }
    const sites = [await openTestSite(shared), await openTestSite(shared)]
    try {
      const gateways = sites.map(({ state, ledger, guard, clock }) => ({
        signIn: open({ ledger, tokens: createTokens({ state, ledger, guard, now: clock.now }) }),
        tokens: createTokens({ state, ledger, guard, now: clock.now }),
      }))
      const { challenge } = gateways[0]!.signIn.challenge('reader-1')
      const signature = await signDetached(challenge, keyOfReader, new Date())
      const results = await Promise.allSettled(
        [0, 1, 0, 1, 0, 1].map((gateway) =>
          gateways[gateway]!.signIn.complete('reader-1', challenge, signature, ADDRESS),
        ),
      )
      const sessions = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      expect(sessions).toHaveLength(1)
      for (const { tokens } of gateways) {
        expect(await tokens.verify(sessions[0]!.token)).toMatchObject({ principal: 'reader-1' })
        expect(await tokens.list()).toHaveLength(1)
        await tokens.close()
      }
      const types = (await sites[1]!.events()).map(({ type }) => type).sort()
      expect(types).toEqual([...Array<string>(5).fill('signin.failed'), 'signin.succeeded'])
    } finally {
      for (const one of sites) await one.close()
      await server.stop()
    }
  })
})
