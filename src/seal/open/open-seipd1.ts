import { concat } from '../../lib/concat.js'
import type { Ciphers } from '../ciphers.js'
import type { Body } from './open-packets.js'

const PREFIX_BYTES = 18
/** Header and digest of the modification detection code, at the very end. */
const MDC_BYTES = 22
const WINDOW_BYTES = 2 ** 18

/**
 * Opens a version 1 packet (RFC 9580 section 5.13.1). CFB has no tags on the way, so what is given
 * out is not authentic until this ends normally: the whole content hangs on the last 20 octets. The
 * repeated octets of the prefix are not looked at, as section 5.13.1 advises: only the digest
 * decides. Memory: three windows.
 *
 * `free` is given each piece when the next one is asked for.
 */
export async function* openSeipd1(
  body: Body,
  sessionKey: Uint8Array,
  ciphers: Ciphers,
  free?: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const decrypt = ciphers.openCfb(sessionKey)
  const hash = ciphers.sha1()
  const window = new Uint8Array(WINDOW_BYTES)
  let prefix = PREFIX_BYTES
  // A whole window is held back, which is copied only at the end, when it may hold a part of the
  // digest.
  let held: Uint8Array = new Uint8Array(0)
  for (;;) {
    const filled = await body.fill(window)
    const isEnd = filled < WINDOW_BYTES
    const next = await decrypt(window.subarray(0, filled))
    const ready = isEnd ? concat([held, next]) : held
    const content = isEnd ? ready.subarray(0, Math.max(0, ready.length - MDC_BYTES)) : ready
    await hash.update(content)
    if (content.length > prefix) yield content.subarray(prefix)
    prefix -= Math.min(prefix, content.length)
    if (isEnd) {
      if (prefix > 0) throw new Error('too short')
      return verify(ready.subarray(content.length), hash)
    }
    free?.(held)
    held = next
  }
}

/**
 * The modification detection code: a packet of tag 19 and 20 octets, whose header the hash covers.
 */
async function verify(mdc: Uint8Array, hash: ReturnType<Ciphers['sha1']>): Promise<void> {
  if (mdc.length < MDC_BYTES || mdc[0] !== 0xd3 || mdc[1] !== 20) throw new Error('no MDC')
  await hash.update(mdc.subarray(0, 2))
  const digest = await hash.digest()
  // No secret is compared: who can read this has the session key.
  if (!digest.every((octet, at) => octet === mdc[at + 2])) throw new Error('changed')
}
