/**
 * CMS EnvelopedData (RFC 5652 section 6) as required by PS3.15 E.1.1: RSA key transport (RFC 3370)
 * and AES in CBC mode (RFC 3565).
 */
import { constants, createCipheriv, createPublicKey, hkdfSync, publicEncrypt } from 'node:crypto'
import { Null, OctetString } from 'asn1js'
import {
  AlgorithmIdentifier,
  ContentInfo,
  EncryptedContentInfo,
  EnvelopedData,
  KeyTransRecipientInfo,
  RecipientInfo,
} from 'pkijs'
import type { AttributeRecipient } from '../contract.js'
import type { Hmac } from './hmac.js'

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const AES_256_CBC = '2.16.840.1.101.3.4.1.42'
const DATA = '1.2.840.113549.1.7.1'
const KEY_BYTES = 32
const IV_BYTES = 16

/**
 * Encrypts `content` to the recipients. The same content gives the same bytes, so that an instance
 * that is sent again is recognized as the same. Content key, IV and padding are derived from the
 * content with a key of the facility, so different contents never share them. The derivation adds
 * no trust: pseudonyms are derived from the same secret.
 */
export function envelop(
  content: Buffer,
  recipients: readonly AttributeRecipient[],
  digest: Hmac,
): Buffer {
  const keyIds = recipients.map(({ keyId }) => keyId).join(' ')
  const seed = digest.ofText(`${keyIds}\0${content.toString('latin1')}`)
  const key = derived(seed, 'key', KEY_BYTES)
  const iv = derived(seed, 'iv', IV_BYTES)
  const cipher = createCipheriv('aes-256-cbc', key, iv)
  const ciphertext = Buffer.concat([cipher.update(content), cipher.final()])
  const data = new EnvelopedData({
    version: 2,
    recipientInfos: recipients.map((recipient) => transport(key, recipient, seed)),
    encryptedContentInfo: new EncryptedContentInfo({
      contentType: DATA,
      contentEncryptionAlgorithm: new AlgorithmIdentifier({
        algorithmId: AES_256_CBC,
        algorithmParams: new OctetString({ valueHex: iv }),
      }),
      encryptedContent: new OctetString({ valueHex: ciphertext }),
      disableSplit: true,
    }),
  })
  const info = new ContentInfo({
    contentType: ContentInfo.ENVELOPED_DATA,
    content: data.toSchema(),
  })
  return Buffer.from(info.toSchema().toBER())
}

const transport = (key: Buffer, recipient: AttributeRecipient, seed: Buffer): RecipientInfo =>
  new RecipientInfo({
    variant: 1,
    value: new KeyTransRecipientInfo({
      version: 2,
      // Identified by key ID, because issuer and serial number would name the facility in every
      // file.
      rid: new OctetString({ valueHex: Buffer.from(recipient.keyId, 'hex') }),
      keyEncryptionAlgorithm: new AlgorithmIdentifier({
        algorithmId: RSA_ENCRYPTION,
        algorithmParams: new Null(),
      }),
      encryptedKey: new OctetString({ valueHex: wrapped(key, recipient, seed) }),
    }),
  })

/**
 * PKCS #1 v1.5 (RFC 8017 section 7.2.1) with padding derived from `seed`; OpenSSL's own padding
 * would be random.
 */
function wrapped(key: Buffer, { keyId, publicKey }: AttributeRecipient, seed: Buffer): Buffer {
  const rsa = createPublicKey(publicKey)
  const size = Math.ceil((rsa.asymmetricKeyDetails?.modulusLength ?? 0) / 8)
  const padding = derived(seed, `padding ${keyId}`, size - 3 - KEY_BYTES).map(
    (byte) => (byte % 255) + 1,
  )
  const block = Buffer.concat([Buffer.from([0, 2]), padding, Buffer.from([0]), key])
  return publicEncrypt({ key: rsa, padding: constants.RSA_NO_PADDING }, block)
}

const derived = (seed: Buffer, use: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', seed, '', `nocturne attributes ${use}`, bytes))
