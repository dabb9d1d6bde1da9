import { beforeAll, describe, expect, it } from '@jest/globals'
import { enums, generateKey, reformatKey, revokeKey } from 'openpgp'
import type { KeyOptions, PrivateKey } from 'openpgp'
import { newEnvelope } from '../../src/seal/index.js'
import {
  inspectCertificate,
  problemOfSigner,
  toRecipient,
} from '../../src/seal/keys/certificate.js'
import { newKey } from '../../src/seal/keys/keys.js'
import type { Recipient } from '../../src/seal/keys/recipient.js'

const userIDs = [{ name: 'somebody' }]
const DAY = 86_400_000
const weak = { minRSABits: 1024, rejectCurves: new Set<enums.curve>() }

async function certificate(options: Partial<KeyOptions>): Promise<string> {
  const { publicKey } = await generateKey({ userIDs, ...options, format: 'object' })
  return publicKey.armor()
}

/**
 * Makes openpgp 6 sign with SHA-1, which is incompatible with the salt that it adds to signatures.
 */
const sha1 = {
  preferredHashAlgorithm: enums.hash.sha1,
  rejectHashAlgorithms: new Set<enums.hash>(),
  nonDeterministicSignaturesViaNotation: false,
}

const rsaKey = async (rsaBits: number): Promise<PrivateKey> =>
  (await generateKey({ userIDs, type: 'rsa', rsaBits, format: 'object' })).privateKey

