/**
 * Checks objects sampled from the store: whether each is encrypted, and matches the digest on
 * record.
 */
import { createHash } from 'node:crypto'
import type { ObjectStore } from '../../store/index.js'
import type { SystemFacts } from '../facts.js'

export interface DrawnObject {
  readonly object: string
  /** SHA-256, hexadecimal. */
  readonly digest: string
}

/**
 * First octet of a Symmetrically Encrypted and Integrity Protected Data packet (RFC 9580 section
 * 5.13), in the current header format.
 */
const SEIPD_TAG = 0xd2

/**
 * @param drawn sampled items of transfers, with their digests
 */
export async function sampleObjects(
  store: Pick<ObjectStore, 'get'>,
  drawn: readonly DrawnObject[],
): Promise<NonNullable<SystemFacts['objects']>> {
  let [sealed, intact] = [0, 0]
  for (const { object, digest } of drawn) {
    const seen = await look(store, object)
    // A missing object counts as sealed, because it exposes no plaintext, but not as intact.
    if (seen === undefined || seen.first === SEIPD_TAG) sealed += 1
    if (seen?.digest === digest) intact += 1
  }
  return { sampled: drawn.length, sealed, intact }
}

async function look(store: Pick<ObjectStore, 'get'>, object: string) {
  const hash = createHash('sha256')
  let first: number | undefined
  try {
    for await (const chunk of await store.get(object)) {
      first ??= chunk[0]
      hash.update(chunk)
    }
  } catch {
    return undefined
  }
  return { first, digest: hash.digest('hex') }
}
