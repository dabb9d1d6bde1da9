import { beforeAll, describe, expect, it } from '@jest/globals'
import { enums, generateKey, reformatKey, revokeKey } from 'openpgp'
import type { PrivateKey as OpenpgpKey } from 'openpgp'
import { newEnvelope } from '../../src/seal/index.js'
import { openSignedMessage } from '../../src/seal/open/open-signed.js'
import { readPrivateKey } from '../../src/seal/keys/keys.js'
import { collect, person } from './_seal.js'
import type { Person } from './_seal.js'

const DAY = 86_400_000
const MADE = new Date('2024-01-01T00:00:00Z')
const YEAR = 366 * 86_400
/** Expiry of the key as it was made. */
const END = new Date(MADE.getTime() + YEAR * 1000)
const LONG_AFTER = new Date('2033-05-01T00:00:00Z')
const inside = new Date('2024-06-01T00:00:00Z')
const after = new Date(END.getTime() + DAY)

/**
 * The gateway's key, valid for one year. Later states, made by its owner or a thief, are derived
 * from it.
 */
let key: OpenpgpKey
let reader: Person
beforeAll(async () => {
  reader = await person('reader')
  ;({ privateKey: key } = await generateKey({
    ...{ userIDs: [{ name: 'gateway' }], date: MADE, keyExpirationTime: YEAR },
    format: 'object',
  }))
})

const certificateOf = (one: OpenpgpKey = key): string => one.toPublic().armor()

/** The same key with a single new self-signature, as GnuPG leaves it after a change of expiry. */
async function reformatted(date: Date, lastsSeconds: number): Promise<OpenpgpKey> {
  const seconds = lastsSeconds === 0 ? 0 : (date.getTime() - MADE.getTime()) / 1000 + lastsSeconds
  const { privateKey } = await reformatKey({
    ...{ privateKey: key, userIDs: [{ name: 'gateway' }], date, keyExpirationTime: seconds },
    format: 'object',
  })
  return privateKey
}

const revoked = async (flag: enums.reasonForRevocation, date: Date): Promise<string> =>
  (
    await revokeKey({ key, reasonForRevocation: { flag }, date, format: 'object' })
  ).publicKey.armor()

/**
 * A manifest that claims to be signed at this time, possibly with a key that had already ended, as
 * a thief would do.
 */
async function manifest(signedAt: Date): Promise<Buffer> {
  const signer = signedAt < END ? key : await reformatted(MADE, 0)
  const envelope = await newEnvelope([reader.recipient], new Date())
  const plain = Buffer.from('{"items":[]}')
  const sealed = await envelope.sealSigned(plain, await readPrivateKey(signer.armor()), signedAt)
  return Buffer.concat([envelope.keyPackets[0]!.packet, await collect(sealed.bytes)])
}

const open = async (signedAt: Date, certificates: readonly string[], now: Date) =>
  openSignedMessage(
    await manifest(signedAt),
    [reader.key],
    certificates.map((certificate) => ({ certificate })),
    now,
  )

const refused = { code: 'manifest_not_signed' }

describe('a signed message, years later', () => {
  it('opens while the key is valid', async () => {
    const opened = await open(inside, [certificateOf()], new Date(inside.getTime() + DAY))
    expect(opened).toMatchObject({ signedAt: inside, hasKeyEnded: false })
  })

  it('opens when the key has since expired, and reports that', async () => {
    const opened = await open(inside, [certificateOf()], LONG_AFTER)
    expect(opened).toMatchObject({
      signedBy: key.getFingerprint(),
      signedAt: inside,
      hasKeyEnded: true,
    })
  })

  it('opens when the key was retired or replaced after signing', async () => {
    for (const flag of [
      enums.reasonForRevocation.keyRetired,
      enums.reasonForRevocation.keySuperseded,
    ]) {
      const certificate = await revoked(flag, new Date(inside.getTime() + DAY))
      expect(await open(inside, [certificate], LONG_AFTER)).toMatchObject({ hasKeyEnded: true })
    }
  })

  it('is refused when signed after the key expired', async () => {
    await expect(open(after, [certificateOf()], LONG_AFTER)).rejects.toMatchObject(refused)
    await expect(open(END, [certificateOf()], LONG_AFTER)).rejects.toMatchObject(refused)
  })

  it('is refused when signed after the key was retired', async () => {
    const certificate = await revoked(enums.reasonForRevocation.keyRetired, inside)
    const later = new Date(inside.getTime() + DAY)
    await expect(open(later, [certificate], LONG_AFTER)).rejects.toMatchObject(refused)
  })

  it('is refused, whenever signed, if the key was revoked as compromised or without a reason', async () => {
    for (const flag of [
      enums.reasonForRevocation.keyCompromised,
      enums.reasonForRevocation.noReason,
    ]) {
      const certificate = await revoked(flag, after)
      await expect(open(inside, [certificate], LONG_AFTER)).rejects.toMatchObject(refused)
    }
  })

  it('opens with a certificate whose expiry was changed, even after that expiry', async () => {
    const moved = certificateOf(await reformatted(new Date(inside.getTime() + DAY), 2 * YEAR))
    const between = new Date('2025-06-01T00:00:00Z')
    expect(await open(inside, [moved], between)).toMatchObject({ hasKeyEnded: false })
    expect(await open(inside, [moved], LONG_AFTER)).toMatchObject({ hasKeyEnded: true })
    expect(await open(after, [moved], LONG_AFTER)).toMatchObject({ signedAt: after })
    const late = new Date(END.getTime() + 3 * YEAR * 1000)
    await expect(open(late, [moved], LONG_AFTER)).rejects.toMatchObject(refused)
  })

  it('accepts any of the trusted certificates, and ignores entries that are not certificates', async () => {
    const other = reader.recipient.certificate
    const opened = await open(inside, ['x', other, certificateOf()], LONG_AFTER)
    expect(opened.signedBy).toBe(key.getFingerprint())
    const retired = await revoked(enums.reasonForRevocation.keyRetired, MADE)
    expect(await open(inside, [retired, certificateOf()], LONG_AFTER)).toBeDefined()
    await expect(open(inside, [other], LONG_AFTER)).rejects.toMatchObject(refused)
    await expect(open(inside, [], LONG_AFTER)).rejects.toMatchObject(refused)
  })

  it('opens with a key that was replaced after signing, but not with a later signature by it', async () => {
    const bytes = await manifest(inside)
    const by = (until: Date) =>
      openSignedMessage(
        bytes,
        [reader.key],
        [{ certificate: certificateOf(), until }],
        new Date(inside.getTime() + 9 * DAY),
      )
    expect(await by(new Date(inside.getTime() + DAY))).toMatchObject({ hasKeyEnded: true })
    await expect(by(new Date(inside.getTime() - DAY))).rejects.toMatchObject(refused)
  })

  it('tolerates a clock that is slightly ahead, but not by a day', async () => {
    const before = (ms: number): Date => new Date(inside.getTime() - ms)
    expect(await open(inside, [certificateOf()], before(60_000))).toBeDefined()
    await expect(open(inside, [certificateOf()], before(DAY))).rejects.toMatchObject(refused)
  })
})
