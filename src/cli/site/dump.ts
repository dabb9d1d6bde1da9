/**
 * One transfer as files, sealed as it is: data packets, key packets, and a list of which belongs to which. Nothing is
 * opened, and no key of this machine could: a backup, or what another program reads (src/seal/README.md).
 */
import { join } from 'node:path'
import { NocturneError } from '../../lib/errors.js'
import type { Actor } from '../../ledger/index.js'
import {
  DUMP_LIST,
  DUMP_PROOF,
  dumpDataFile,
  dumpKeyFile,
  writeDumpList,
} from '../../protocol/dump-list.js'
import type { Rooms } from '../../rooms.js'
import { makeFolder, once, writeWhole } from '../local-write.js'

export interface DumpReport {
  readonly id: string
  readonly folder: string
  readonly items: number
  readonly recipients: readonly string[]
}

interface Place {
  readonly index: number
  readonly object: string
  readonly envelope: string
}

/** The event is durable before the first file is written. @throws NocturneError `not_found`, `transfer_not_available` */
export async function dumpTransfer(
  rooms: Rooms,
  actor: Actor,
  id: string,
  folder: string,
): Promise<DumpReport> {
  const { about, places } = await placesOf(rooms, id)
  const packets = await rooms.state.db
    .selectFrom('key_packets')
    .selectAll()
    .where(
      'envelope',
      'in',
      places.map(({ envelope }) => envelope),
    )
    .orderBy('recipient')
    .execute()
  const recipients = [...new Set(packets.map(({ recipient }) => recipient))]
  await rooms.ledger.note({
    type: 'transfer.dumped',
    outcome: 0,
    actor,
    ...about,
    transfer: id,
    detail: { items: places.length - 1, recipients },
  })
  await makeFolder(join(folder, 'keys'))
  for (const { envelope, recipient, packet } of packets)
    await write(folder, dumpKeyFile(envelope, recipient), once(packet))
  for (const place of places)
    await write(folder, dumpDataFile(place.index), await rooms.store.get(place.object))
  const list = places.map((place) => ({
    index: place.index,
    data: dumpDataFile(place.index),
    keys: Object.fromEntries(
      packets
        .filter(({ envelope }) => envelope === place.envelope)
        .map(({ envelope, recipient }) => [recipient, dumpKeyFile(envelope, recipient)]),
    ),
  }))
  const logged = await availableEvent(rooms, id)
  // The ledger's word for what the manifest was, and when: it needs no trust in the key that signed.
  if (logged !== undefined)
    await write(folder, DUMP_PROOF, once(Buffer.from(await rooms.ledger.proof(logged))))
  const [manifest, ...items] = list
  if (!manifest) throw new NocturneError('transfer_not_available')
  // Last: a folder with this file is whole.
  await write(folder, DUMP_LIST, once(Buffer.from(writeDumpList({ id, manifest, items }))))
  return { id, folder, items: items.length, recipients }
}

/** The manifest as 0, then the items; and what the event says of the transfer. */
async function placesOf({ state }: Rooms, id: string) {
  const transfer = await state.db
    .selectFrom('transfers')
    .select(['manifest_object', 'manifest_envelope', 'facility', 'group_id', 'patient'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!transfer) throw new NocturneError('not_found')
  const { manifest_object: object, manifest_envelope: envelope } = transfer
  if (object === null || envelope === null) throw new NocturneError('transfer_not_available')
  const items = await state.db
    .selectFrom('items')
    .select(['idx', 'object', 'envelope'])
    .where('transfer', '=', id)
    .where('outcome', '=', 'accepted')
    .orderBy('idx')
    .execute()
  const places: readonly Place[] = [
    { index: 0, object, envelope },
    ...items.flatMap(({ idx, object: at, envelope: of }) =>
      at === null ? [] : [{ index: idx, object: at, envelope: of }],
    ),
  ]
  const { facility, group_id: group, patient } = transfer
  return { about: { facility, group, ...(patient !== null && { patient }) }, places }
}

/** Index of the entry that names the manifest's digest; undefined once its content was pruned. */
async function availableEvent({ state }: Rooms, id: string): Promise<number | undefined> {
  const found = await state.db
    .selectFrom('events')
    .select('idx')
    .where('type', '=', 'transfer.available')
    .where('transfer', '=', id)
    .executeTakeFirst()
  return found?.idx
}

const write = (folder: string, name: string, bytes: AsyncIterable<Uint8Array>) =>
  writeWhole(join(folder, name), bytes, { mayReplace: false })
