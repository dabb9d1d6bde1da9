/** Objects sealed only to a facility, being fetched by that facility. */
import type { Receipt } from '../ledger/log/index.js'
import type { ObjectStore } from '../store/index.js'

/** One complete OpenPGP message. */
export interface SealedObject {
  /** Size of the message in bytes. */
  readonly size: number
  readonly bytes: AsyncIterable<Buffer>
}

/**
 * Takes the receipt as proof that the event is durable; without one, no byte is sent.
 * @throws NocturneError `object_missing`, `store_unavailable`
 */
export async function sealedForFacility(
  { store }: { readonly store: Pick<ObjectStore, 'get'> },
  _receipt: Receipt,
  { object, size }: { readonly object: string; readonly size: number },
): Promise<SealedObject> {
  return { size, bytes: await store.get(object) }
}
