/**
 * Writes one transfer as files, still sealed: data packets, key packets, and a list of which belong
 * together. Nothing is opened, and no key on this machine could open it. Use it as a backup or for
 * another program (src/seal/README.md).
 */
import { join } from 'node:path'
import { NocturneError } from '../../lib/errors.js'
import type { Actor, Ledger } from '../../ledger/log/index.js'
import {
  DUMP_LIST,
  DUMP_PROOF,
  dumpDataFile,
  dumpKeyFile,
  writeDumpList,
} from '../../protocol/dump-list.js'
import type { ObjectStore } from '../../store/index.js'
import type { Transfer, Transfers } from '../../transfer/index.js'
import { makeFolder, once, writeWhole } from '../local-write.js'

export interface DumpReport {
  readonly id: string
  readonly folder: string
  readonly items: number
  readonly recipients: readonly string[]
}

interface DumpRooms {
  readonly transfers: Pick<Transfers, 'find' | 'contents'>
  readonly ledger: Pick<Ledger, 'note' | 'proof' | 'query'>
  readonly store: Pick<ObjectStore, 'get'>
}

/**
 * The event is durable before the first file is written.
 * @throws NocturneError `not_found`, `transfer_not_available`
 */
export async function dumpTransfer(
  rooms: DumpRooms,
  actor: Actor,
  id: string,
  folder: string,
): Promise<DumpReport> {
  const { transfers, ledger, store } = rooms
  const transfer = await transfers.find(id)
  if (!transfer) throw new NocturneError('not_found')
  const places = await transfers.contents.all(transfer)
  if (places.length === 0) throw new NocturneError('transfer_not_available')
  const packets = (await transfers.contents.keyPackets(transfer)).sort((a, b) =>
    a.recipient < b.recipient ? -1 : 1,
  )
  const recipients = [...new Set(packets.map(({ recipient }) => recipient))]
  await ledger.note({
    type: 'transfer.dumped',
    outcome: 0,
    actor,
    ...aboutOf(transfer),
    detail: { items: places.length - 1, recipients },
  })
  await makeFolder(join(folder, 'keys'))
  for (const [file, own] of keyFiles(packets)) await write(folder, file, once(Buffer.concat(own)))
  for (const place of places)
    await write(folder, dumpDataFile(place.index), await store.get(place.object))
  const list = places.map((place) => ({
    index: place.index,
    data: dumpDataFile(place.index),
    keys: Object.fromEntries(
      packets
        .filter(({ envelope }) => envelope === place.envelope)
        .map(({ envelope, recipient }) => [recipient, dumpKeyFile(envelope, recipient)]),
    ),
  }))
  const logged = await availableEvent(ledger, id)
  // The ledger's proof of the manifest and its time, which requires no trust in the key that signed
  // it.
  if (logged !== undefined)
    await write(folder, DUMP_PROOF, once(Buffer.from(await ledger.proof(logged))))
  const [manifest, ...items] = list
  if (!manifest) throw new NocturneError('transfer_not_available')
  // Written last: a folder with this file is complete.
  await write(folder, DUMP_LIST, once(Buffer.from(writeDumpList({ id, manifest, items }))))
  return { id, folder, items: items.length, recipients }
}

/** The files of key packets: a recipient has several packets after a new certificate. */
function keyFiles(
  packets: readonly {
    readonly envelope: string
    readonly recipient: string
    readonly packet: Buffer
  }[],
): ReadonlyMap<string, readonly Buffer[]> {
  const files = new Map<string, Buffer[]>()
  for (const { envelope, recipient, packet } of packets) {
    const file = dumpKeyFile(envelope, recipient)
    files.set(file, [...(files.get(file) ?? []), packet])
  }
  return files
}

/** What the event says about the transfer. */
const aboutOf = ({ id, facility, group, patient }: Transfer) => ({
  ...{ facility, group, transfer: id },
  ...(patient !== undefined && { patient }),
})

/**
 * Index of the entry that names the manifest's digest; undefined if its content has been pruned.
 */
async function availableEvent(
  ledger: Pick<Ledger, 'query'>,
  transfer: string,
): Promise<number | undefined> {
  const { rows } = await ledger.query({ types: ['transfer.available'], transfer, limit: 1 })
  return rows[0]?.index
}

const write = (folder: string, name: string, bytes: AsyncIterable<Uint8Array>) =>
  writeWhole(join(folder, name), bytes, { mayReplace: false })
