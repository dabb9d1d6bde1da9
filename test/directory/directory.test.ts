import { describe, expect, it } from '@jest/globals'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/profile.js'
import { createDirectory } from '../../src/directory/index.js'
import type { SiteConfig } from '../../src/config/index.js'
import { inspectCertificate, toRecipient } from '../../src/seal/keys/certificate.js'
import { newKey } from '../../src/seal/keys/keys.js'

type People = Pick<SiteConfig, 'facilities' | 'groups' | 'people' | 'recovery'>

const DAY_MS = 86_400_000

const certificateOf = async (name: string, expiresInDays?: number) =>
  (await newKey({ name, ...(expiresInDays !== undefined && { expiresInDays }) })).certificate

const site: People = {
  facilities: [
    {
      id: 'facility-a',
      certificate: await certificateOf('facility-a'),
      profile: BUILT_IN_PROFILES.strip,
      groups: ['nights'],
      documents: 'pass',
    },
  ],
  groups: [
    { id: 'nights', timezone: 'America/Chicago', readers: ['reader-2', 'reader-1'] },
    { id: 'neuro', timezone: 'Europe/Berlin', readers: ['reader-2'] },
    { id: 'short', timezone: 'Europe/Berlin', readers: ['reader-1', 'reader-3'] },
  ],
  people: [
    { id: 'reader-1', role: 'reader', certificate: await certificateOf('reader-1') },
    { id: 'reader-2', role: 'reader', certificate: await certificateOf('reader-2') },
    { id: 'reader-3', role: 'reader', certificate: await certificateOf('reader-3', 1) },
    { id: 'officer-1', role: 'officer', certificate: await certificateOf('officer-1') },
    {
      id: 'sender-1',
      role: 'sender',
      facility: 'facility-a',
      certificate: await certificateOf('sender-1'),
    },
  ],
  recovery: await certificateOf('recovery'),
}

/** The directory as it will be in `days` days. */
const directoryIn = (days: number, config = site) => {
  const now = new Date(Date.now() + days * DAY_MS)
  return createDirectory(config, {
    toRecipient: (id, certificate) => toRecipient(id, certificate, now),
    inspectCertificate: (certificate) => inspectCertificate(certificate, now),
  })
}

describe('directory', () => {
  it('knows a facility as a sender, and a sender by its facility', () => {
    const directory = directoryIn(0)
    for (const id of ['facility-a', 'sender-1'])
      expect(directory.principal(id)).toMatchObject({
        id,
        role: 'sender',
        facility: 'facility-a',
        groups: [],
      })
  })

  it('returns the groups of a reader, and none for other roles', () => {
    const directory = directoryIn(0)
    expect(directory.principal('reader-2')?.groups).toEqual(['nights', 'neuro'])
    expect(directory.principal('officer-1')).toMatchObject({ groups: [], facility: undefined })
  })

  it.each(['nobody', 'nights', '', '__proto__', 'constructor'])(
    'has no principal named %j',
    (id) => {
      const directory = directoryIn(0)
      expect(directory.principal(id)).toBeUndefined()
      expect(directory.facility(id)).toBeUndefined()
    },
  )

  it('has the recovery key as a principal without facility or groups', () => {
    expect(directoryIn(0).principal('recovery')).toMatchObject({
      role: 'recovery',
      facility: undefined,
      groups: [],
    })
  })

  it('seals to every reader of the group and to recovery, in that order', async () => {
    const recipients = await directoryIn(0).recipientsOf('nights')
    expect(recipients.map(({ id }) => id)).toEqual(['reader-2', 'reader-1', 'recovery'])
    expect(new Set(recipients.map(({ fingerprint }) => fingerprint)).size).toBe(3)
  })

  it('fails the whole group from the day one certificate expires, and names it', async () => {
    expect(await directoryIn(0).recipientsOf('short')).toHaveLength(3)
    await expect(directoryIn(2).recipientsOf('short')).rejects.toMatchObject({
      code: 'recipient_unusable',
      subject: 'reader-3',
    })
  })

  it('returns the others, to whom data can still be sealed', async () => {
    const usable = await directoryIn(2).usableRecipientsOf('short')
    const all = await directoryIn(0).recipientsOf('short')
    expect(usable.map(({ id }) => id)).toEqual(
      all.map(({ id }) => id).filter((id) => id !== 'reader-3'),
    )
  })

  it('checks the policy every time', async () => {
    let days = 0
    const directory = createDirectory(site, {
      toRecipient: (id, certificate) =>
        toRecipient(id, certificate, new Date(Date.now() + days * DAY_MS)),
      inspectCertificate: (certificate) => inspectCertificate(certificate, new Date()),
    })
    await directory.recipientsOf('short')
    days = 2
    await expect(directory.recipientsOf('short')).rejects.toMatchObject({ subject: 'reader-3' })
  })

  it('never seals to recovery alone', async () => {
    const empty = { ...site, groups: [{ id: 'empty', timezone: 'Europe/Berlin', readers: [] }] }
    await expect(directoryIn(0, empty).recipientsOf('empty')).rejects.toMatchObject({
      code: 'unknown_group',
    })
    await expect(directoryIn(0).recipientsOf('elsewhere')).rejects.toMatchObject({
      code: 'unknown_group',
    })
  })

  it('fails when data cannot be sealed to recovery', async () => {
    const broken = { ...site, recovery: 'not a certificate' }
    await expect(directoryIn(0, broken).recipientsOf('nights')).rejects.toMatchObject({
      code: 'recipient_unusable',
      subject: 'recovery',
    })
  })

  it('seals quarantine to the facility alone', async () => {
    const recipient = await directoryIn(0).facilityRecipient('facility-a')
    const { fingerprint } = await inspectCertificate(site.facilities[0]!.certificate, new Date())
    expect(recipient).toMatchObject({ id: 'facility-a', fingerprint })
    await expect(directoryIn(0).facilityRecipient('facility-x')).rejects.toMatchObject({
      code: 'recipient_unusable',
    })
  })

  it('lists every certificate once, including recovery', async () => {
    const all = await directoryIn(0).certificates()
    expect(all.map(({ principal }) => principal)).toEqual([
      'facility-a',
      'reader-1',
      'reader-2',
      'reader-3',
      'officer-1',
      'sender-1',
      'recovery',
    ])
    for (const { fingerprint } of all) expect(fingerprint).toMatch(/^[0-9a-f]{40}$/)
  })
})
