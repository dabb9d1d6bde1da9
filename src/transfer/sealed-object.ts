/** What is sealed to a facility alone, on its way to the facility. */
import type { Receipt } from '../ledger/log/index.js'
import type { ObjectStore } from '../store/index.js'

/** One whole OpenPGP message. */
export interface SealedObject {
  /** In bytes. */
  readonly size: number
  readonly bytes: AsyncIterable<Buffer>
}

/**
 * Demands the receipt: without a durable event no byte goes out.
 * @throws NocturneError `object_missing`, `store_unavailable`
 */
export async function sealedForFacility(
  { store }: { readonly store: Pick<ObjectStore, 'get'> },
  _receipt: Receipt,
  { object, size }: { readonly object: string; readonly size: number },
): Promise<SealedObject> {
  return { size, bytes: await store.get(object) }
}
