/**
 * The folder written by `nocturne dump` that the reader selected: which data packet belongs to
 * which key packets.
 */

import { DUMP_LIST, MAX_DUMPED_BYTES, readDumpList } from '../../../protocol/dump-list.js'
import type { DumpedItem } from '../../../protocol/dump-list.js'

export interface SealedItem {
  readonly index: number
  /** Key packets followed by the data packet: one complete message, read when it is opened. */
  readonly message: File
  /** Size of the key packets: the digest in the manifest covers the rest. */
  readonly keyBytes: number
}

export interface DumpedTransfer {
  readonly id: string
  readonly manifest: SealedItem
  readonly items: readonly SealedItem[]
}

/** Undefined for a folder without a list of a dumped transfer. */
export async function readDumped(files: readonly File[]): Promise<DumpedTransfer | undefined> {
  const byPath = new Map(
    files.map((file) => [file.webkitRelativePath.split('/').slice(1).join('/'), file]),
  )
  const file = byPath.get(DUMP_LIST)
  if (!file || file.size > MAX_DUMPED_BYTES) return undefined
  const list = readDumpList(await file.text())
  return (
    list && {
      id: list.id,
      manifest: sealedItem(list.manifest, byPath),
      items: list.items.map((item) => sealedItem(item, byPath)),
    }
  )
}

/** An item with a missing data packet is reported as not matching. */
function sealedItem(
  { index, data, keys }: DumpedItem,
  files: ReadonlyMap<string, File>,
): SealedItem {
  const packets = Object.values(keys).flatMap((name) => files.get(name) ?? [])
  const sealed = files.get(data)
  const name = String(index).padStart(4, '0')
  return {
    index,
    message: new File(sealed ? [...packets, sealed] : packets, name),
    keyBytes: packets.reduce((sum, { size }) => sum + size, 0),
  }
}
