import { config, enums } from 'openpgp'
import type { AlgorithmInfo, Config } from 'openpgp'

/**
 * RFC 9580 section 9.5 and NIST SP 800-131A: collisions are practical, so a signature over one of
 * these hashes proves nothing.
 */
const BROKEN_HASHES = new Set([enums.hash.md5, enums.hash.sha1, enums.hash.ripemd])

const NIST_CURVES: ReadonlySet<string> = new Set([
  enums.curve.nistP256,
  enums.curve.nistP384,
  enums.curve.nistP521,
])

const RSA_BITS = 3072
const RSA_BITS_LEAST = 2048

const OUTSIDE_FIPS = [
  enums.publicKey.x25519,
  enums.publicKey.x448,
  enums.publicKey.ed25519,
  enums.publicKey.ed448,
  enums.publicKey.eddsaLegacy,
]

export interface PolicyOptions {
  /** Accept RSA keys of 2048 bits, which NIST SP 800-57 allows until 2030. */
  readonly allowRsa2048?: boolean
  /**
   * Accept only RSA and the NIST curves: SP 800-56A and 56B approve no others for key
   * establishment.
   */
  readonly fips?: boolean
}

/** The openpgp settings used when sealing to a certificate. */
export const strict = ({ allowRsa2048 = false, fips = false }: PolicyOptions = {}): Config => ({
  ...config,
  rejectHashAlgorithms: BROKEN_HASHES,
  rejectMessageHashAlgorithms: BROKEN_HASHES,
  minRSABits: allowRsa2048 ? RSA_BITS_LEAST : RSA_BITS,
  rejectPublicKeyAlgorithms: new Set([
    ...[enums.publicKey.dsa, enums.publicKey.elgamal],
    ...(fips ? OUTSIDE_FIPS : []),
  ]),
  rejectCurves: new Set(
    fips
      ? Object.values(enums.curve).filter((curve) => !NIST_CURVES.has(curve))
      : [enums.curve.secp256k1],
  ),
})

/**
 * For verifying and opening: existing 2048-bit keys still verify and decrypt, but nothing is sealed
 * to them.
 */
export const forReading: Config = {
  ...strict({ allowRsa2048: true }),
  maxArgon2MemoryExponent: 21,
}

/**
 * Refuses nothing: used to describe what is wrong with a certificate, and to honour every
 * revocation, whatever its signature uses.
 */
export const lenient: Config = {
  ...config,
  rejectHashAlgorithms: new Set(),
  rejectMessageHashAlgorithms: new Set(),
  minRSABits: 0,
  rejectPublicKeyAlgorithms: new Set(),
  rejectCurves: new Set(),
}

/** Returns why a key of this algorithm is not sealed to, or undefined when it may be. */
export function weaknessOf(
  { algorithm, bits, curve }: AlgorithmInfo,
  { allowRsa2048 = false, fips = false }: PolicyOptions = {},
): string | undefined {
  const least = allowRsa2048 ? RSA_BITS_LEAST : RSA_BITS
  if (bits !== undefined && algorithm.startsWith('rsa') && bits < least)
    return `RSA of ${bits} bits is below the ${least} that data kept for years needs`
  if (algorithm === 'dsa' || algorithm === 'elgamal')
    return `${algorithm === 'dsa' ? 'DSA' : 'ElGamal'} is withdrawn by RFC 9580 section 12.5`
  if (curve === 'secp256k1') return 'the curve secp256k1 is in no OpenPGP standard'
  if (fips && !algorithm.startsWith('rsa') && !(curve !== undefined && NIST_CURVES.has(curve)))
    return `${curve ?? algorithm} is outside the FIPS profile, which takes RSA and the NIST curves`
  return undefined
}
