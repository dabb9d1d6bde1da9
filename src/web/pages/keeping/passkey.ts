/**
 * Passkeys that protect a key (WebAuthn Level 3, extension `prf`). Only a page may ask for one, so
 * the 32 bytes that it gives pass through here on their way to the worker, which wraps the key with
 * them; the page has no copy of the key that they would open.
 */
import { bytesOfBase64 } from '../../../lib/bytes.js'
import { KeyError } from '../keys/key-worker-handle.js'
import type { Passkey } from '../keys/kept/messages.js'

type Bytes = Uint8Array<ArrayBuffer>
const TIMEOUT_MS = 120_000

/** Why this page cannot use passkeys; undefined where it can. */
export function noPasskeys(hostname: string = location.hostname): string | undefined {
  if (/^[\d.]+$|^\[/.test(hostname))
    return `A passkey belongs to a name, and ${hostname} is an address: open this page by its name${
      hostname === '127.0.0.1' ? ', which is localhost' : ''
    }.`
  if (typeof PublicKeyCredential === 'undefined' || !isSecureContext)
    return 'This browser offers no passkeys here.'
  return undefined
}

/** @throws KeyError `passkey_unsuitable`, `passkey_not_used` */
export async function makePasskey(principal: string): Promise<Passkey & { secret: Bytes }> {
  const salt = random()
  const made = await asked(() =>
    navigator.credentials.create({
      publicKey: {
        rp: { name: 'Nocturne' },
        user: {
          id: random(),
          name: principal,
          displayName: `Key of ${principal}`,
        },
        // It is never verified: the secret is what counts, and only the authenticator can make it.
        challenge: random(),
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: 'public-key', alg })),
        authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
        timeout: TIMEOUT_MS,
        extensions: { prf: { eval: { first: salt } } },
      },
    }),
  )
  const { prf } = made.getClientExtensionResults()
  const credential = base64url(new Uint8Array(made.rawId))
  if (prf?.enabled !== true && !prf?.results) throw new KeyError('passkey_unsuitable')
  const first = prf.results?.first
  if (first) return { credential, salt, secret: octetsOf(first) }
  // Many authenticators give it only when they are asked once more.
  const { secret } = await askPasskey([{ credential, salt }])
  return { credential, salt, secret }
}

/** @throws KeyError `passkey_unsuitable`, `passkey_not_used` */
export async function askPasskey(
  known: readonly Passkey[],
): Promise<{ credential: string; secret: Bytes }> {
  const evalByCredential = Object.fromEntries(
    known.map(({ credential, salt }) => [credential, { first: Uint8Array.from(salt) }]),
  )
  const given = await asked(() =>
    navigator.credentials.get({
      publicKey: {
        challenge: random(),
        allowCredentials: known.map(({ credential }) => ({
          type: 'public-key',
          id: fromBase64url(credential),
        })),
        userVerification: 'required',
        timeout: TIMEOUT_MS,
        extensions: { prf: { evalByCredential } },
      },
    }),
  )
  const first = given.getClientExtensionResults().prf?.results?.first
  if (!first) throw new KeyError('passkey_unsuitable')
  return { credential: base64url(new Uint8Array(given.rawId)), secret: octetsOf(first) }
}

async function asked(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential> {
  const found = await ask().catch(() => null)
  if (!(found instanceof PublicKeyCredential)) throw new KeyError('passkey_not_used')
  return found
}

const random = (): Bytes => crypto.getRandomValues(new Uint8Array(32))

const octetsOf = (source: BufferSource): Bytes =>
  ArrayBuffer.isView(source)
    ? Uint8Array.from(new Uint8Array(source.buffer, source.byteOffset, source.byteLength))
    : new Uint8Array(source)

const base64url = (octets: Uint8Array): string =>
  btoa(String.fromCharCode(...octets))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')

const fromBase64url = (text: string): Bytes =>
  bytesOfBase64(text.replaceAll('-', '+').replaceAll('_', '/'))
