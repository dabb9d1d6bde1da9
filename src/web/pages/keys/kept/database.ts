/**
 * Where kept keys are: an IndexedDB of this origin that only the worker reads. Each copy in it is
 * encrypted, so the profile on disk holds nothing that opens without its owner.
 */
import * as z from 'zod/mini'
import { NocturneError } from '../../../../lib/errors.js'

const NAME = 'nocturne-keys'
const STORE = 'keys'

const octets = z.custom<Uint8Array>((value) => value instanceof Uint8Array)
const text = z.string()

const record = z.object({
  principal: text,
  fingerprint: text,
  keptAt: text,
  /** Armored, by what opens it. */
  passphrase: z.optional(text),
  recovery: z.optional(text),
  passkeys: z.array(
    z.object({
      credential: text,
      prfSalt: octets,
      wrapped: z.object({ salt: octets, nonce: octets, sealed: octets }),
    }),
  ),
})
export type KeptRecord = z.infer<typeof record>

/** A browser whose database was never written gets none by being asked. */
export async function keptRecords(): Promise<readonly KeptRecord[]> {
  const all = await indexedDB.databases().catch(() => [])
  if (!all.some(({ name }) => name === NAME)) return []
  const found = await within('readonly', (store) => store.getAll())
  return found.flatMap((value) => record.safeParse(value).data ?? [])
}

export const keptRecord = async (principal: string): Promise<KeptRecord | undefined> =>
  (await keptRecords()).find((one) => one.principal === principal)

/** @throws NocturneError `kept_key_storage`; what was kept before is unchanged then */
export async function putRecord(kept: KeptRecord): Promise<void> {
  await within('readwrite', (store) => store.put(kept))
}

/** The database goes with its last key. */
export async function deleteRecord(principal: string): Promise<void> {
  if ((await keptRecords()).some((one) => one.principal !== principal))
    await within('readwrite', (store) => store.delete(principal))
  else await deleted()
}

async function within<T>(
  mode: IDBTransactionMode,
  what: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const database = await opened()
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' })
      const asked = what(transaction.objectStore(STORE))
      transaction.oncomplete = () => resolve(asked.result)
      transaction.onabort = () => reject(failed(transaction.error))
      transaction.onerror = () => reject(failed(transaction.error))
    })
  } finally {
    database.close()
  }
}

const opened = (): Promise<IDBDatabase> =>
  new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1)
    opening.onupgradeneeded = () =>
      opening.result.createObjectStore(STORE, { keyPath: 'principal' })
    opening.onsuccess = () => resolve(opening.result)
    opening.onerror = () => reject(failed(opening.error))
  })

const deleted = (): Promise<void> =>
  new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase(NAME)
    deleting.onsuccess = () => resolve()
    deleting.onerror = () => reject(failed(deleting.error))
  })

const failed = (cause: unknown) => new NocturneError('kept_key_storage', { cause })
