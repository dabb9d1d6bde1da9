import { concat } from '../../lib/bytes.js'
import type { Ciphers } from '../ciphers.js'
import type { Body } from './open-packets.js'

const PREFIX_BYTES = 18
/** Size of the modification detection code at the very end: its packet header and digest. */
const MDC_BYTES = 22
const WINDOW_BYTES = 2 ** 18

/**
 * Opens a version 1 packet (RFC 9580 section 5.13.1). CFB has no intermediate tags, so nothing
 * yielded is authentic until the generator ends normally: only the last 20 octets authenticate the
 * content. The repeated octets of the prefix are not checked, as section 5.13.1 advises; the digest
 * alone decides. Memory: three windows.
 *
 * `free` receives each piece when the next one is requested.
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
  // One whole window is held back because its end may be part of the digest. It is copied only at
  // the end.
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
 * Checks the modification detection code: a packet of tag 19 with 20 octets, whose header is part
 * of the hashed data.
 */
async function verify(mdc: Uint8Array, hash: ReturnType<Ciphers['sha1']>): Promise<void> {
  if (mdc.length < MDC_BYTES || mdc[0] !== 0xd3 || mdc[1] !== 20) throw new Error('no MDC')
  await hash.update(mdc.subarray(0, 2))
  const digest = await hash.digest()
  // A constant-time comparison is not needed: only a holder of the session key gets this far.
  if (!digest.every((octet, at) => octet === mdc[at + 2])) throw new Error('changed')
}
