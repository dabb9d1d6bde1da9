/**
 * Nothing here is executed: the assertion is that `npm run typecheck` passes. A line marked
 * @ts-expect-error fails the check as soon as it compiles, which means that a promise of the rooms
 * is broken.
 */
import type { Session } from '../../src/access/index.js'
import type { DeidentifiedInstance } from '../../src/deidentify/index.js'
import type { DeliverRooms, Reader } from '../../src/deliver/index.js'
import type { letBytesOut } from '../../src/deliver/download.js'
import type { Ledger } from '../../src/ledger/log/ledger.js'
import type { Receipt } from '../../src/ledger/log/contract.js'
import type { ReceivedInstance, ReceivedItem } from '../../src/receive/index.js'
import type { newEnvelope, Envelope, SealedStream } from '../../src/seal/index.js'
import type { Recipient } from '../../src/seal/keys/recipient.js'
import type { ObjectStore, StoredItem } from '../../src/store/index.js'

declare const bytes: AsyncIterable<Buffer>
declare const store: ObjectStore
declare const envelope: Envelope
declare const sealTo: typeof newEnvelope
declare const ledger: Ledger
declare const rooms: DeliverRooms
declare const reader: Reader
declare const release: typeof letBytesOut
declare const begun: Parameters<typeof letBytesOut>[2]
declare const received: ReceivedInstance
declare const deidentified: DeidentifiedInstance
declare const digests: SealedStream['digests']

/** Only what was sealed can be stored. */
export async function storing(): Promise<unknown> {
  const stored: StoredItem = await store.put('objects/1', envelope.seal(deidentified.bytes))

  // @ts-expect-error plain bytes are not sealed
  await store.put('objects/1', bytes)
  // @ts-expect-error nor is an item that was only received
  await store.put('objects/1', received)
  // @ts-expect-error nor one that was only de-identified
  await store.put('objects/1', deidentified)
  // @ts-expect-error an object of the same shape was not made by the seal room
  await store.put('objects/1', { bytes, digests })
  // @ts-expect-error only a store can state that something is stored
  const claimed: StoredItem = { key: stored.key, size: stored.size }
  return claimed
}

/** Only certificates that passed the policy can be sealed to. */
export async function sealing(recipient: Recipient): Promise<void> {
  await sealTo([recipient], new Date())

  // @ts-expect-error a certificate alone has not been checked
  await sealTo([recipient.certificate])
  const { id, fingerprint, certificate, takesSeipd2 } = recipient
  // @ts-expect-error the fields of a recipient do not make a recipient
  await sealTo([{ id, fingerprint, certificate, takesSeipd2 }])
}

/** A received item does not become de-identified by declaring it so. */
export function deidentifying(): unknown {
  // @ts-expect-error the original is not a de-identified instance
  const passed: DeidentifiedInstance = received
  // @ts-expect-error not even with facts added
  const dressed: DeidentifiedInstance = { ...received, facts: deidentified.facts, report: [] }
  // @ts-expect-error only the receive room can state that something was received
  const item: ReceivedItem = { kind: 'instance', bytes }
  return [passed, dressed, item]
}

/** No byte is sent before the ledger has answered. */
export async function releasing(): Promise<unknown> {
  const receipt: Receipt = await ledger.note({
    type: 'download.begun',
    outcome: 0,
    actor: reader.actor,
  })
  await release(rooms, receipt, begun)

  // @ts-expect-error there is no download without a receipt
  await release(rooms, undefined, begun)
  // @ts-expect-error an index is not a receipt
  await release(rooms, { index: receipt.index, id: receipt.id }, begun)
  const promised = ledger.note({ type: 'download.begun', outcome: 0, actor: reader.actor })
  // @ts-expect-error a promise of a receipt is not a receipt
  await release(rooms, promised, begun)
  // @ts-expect-error only the ledger can make one
  const forged: Receipt = { index: 0, id: '' }
  return forged
}

/** A principal is not a session. */
export function entering(): unknown {
  const { principal } = reader
  // @ts-expect-error only the access room can create a session
  const session: Session = { principal, token: '', method: 'token', expiresAt: 0 }
  return session
}
