import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { configInEffect, createInvitations, createRoll } from '../../src/site/enrolment/index.js'
import type { Invitations, Roll } from '../../src/site/enrolment/index.js'
import { createDirectory } from '../../src/directory/index.js'
import { writeJoin } from '../../src/protocol/joining/statement.js'
import { spokenWords } from '../../src/protocol/joining/spoken-words.js'
import { inspectCertificate, newKey, readPrivateKey } from '../../src/seal/keys/index.js'
import { signDetached, toRecipient, verifyDetached } from '../../src/seal/keys/index.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const OPERATOR = { id: 'operator-1', role: 'operator' } as const
const STRANGER = { id: 'anonymous', role: 'anonymous', address: '192.0.2.1' } as const
const DAY_MS = 86_400_000
const keys = new Map<string, Awaited<ReturnType<typeof newKey>>>()
for (const name of ['anna', 'zoe', 'mallory']) keys.set(name, await newKey({ name }))
const keyOf = (name: string) =>
  keys.get(name) ?? { privateKey: '', certificate: '', fingerprint: '' }

interface Person {
  readonly id: string
  readonly role: string
  readonly certificate: string
}
const ANNA: Person = { id: 'anna', role: 'reader', certificate: keyOf('anna').certificate }

let site: TestSite
beforeEach(async () => {
  site = await openTestSite()
})
afterEach(async () => {
  await site.close()
})

interface Gateway {
  readonly roll: Roll
  readonly invitations: Invitations
  readonly directory: ReturnType<typeof createDirectory>
}

/** A gateway whose nocturne.yaml names these people and readers. */
async function start(
  people: readonly Person[] = [ANNA],
  readers: readonly string[] = ['anna'],
  confirm: 'one' | 'two' = 'one',
): Promise<Gateway> {
  const filed = {
    ...{ facilities: [], people, recovery: keyOf('mallory').certificate },
    groups: [{ id: 'nights', timezone: 'UTC', readers }],
    ...{ gateway: { name: 'gateway.test' }, directory: { confirm } },
  } as never
  const roll = await createRoll({ config: filed, state: site.state, guard: site.guard })
  const config = configInEffect(filed, roll)
  const now = () => new Date(site.clock.now())
  const inspect = (certificate: string) => inspectCertificate(certificate, now())
  const directory = createDirectory(config, {
    toRecipient: (id, certificate) => toRecipient(id, certificate, now()),
    inspectCertificate: inspect,
  })
  const invitations = createInvitations({
    ...{ config, roll, state: site.state, ledger: site.ledger, guard: site.guard, inspect },
    fingerprints: async () =>
      (await directory.certificates()).map(({ fingerprint }) => fingerprint),
    verifyDetached: (text, signature, certificate) =>
      verifyDetached(text, signature, certificate, now()),
    now: site.clock.now,
  })
  return { roll, invitations, directory }
}

const ZOE = { principal: 'zoe', role: 'reader', groups: ['nights'] } as const
const invite = ({ invitations }: Gateway) => invitations.invite(ZOE, DAY_MS, OPERATOR)
type Link = Awaited<ReturnType<typeof invite>>

/** As the page at /join does; `signer` may be somebody else. */
async function answer({ invitations }: Gateway, link: Link, who = 'zoe', signer = who) {
  const { certificate, fingerprint } = keyOf(who)
  const { invitation, secret } = link
  const about = { gateway: 'gateway.test', invitation, principal: 'zoe', fingerprint }
  const key = await readPrivateKey(keyOf(signer).privateKey)
  const signature = await signDetached(writeJoin(about), key, new Date(site.clock.now()))
  return invitations.answer({ invitation, secret, certificate, signature }, STRANGER)
}
const wordsOf = ({ invitation }: Link, who = 'zoe') =>
  spokenWords(invitation, keyOf(who).fingerprint)
const typesOf = async () => (await site.events()).map(({ type }) => type)

