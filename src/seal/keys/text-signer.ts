import { createHash, createPrivateKey, randomBytes, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { armor, enums } from 'openpgp'
import { packet, TAG } from '../packets.js'
import { signDetached, signerOf } from './keys.js'
import type { PrivateKey } from './keys.js'

/**
 * Makes the same signatures as `signDetached`, for a key that signs many texts: each instance of a
 * study that arrives one by one needs one. openpgp hands the key to another thread and back for
 * every signature, which takes ten times as long as the signature. Other keys than Ed25519 of
 * version 4 are left to it.
 *
 * @throws NocturneError as `signDetached`
 */
export function createTextSigner(key: PrivateKey): (text: string, date: Date) => Promise<string> {
  let ready: Ready | undefined
  return async (text, date) => {
    const { signer, at } = await signerOf(key, date)
    if (ready?.signer !== signer) ready = { signer, secret: ed25519Of(signer) }
    const { secret } = ready
    return secret ? signWith(signer, secret, text, at) : signDetached(text, key, date)
  }
}

type Signer = Awaited<ReturnType<typeof signerOf>>['signer']

interface Ready {
  readonly signer: Signer
  /** Undefined for other keys than these. */
  readonly secret: KeyObject | undefined
}

/** The DER of a PKCS #8 Ed25519 key in front of its 32 octets (RFC 8410 section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

function ed25519Of(signer: Signer): KeyObject | undefined {
  const isEd25519 = [enums.publicKey.eddsaLegacy, enums.publicKey.ed25519].includes(
    signer.algorithm,
  )
  if (signer.version !== 4 || !isEd25519 || !('privateParams' in signer)) return undefined
  const { seed } = signer.privateParams as { readonly seed?: unknown }
  if (!(seed instanceof Uint8Array) || seed.length !== 32) return undefined
  const der = Buffer.concat([PKCS8_ED25519, seed])
  const secret = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  return secret
}

/** RFC 9580 section 5.2.3: a version 4 signature of binary content, over its SHA-512. */
function signWith(signer: Signer, secret: KeyObject, text: string, at: Date): string {
  const fields = subpackets(signer, at)
  const area = Buffer.concat(fields.flatMap((one) => [Buffer.of(one.length), one]))
  const { algorithm } = signer
  const hashed = Buffer.concat([
    Buffer.of(4, enums.signature.binary, algorithm, enums.hash.sha512),
    octets(area.length, 2),
    area,
  ])
  const digest = createHash('sha512')
    .update(text)
    .update(hashed)
    .update(Buffer.of(4, 0xff))
    .update(octets(hashed.length, 4))
    .digest()
  const signature = sign(null, digest, secret)
  const isLegacy = algorithm === enums.publicKey.eddsaLegacy
  const made = isLegacy
    ? [mpi(signature.subarray(0, 32)), mpi(signature.subarray(32))]
    : [signature]
  // There are no unhashed subpackets.
  const body = Buffer.concat([hashed, octets(0, 2), digest.subarray(0, 2), ...made])
  const bytes = packet(TAG.signature, body)
  return armor(enums.armor.signature, bytes, undefined, undefined, undefined, true)
}

const SALT = Buffer.from('salt@notations.openpgpjs.org')
/** Types of subpackets (RFC 9580 section 5.2.3.7). */
const CREATION_TIME = 2
const ISSUER_KEY_ID = 16
const NOTATION = 20
const ISSUER_FINGERPRINT = 33
const CRITICAL = 0x80

/** Type and body of each, in the order in which openpgp writes them. */
function subpackets(signer: Signer, at: Date): Buffer[] {
  const fingerprint = Buffer.from(signer.getFingerprintBytes() ?? [])
  return [
    Buffer.concat([
      Buffer.of(CRITICAL | CREATION_TIME),
      octets(Math.floor(at.getTime() / 1_000), 4),
    ]),
    Buffer.concat([Buffer.of(ISSUER_KEY_ID), fingerprint.subarray(-8)]),
    // Random, so that no two signatures are over the same octets: two of an Ed25519 key, one of
    // them with a computing error, would give away its secret.
    Buffer.concat([
      ...[Buffer.of(NOTATION, 0, 0, 0, 0), octets(SALT.length, 2), octets(32, 2)],
      ...[SALT, randomBytes(32)],
    ]),
    Buffer.concat([Buffer.of(ISSUER_FINGERPRINT, 4), fingerprint]),
  ]
}

/** Big-endian. */
function octets(value: number, length: 2 | 4): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeUIntBE(value, 0, length)
  return bytes
}

/** RFC 9580 section 3.2: the number of bits, then the octets without leading zeros. */
function mpi(bytes: Buffer): Buffer {
  const first = bytes.findIndex((octet) => octet !== 0)
  const value = first < 0 ? bytes.subarray(bytes.length) : bytes.subarray(first)
  const bits = value.length * 8 - (value.length > 0 ? Math.clz32(value[0] ?? 0) - 24 : 0)
  return Buffer.concat([octets(bits, 2), value])
}
