import { beforeAll, describe, expect, it } from '@jest/globals'
import { createMessage, enums, generateKey, sign } from 'openpgp'
import * as openpgp from 'openpgp'
import { inspectCertificate } from '../../src/seal/keys/certificate.js'
import { newKey, readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { createTextSigner } from '../../src/seal/keys/text-signer.js'
import { verifyDetached } from '../../src/seal/keys/verify.js'
import { content, open, person, sealTo, collect, split } from './_seal.js'

const DAY = 86_400_000

/** Making one takes up to a second. */
const rsaPair = () =>
  generateKey({ userIDs: [{ name: 'r' }], type: 'rsa', rsaBits: 3072, format: 'object' })

describe('keys', () => {
  it('are made with the requested name, address and expiry', async () => {
    const made = await newKey({ name: 'Dr. A. Reader', email: 'a@example.org', expiresInDays: 30 })
    const report = await inspectCertificate(made.certificate, new Date())
    expect(report.userIds).toEqual(['Dr. A. Reader <a@example.org>'])
    expect(report.expiresAt!.getTime() - report.createdAt!.getTime()).toBe(30 * DAY)
    expect(report.fingerprint).toBe(made.fingerprint)
  })

  it.each(['', 'a <b@c>', 'line\nbreak', 'x'.repeat(201)])(
    'are not made for the name %j',
    async (name) => {
      await expect(newKey({ name })).rejects.toMatchObject({ code: 'usage' })
    },
  )

  it('open only with the right passphrase', async () => {
    const { privateKey, certificate } = await newKey({ name: 'locked', passphrase: 'open sesame' })
    await expect(readPrivateKey(privateKey)).rejects.toMatchObject({ code: 'key_locked' })
    await expect(readPrivateKey(privateKey, 'wrong')).rejects.toMatchObject({
      code: 'key_passphrase_wrong',
    })
    const key = await readPrivateKey(privateKey, 'open sesame')
    expect(
      await verifyDetached('x', await signDetached('x', key, new Date()), certificate, new Date()),
    ).toBe(true)
  })

  it('are not read from a certificate, several keys or garbage', async () => {
    const { privateKey, certificate } = await newKey({ name: 'one' })
    const { privateKey: binary } = await generateKey({ userIDs: [{ name: 'b' }], format: 'binary' })
    await expect(readPrivateKey(binary)).resolves.toHaveProperty('fingerprint')
    for (const input of ['', 'x', Buffer.of(0xff, 1)])
      await expect(readPrivateKey(input)).rejects.toMatchObject({ code: 'key_unreadable' })
    await expect(readPrivateKey(certificate)).rejects.toMatchObject({ code: 'key_is_public' })
    for (const input of [Buffer.concat([binary, binary]), privateKey + privateKey])
      await expect(readPrivateKey(input)).rejects.toMatchObject({ code: 'key_several' })
    // As an editor on Windows saves it.
    for (const input of [`\uFEFF${privateKey}`, Buffer.from(`\uFEFF${privateKey}`)])
      await expect(readPrivateKey(input)).resolves.toHaveProperty('fingerprint')
    expect(JSON.stringify(await readPrivateKey(privateKey))).not.toContain('PRIVATE')
  })

  it('of version 6 open and sign too', async () => {
    const { privateKey, certificate } = await newKey({ name: 'six', version: 6, passphrase: 'p' })
    const key = await readPrivateKey(privateKey, 'p')
    expect(
      await verifyDetached('x', await signDetached('x', key, new Date()), certificate, new Date()),
    ).toBe(true)
    const reader = await person('six')
    expect(await collect(open(split(await sealTo(reader, content(9))), key, reader.key))).toEqual(
      content(9),
    )
  })
})

describe('verifyDetached', () => {
  const text = 'nocturne sign-in\nhttps://gateway.example.org\n'
  let armored: string
  let certificate: string
  let signature: string
  let object: openpgp.PrivateKey
  /** With a subkey that is RSA as well. */
  let rsa: Awaited<ReturnType<typeof rsaPair>>
  beforeAll(async () => {
    rsa = await rsaPair()
    const made = await newKey({ name: 'signer', expiresInDays: 10 })
    ;({ privateKey: armored, certificate } = made)
    signature = await signDetached(text, await readPrivateKey(armored), new Date())
    object = await openpgp.readPrivateKey({ armoredKey: armored })
  })

  it('accepts the text that was signed, and octets as well', async () => {
    expect(await verifyDetached(text, signature, certificate, new Date())).toBe(true)
    expect(await verifyDetached(Buffer.from(text), signature, certificate, new Date())).toBe(true)
  })

  it('refuses another text, another key and anything that is not a signature', async () => {
    expect(await verifyDetached(text + ' ', signature, certificate, new Date())).toBe(false)
    expect(
      await verifyDetached(text, signature, (await newKey({ name: 'x' })).certificate, new Date()),
    ).toBe(false)
    expect(await verifyDetached(text, 'x', certificate, new Date())).toBe(false)
    expect(await verifyDetached(text, '', certificate, new Date())).toBe(false)
    expect(await verifyDetached(text, certificate, certificate, new Date())).toBe(false)
    expect(await verifyDetached(text, signature, 'x', new Date())).toBe(false)
    expect(await verifyDetached(text, signature, armored, new Date())).toBe(false)
    expect(
      await verifyDetached(text, signature + '\n'.repeat(70_000), certificate, new Date()),
    ).toBe(false)
  })

  it('refuses a signature from the future, and a key that has expired since', async () => {
    expect(await verifyDetached(text, signature, certificate, new Date(Date.now() - DAY))).toBe(
      false,
    )
    expect(
      await verifyDetached(text, signature, certificate, new Date(Date.now() + 11 * DAY)),
    ).toBe(false)
  })

  it('refuses a revoked key', async () => {
    const { publicKey } = await openpgp.revokeKey({ key: object, format: 'object' })
    expect(await verifyDetached(text, signature, publicKey.armor(), new Date())).toBe(false)
  })

  it('refuses a broken hash', async () => {
    const by = async (hash: enums.hash): Promise<string> =>
      String(
        await sign({
          message: await createMessage({ binary: Buffer.from(text) }),
          signingKeys: rsa.privateKey,
          detached: true,
          config: { preferredHashAlgorithm: hash },
        }),
      )
    const own = rsa.publicKey.armor()
    expect(await verifyDetached(text, await by(enums.hash.sha256), own, new Date())).toBe(true)
    expect(
      await verifyDetached(
        text,
        await signedOver(rsa.privateKey, enums.hash.sha1),
        own,
        new Date(),
      ),
    ).toBe(false)
  })

  it('refuses a signature over no content, which would match any', async () => {
    const standalone = await signedOver(object, enums.hash.sha512, enums.signature.standalone)
    expect(await verifyDetached(text, standalone, certificate, new Date())).toBe(false)
  })

  it('refuses a key that may not sign', async () => {
    const { privateKey, publicKey } = rsa
    // Mathematically the encryption subkey could sign, but its flags do not allow it.
    const subkey = privateKey.subkeys[0]!
    const packet = new openpgp.SignaturePacket()
    const made = await signedWith(
      packet,
      subkey.keyPacket as openpgp.SecretSubkeyPacket,
      enums.hash.sha256,
    )
    expect(await verifyDetached(text, made, publicKey.armor(), new Date())).toBe(false)
  })

  async function signedOver(
    key: openpgp.PrivateKey,
    hash: enums.hash,
    type = enums.signature.binary,
  ): Promise<string> {
    return signedWith(
      new openpgp.SignaturePacket(),
      key.keyPacket as openpgp.SecretKeyPacket,
      hash,
      type,
    )
  }

  async function signedWith(
    packet: openpgp.SignaturePacket,
    key: openpgp.SecretKeyPacket | openpgp.SecretSubkeyPacket,
    hash: enums.hash,
    type = enums.signature.binary,
  ): Promise<string> {
    const literal = new openpgp.LiteralDataPacket()
    Object.assign(literal, { text: null, data: Uint8Array.from(Buffer.from(text)) })
    Object.assign(packet, {
      signatureType: type,
      hashAlgorithm: hash,
      publicKeyAlgorithm: key.algorithm,
    })
    // The type declaration omits the last argument. The salt that openpgp adds is incompatible with
    // SHA-1.
    const settings = { ...openpgp.config, nonDeterministicSignaturesViaNotation: false }
    const signPacket = packet.sign.bind(packet) as (...all: unknown[]) => Promise<void>
    await signPacket(key, literal, new Date(), true, settings)
    const list = new openpgp.PacketList<openpgp.SignaturePacket>()
    list.push(packet)
    return new openpgp.Signature(list).armor()
  }
})

describe('a signer of many texts', () => {
  it.each([
    { algorithm: 'curve25519', version: 4 },
    { algorithm: 'curve25519', version: 6 },
    { algorithm: 'nistP256', version: 4 },
  ] as const)(
    'makes signatures like any other with $algorithm of version $version',
    async (kind) => {
      const made = await newKey({ name: 'signer', ...kind })
      const signText = createTextSigner(await readPrivateKey(made.privateKey))
      const date = new Date()
      const [one, other] = [await signText('a text', date), await signText('a text', date)]
      expect(one).not.toBe(other)
      for (const signature of [one, other])
        expect(await verifyDetached('a text', signature, made.certificate, date)).toBe(true)
      expect(await verifyDetached('a text!', one, made.certificate, date)).toBe(false)
      const before = new Date(date.getTime() - DAY)
      await expect(signText('a text', before)).rejects.toMatchObject({ code: 'key_not_yet_valid' })
    },
  )

  it('writes the halves of a signature without their leading zeros', async () => {
    const made = await newKey({ name: 'signer' })
    const signText = createTextSigner(await readPrivateKey(made.privateKey))
    const date = new Date()
    const texts = Array.from({ length: 1_000 }, (_, i) => `text ${String(i)}`)
    const signatures = await Promise.all(texts.map((text) => signText(text, date)))
    const sizes = signatures.map((one) => Buffer.from(one.split('\n\n')[1] ?? '', 'base64').length)
    const short = texts.filter((_, i) => (sizes[i] ?? 0) < Math.max(...sizes))
    expect(short.length).toBeGreaterThan(0)
    for (const text of short.slice(0, 5)) {
      const signature = signatures[texts.indexOf(text)] ?? ''
      expect(await verifyDetached(text, signature, made.certificate, date)).toBe(true)
    }
  })

  it('refuses a key that has expired', async () => {
    const made = await newKey({ name: 'signer', expiresInDays: 1 })
    const signText = createTextSigner(await readPrivateKey(made.privateKey))
    const late = new Date(Date.now() + 2 * DAY)
    await expect(signText('a text', late)).rejects.toMatchObject({ code: 'key_expired' })
  })
})