describe('the policy for certificates', () => {
  let good: { certificate: string; privateKey: string }
  /** Made once each, because making one takes up to a second. */
  let rsa: { readonly 2048: PrivateKey; readonly 3072: PrivateKey }
  beforeAll(async () => {
    good = await newKey({ name: 'good' })
    rsa = { 2048: await rsaKey(2048), 3072: await rsaKey(3072) }
  })

  const problems = async (input: string | Uint8Array, now = new Date()): Promise<string[]> =>
    (await inspectCertificate(input, now)).problems.map(({ code }) => code)

  it('accepts keys made by newKey, in both versions', async () => {
    expect(await problems(good.certificate)).toEqual([])
    const six = await newKey({ name: 'six', version: 6 })
    const report = await inspectCertificate(six.certificate, new Date())
    expect(report).toMatchObject({ version: 6, takesSeipd2: true, problems: [] })
    expect(report.fingerprint).toBe(six.fingerprint)
  })

  it.each([
    ['NIST P-256', { type: 'ecc', curve: 'nistP256' }],
    ['NIST P-384', { type: 'ecc', curve: 'nistP384' }],
    ['Curve25519 with the IDs of RFC 9580', { type: 'curve25519' }],
    ['RSA 3072', undefined],
  ] as const)('accepts %s, which does not announce version 2', async (_name, options) => {
    const armored = options ? await certificate(options) : rsa[3072].toPublic().armor()
    expect(await inspectCertificate(armored, new Date())).toMatchObject({
      problems: [],
      takesSeipd2: false,
    })
  })

  it.each([
    ['RSA 1024', () => certificate({ type: 'rsa', rsaBits: 1024, config: weak })],
    ['RSA 2048', () => rsa[2048].toPublic().armor()],
    [
      'a weak subkey',
      async () => {
        const options = { type: 'rsa', rsaBits: 1024, config: weak } as const
        const key = await rsa[3072].addSubkey(options)
        // The one made with the key is strong.
        key.subkeys.shift()
        return key.toPublic().armor()
      },
    ],
  ] as const)('refuses %s as weak', async (_name, make) => {
    expect(new Set(await problems(await make()))).toEqual(new Set(['certificate_weak']))
  })

  it('accepts RSA 2048 if that is allowed, and seals to it', async () => {
    const armored = rsa[2048].toPublic().armor()
    const options = { allowRsa2048: true }
    expect((await inspectCertificate(armored, new Date(), options)).problems).toEqual([])
    const recipient = await toRecipient('r', armored, new Date(), options)
    expect((await newEnvelope([recipient], new Date())).keyPackets).toHaveLength(1)
    expect((await newEnvelope([{ ...recipient }], new Date())).keyPackets).toHaveLength(1)
  })

  it.each([
    ['curve25519', 'certificate_weak'],
    ['nistP256', undefined],
    ['nistP384', undefined],
    ['rsa3072', undefined],
  ] as const)('under the FIPS profile finds in a key on %s: %s', async (algorithm, code) => {
    const made = await newKey({ name: 'somebody', algorithm })
    const report = await inspectCertificate(made.certificate, new Date(), { fips: true })
    expect(report.problems[0]?.code).toBe(code)
    expect(problemOfSigner(report)?.code).toBe(code)
    const accepted = toRecipient('r', made.certificate, new Date(), { fips: true })
    if (code) await expect(accepted).rejects.toMatchObject({ code, subject: 'r' })
    else expect((await newEnvelope([await accepted], new Date())).keyPackets).toHaveLength(1)
  })

  it('keeps the FIPS profile in a copied recipient, so that no other subkey is used', async () => {
    const { privateKey } = await generateKey({
      ...{ userIDs, type: 'ecc', curve: 'nistP256', format: 'object' },
      date: new Date(Date.now() - DAY),
    })
    const two = await privateKey.addSubkey({ type: 'curve25519' })
    const armored = two.toPublic().armor()
    const idOf = async (recipient: Recipient): Promise<string> =>
      (await newEnvelope([recipient], new Date())).keyPackets[0]!.packet.subarray(3, 11).toString(
        'hex',
      )
    const [nist, modern] = two.subkeys.map((subkey) => subkey.getKeyID().toHex())
    const recipient = await toRecipient('r', armored, new Date(), { fips: true })
    expect([await idOf(recipient), await idOf({ ...recipient })]).toEqual([nist, nist])
    expect(await idOf(await toRecipient('r', armored, new Date()))).toBe(modern)
  })

  it('states when sealing to it ends: with the last subkey or the certificate', async () => {
    const date = new Date(Math.floor(Date.now() / 1000) * 1000)
    const lasting = async (certificateDays: number, ...subkeyDays: number[]): Promise<number> => {
      const subkeys = subkeyDays.map((days) => ({ keyExpirationTime: days * 86_400 }))
      const keyExpirationTime = certificateDays * 86_400
      const armored = await certificate({
        ...{ type: 'ecc', curve: 'nistP256', date, subkeys, keyExpirationTime },
      })
      const { usableUntil } = await inspectCertificate(armored, new Date())
      return usableUntil ? (usableUntil.getTime() - date.getTime()) / DAY : Infinity
    }
    expect(await lasting(0, 10)).toBe(10)
    expect(await lasting(0, 10, 40)).toBe(40)
    expect(await lasting(30, 10, 40)).toBe(30)
    expect(await lasting(0, 10, 0)).toBe(Infinity)
    expect(await lasting(30)).toBe(30)
  })

  it('refuses self-signatures that use SHA-1', async () => {
    const options = { userIDs, format: 'object', config: sha1 } as const
    const { publicKey } = await reformatKey({ ...options, privateKey: rsa[3072] })
    expect(await problems(publicKey.armor())).toEqual(['certificate_weak'])
  })

  it('refuses a certificate that can only sign', async () => {
    expect(
      await problems(await certificate({ type: 'ecc', curve: 'nistP256', subkeys: [] })),
    ).toEqual(['certificate_cannot_encrypt'])
    const signing = await certificate({ type: 'ecc', curve: 'nistP256', subkeys: [{ sign: true }] })
    expect(await problems(signing)).toEqual(['certificate_cannot_encrypt'])
  })

  it('refuses an expired one from the exact second, and names the day', async () => {
    const { certificate: armored } = await newKey({ name: 'short', expiresInDays: 1 })
    const { expiresAt } = await inspectCertificate(armored, new Date())
    expect(await problems(armored, new Date(expiresAt!.getTime() - 1000))).toEqual([])
    const report = await inspectCertificate(armored, expiresAt!)
    expect(report.problems).toEqual([
      {
        code: 'certificate_expired',
        reason: `it expired on ${expiresAt!.toISOString().slice(0, 10)}`,
        isPassing: true,
      },
    ])
  })

  it('refuses one if only its encryption subkey has expired', async () => {
    const date = new Date(Date.now() - 10 * DAY)
    const subkeys = [{ keyExpirationTime: 86_400 }]
    const armored = await certificate({ type: 'ecc', curve: 'nistP256', date, subkeys })
    expect(await problems(armored)).toEqual(['certificate_cannot_encrypt'])
  })

  it('seals to the newest of several subkeys', async () => {
    const { privateKey } = await generateKey({
      userIDs,
      format: 'object',
      date: new Date(Date.now() - DAY),
    })
    const two: PrivateKey = await privateKey.addSubkey({ type: 'ecc', curve: 'nistP256' })
    const recipient = await toRecipient('r', two.toPublic().armor(), new Date())
    const [keyPacket] = (await newEnvelope([recipient], new Date())).keyPackets
    // Version 3: header, length, version, then the eight octets of the key ID.
    const keyId = keyPacket!.packet.subarray(3, 11).toString('hex')
    expect(keyId).toBe(two.subkeys[1]!.getKeyID().toHex())
  })

  it('refuses one created in the future', async () => {
    expect(await problems(good.certificate, new Date(Date.now() - 10 * DAY))).toEqual([
      'certificate_not_yet_valid',
    ])
  })

  it('refuses a revoked one', async () => {
    const key = await generateKey({ userIDs, format: 'object' })
    const { publicKey } = await revokeKey({ key: key.privateKey, format: 'object' })
    expect(await problems(publicKey.armor())).toContain('certificate_revoked')
  })

  it('honours a revocation that uses SHA-1', async () => {
    const { publicKey } = await revokeKey({
      key: rsa[3072],
      format: 'object',
      config: sha1,
    })
    expect(await problems(publicKey.armor())).toContain('certificate_revoked')
  })

  it('refuses a secret key, armored or binary, alone or beside a certificate', async () => {
    expect(await problems(good.privateKey)).toEqual(['certificate_is_secret'])
    expect(await problems(good.certificate + good.privateKey)).toEqual(['certificate_is_secret'])
    const { privateKey } = await generateKey({ userIDs, format: 'binary' })
    expect(await problems(privateKey)).toEqual(['certificate_is_secret'])
  })

  it('refuses several certificates in one file, and accepts one as text, octets or binary', async () => {
    expect(await problems(good.certificate + good.certificate)).toEqual(['certificate_several'])
    const { publicKey } = await generateKey({ userIDs, format: 'binary' })
    expect(await problems(publicKey)).toEqual([])
    expect(await problems(Buffer.concat([publicKey, publicKey]))).toEqual(['certificate_several'])
    expect(await problems(Buffer.from(good.certificate))).toEqual([])
  })

  it.each([
    ['nothing', ''],
    ['text', 'hello'],
    [
      'a broken armor',
      '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----',
    ],
    ['octets', Buffer.from('ff00ff', 'hex')],
    ['a file too large', 'x'.repeat(2_000_000)],
  ])('refuses %s as unreadable', async (_name, input) => {
    expect(await problems(input)).toEqual(['certificate_unreadable'])
  })

  it('refuses a certificate whose self-signature was changed', async () => {
    const { publicKey } = await generateKey({ userIDs, format: 'object' })
    const bytes = Buffer.from(publicKey.write())
    const name = bytes.indexOf('somebody')
    bytes.write('Somebody', name)
    expect(await problems(bytes)).toContain('certificate_unreadable')
  })

  it('makes toRecipient throw the first problem, with the ID', async () => {
    await expect(toRecipient('reader-1', good.privateKey, new Date())).rejects.toMatchObject({
      code: 'certificate_is_secret',
      subject: 'reader-1',
    })
  })
})
