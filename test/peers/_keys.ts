/** Keys as each program makes them. */
import { generateKey } from 'openpgp'
import type { EllipticCurveName } from 'openpgp'
import { newKey } from '../../src/seal/keys/keys.js'
import { GPG, inFolder } from './_programs.js'
import type { Folder } from './_programs.js'

export interface PeerKey {
  readonly maker: string
  readonly kind: string
  readonly version: 4 | 6
  /** Armored; undefined when its maker is not there, or cannot. */
  readonly make: () => Promise<string | undefined>
}

const USER = 'matrix'

function fingerprints({ run }: Folder): string[] {
  const listed = run('gpg', [...GPG, '--with-colons', '-k'])?.toString() ?? ''
  return [...listed.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map(([, found = '']) => found)
}

/**
 * A primary that signs, and subkeys that encrypt: each with the time it was made at and how long it
 * lasts.
 */
const byGpg = (
  kind: string,
  primary: string,
  subkeys: readonly (readonly [algorithm: string, made: string, lasts: string])[],
): PeerKey => ({
  maker: 'gpg',
  kind,
  version: 4,
  make: () =>
    Promise.resolve(
      inFolder((at) => {
        const early = ['--faked-system-time', '20240101T000000']
        at.run('gpg', [...GPG, ...early, '--quick-gen-key', USER, primary, 'sign', '0'])
        const [fingerprint = ''] = fingerprints(at)
        for (const [algorithm, made, lasts] of subkeys) {
          const when = ['--faked-system-time', made]
          at.run('gpg', [...GPG, ...when, '--quick-add-key', fingerprint, algorithm, 'encr', lasts])
        }
        return at.run('gpg', [...GPG, '--armor', '--export-secret-keys', USER])?.toString()
      }),
    ),
})

const FIRST = '20240101T000000'
const LATER = '20250101T000000'

const bySq = (suite: string): PeerKey => ({
  maker: 'sq',
  kind: suite,
  version: 4,
  make: () =>
    Promise.resolve(
      inFolder(({ path, run, read }) => {
        const args = ['--userid', USER, '--cipher-suite', suite, '--export', `${path}/made`]
        return run('sq', ['key', 'generate', ...args]) && read('made').toString()
      }),
    ),
})

const bySop = (maker: string): PeerKey => ({
  maker,
  kind: 'its own choice',
  version: 4,
  make: () =>
    Promise.resolve(inFolder(({ run }) => run(maker, ['generate-key', USER])?.toString())),
})

const byRnp: PeerKey = {
  maker: 'rnp',
  kind: 'rsa3072',
  version: 4,
  make: () =>
    Promise.resolve(
      inFolder(({ path, run }) => {
        const home = ['--homedir', path, '--password', '']
        run('rnpkeys', [...home, '--generate-key', '--userid', USER, '--numbits', '3072'])
        return run('rnpkeys', [...home, '--export-key', '--secret', USER])?.toString()
      }),
    ),
}

const byOpenpgpjs = (curve: EllipticCurveName): PeerKey => ({
  maker: 'openpgp.js',
  kind: curve,
  version: 4,
  make: async () =>
    (await generateKey({ userIDs: [{ name: USER }], type: 'ecc', curve, subkeys: [{}, {}] }))
      .privateKey,
})

const byUs = (kind: string, options: Partial<Parameters<typeof newKey>[0]>): PeerKey => ({
  maker: 'nocturne',
  kind,
  version: options.version ?? 4,
  make: async () => (await newKey({ name: USER, ...options })).privateKey,
})

export const KEYS: readonly PeerKey[] = [
  byGpg('rsa3072', 'rsa3072', [['rsa3072', FIRST, '0']]),
  byGpg('rsa4096', 'rsa4096', [['rsa4096', FIRST, '0']]),
  byGpg('curve25519', 'ed25519', [['cv25519', FIRST, '0']]),
  byGpg('nistp256', 'nistp256', [['nistp256', FIRST, '0']]),
  byGpg('nistp384', 'nistp384', [['nistp384', FIRST, '0']]),
  byGpg('two subkeys', 'ed25519', [
    ['cv25519', FIRST, '0'],
    ['nistp256', LATER, '0'],
  ]),
  byGpg('expired and rotated', 'ed25519', [
    ['cv25519', FIRST, '1y'],
    ['cv25519', LATER, '0'],
  ]),
  byGpg('three subkeys, two expired', 'rsa3072', [
    ['rsa3072', FIRST, '1y'],
    ['cv25519', FIRST, '6m'],
    ['nistp384', LATER, '0'],
  ]),
  bySq('cv25519'),
  bySq('rsa3k'),
  bySq('rsa4k'),
  bySop('sqop'),
  bySop('gosop'),
  byRnp,
  byOpenpgpjs('curve25519Legacy'),
  byOpenpgpjs('nistP256'),
  byOpenpgpjs('nistP384'),
  byUs('curve25519', {}),
  byUs('nistP384', { algorithm: 'nistP384' }),
  byUs('rsa3072', { algorithm: 'rsa3072' }),
  byUs('curve25519 v6', { version: 6 }),
]
