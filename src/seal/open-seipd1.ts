import type { Ciphers } from './ciphers.js'
import type { Body } from './open-packets.js'
import { concat } from './packets.js'

const PREFIX_BYTES = 18
/** Header and digest of the modification detection code, at the very end. */
const MDC_BYTES = 22
const WINDOW_BYTES = 2 ** 18

/**
 * Opens a version 1 packet (RFC 9580 section 5.13.1). CFB has no tags on the way, so what is given out is not
 * authentic until this ends normally: the whole content hangs on the last 20 octets. The repeated octets of the
 * prefix are not looked at, as section 5.13.1 advises: only the digest decides. Memory: two windows.
 */
export async function* openSeipd1(
  body: Body,
  sessionKey: Uint8Array,
  ciphers: Ciphers,
): AsyncGenerator<Uint8Array> {
  const decrypt = ciphers.openCfb(sessionKey)
  const hash = ciphers.sha1()
  const window = new Uint8Array(WINDOW_BYTES)
  let held: Uint8Array = new Uint8Array(0)
  let skipped = 0
  for (let filled; (filled = await body.fill(window)) > 0;) {
    const plain = await decrypt(window.subarray(0, filled))
    const all = held.length === 0 ? plain : concat([held, plain])
    const end = Math.max(0, all.length - MDC_BYTES)
    const checked = all.subarray(0, end)
    held = all.slice(end)
    await hash.update(checked)
    const content = checked.subarray(Math.min(checked.length, PREFIX_BYTES - skipped))
    skipped = Math.min(PREFIX_BYTES, skipped + checked.length)
    if (content.length > 0) yield content
  }
  if (skipped < PREFIX_BYTES) throw new Error('too short')
  if (held.length < MDC_BYTES || held[0] !== 0xd3 || held[1] !== 20) throw new Error('no MDC')
  await hash.update(held.subarray(0, 2))
  const digest = await hash.digest()
  // No secret is compared: who can read this has the session key.
  if (!digest.every((octet, at) => octet === held[at + 2])) throw new Error('changed')
}
