/**
 * The folder that `nocturne dump` wrote, as the reader picked it: which data packet belongs to
 * which key packets.
 */

import { DUMP_LIST, MAX_DUMPED_BYTES, readDumpList } from '../../../protocol/dump-list.js'
import type { DumpedItem } from '../../../protocol/dump-list.js'

export interface SealedItem {
  readonly index: number
  /** Key packets, and the data packet behind them: one whole message, read when it is opened. */
  readonly message: File
  /** What of it are key packets: the manifest's digest is over the rest. */
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

/** A data packet that is not there makes an item that does not match. */
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