it('puts an invited person into effect at every gateway once the words are confirmed', async () => {
  const [gateway, other] = [await start(), await start()]
  const link = await invite(gateway)
  expect(JSON.stringify(await site.events())).not.toContain(link.secret)
  expect(await gateway.invitations.look(link)).toMatchObject({ ...ZOE, state: 'open' })
  await answer(gateway, link)
  // The answer may have been lost on its way back.
  await answer(gateway, link)
  expect(gateway.directory.principal('zoe')).toBeUndefined()
  await expect(
    gateway.invitations.confirm('zoe', await wordsOf(link, 'mallory'), OPERATOR),
  ).rejects.toMatchObject({ code: 'invitation_words' })
  const words = (await wordsOf(link)).toUpperCase().replaceAll(' ', ', ')
  expect(await gateway.invitations.confirm('zoe', words, OPERATOR)).toEqual({
    fingerprint: keyOf('zoe').fingerprint,
    waitsFor: [],
  })
  await other.roll.refresh()
  for (const one of [gateway, other]) {
    expect(one.directory.principal('zoe')).toMatchObject({ role: 'reader', groups: ['nights'] })
    const recipients = await one.directory.recipientsOf('nights')
    expect(recipients.map(({ id }) => id)).toEqual(['anna', 'zoe', 'recovery'])
  }
  expect(await typesOf()).toEqual([
    ...['invitation.made', 'invitation.answered', 'person.enrolled', 'certificate.changed'],
  ])
  await expect(invite(gateway)).rejects.toMatchObject({ code: 'principal_exists' })
  expect(await gateway.invitations.list()).toEqual([])
  await expect(gateway.invitations.look(link)).rejects.toMatchObject({
    code: 'invitation_unusable',
  })
  expect(await other.invitations.end('zoe', OPERATOR)).toBe('removed')
  await gateway.roll.refresh()
  expect(gateway.directory.principal('zoe')).toBeUndefined()
  expect((await typesOf()).slice(4)).toEqual(['person.removed', 'certificate.changed'])
})

it('ends a link after its time, after ten guesses, and when a new one is made', async () => {
  const gateway = await start()
  const unusable = { code: 'invitation_unusable' }
  const first = await invite(gateway)
  const second = await invite(gateway)
  await expect(gateway.invitations.look(first)).rejects.toMatchObject(unusable)
  for (let guess = 0; guess < 10; guess++)
    await expect(
      gateway.invitations.look({ ...second, secret: 'x'.repeat(43) }),
    ).rejects.toMatchObject(unusable)
  await expect(gateway.invitations.look(second)).rejects.toMatchObject(unusable)
  const third = await invite(gateway)
  site.clock.pass(DAY_MS)
  await expect(answer(gateway, third)).rejects.toMatchObject(unusable)
  expect(await gateway.invitations.list()).toMatchObject([{ state: 'expired' }])
  expect(await gateway.invitations.end('zoe', OPERATOR)).toBe('withdrawn')
  expect(await gateway.invitations.list()).toEqual([])
  await expect(gateway.invitations.end('zoe', OPERATOR)).rejects.toMatchObject({
    code: 'unknown_principal',
  })
})

it('takes no certificate without proof of its key, and none that somebody else has', async () => {
  const gateway = await start()
  const link = await invite(gateway)
  await expect(answer(gateway, link, 'zoe', 'mallory')).rejects.toMatchObject({
    code: 'invitation_signature',
  })
  await expect(answer(gateway, link, 'anna')).rejects.toMatchObject({ code: 'certificate_taken' })
  await expect(gateway.invitations.confirm('zoe', 'acorn', OPERATOR)).rejects.toMatchObject({
    code: 'invitation_unanswered',
  })
  const refused = [
    [{ ...ZOE, groups: [] }, 'bad_request'],
    [{ ...ZOE, groups: ['days'] }, 'unknown_principal'],
    [{ ...ZOE, role: 'officer' }, 'bad_request'],
    [{ ...ZOE, role: 'sender', groups: [] }, 'bad_request'],
  ] as const
  for (const [invited, code] of refused)
    await expect(gateway.invitations.invite(invited, DAY_MS, OPERATOR)).rejects.toMatchObject({
      code,
    })
})

it('gives way to nocturne.yaml, and says where they differ', async () => {
  const gateway = await start()
  const link = await invite(gateway)
  await answer(gateway, link)
  await gateway.invitations.confirm('zoe', await wordsOf(link), OPERATOR)
  const filed = { id: 'zoe', role: 'reader', certificate: keyOf('zoe').certificate }
  const other = await start([ANNA, { ...filed, role: 'officer' }])
  expect(other.directory.principal('zoe')).toMatchObject({ role: 'officer', groups: [] })
  expect(other.roll.conflicts()).toMatchObject([{ principal: 'zoe' }])
  expect(other.roll.conflicts()[0]?.problem).toContain('another role, set of groups')
  // The same word for word: the file has adopted the person, and removing them there removes them.
  const adopted = await start([ANNA, filed], ['anna', 'zoe'])
  expect(adopted.roll.conflicts()).toEqual([])
  await adopted.invitations.record(OPERATOR)
  expect(adopted.directory.principal('zoe')).toMatchObject({ groups: ['nights'] })
  expect((await start()).directory.principal('zoe')).toBeUndefined()
})

it('lets a reader wait for a second person where the site asks for two', async () => {
  const gateway = await start([ANNA], ['anna'], 'two')
  const link = await invite(gateway)
  await answer(gateway, link)
  const { waitsFor } = await gateway.invitations.confirm('zoe', await wordsOf(link), OPERATOR)
  expect(waitsFor).toEqual(['nights'])
  expect(await typesOf()).toContain('membership.proposed')
})
