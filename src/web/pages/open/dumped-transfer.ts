/** The folder that `nocturne dump` wrote, as the reader picked it: which data packet belongs to which key packets. */

/** A list names some hundred octets an item. */
const MAX_LIST_BYTES = 64 * 1024 * 1024
const LIST = 'transfer.json'

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

/** Undefined for a folder that is none, or that lacks what its list names. */
export async function readDumped(files: readonly File[]): Promise<DumpedTransfer | undefined> {
  const byPath = new Map(
    files.map((file) => [file.webkitRelativePath.split('/').slice(1).join('/'), file]),
  )
  const list = byPath.get(LIST)
  if (!list || list.size > MAX_LIST_BYTES) return undefined
  const json = await parse(list)
  if (json?.format !== 'nocturne-dump/v1' || typeof json.id !== 'string') return undefined
  const manifest = sealedItem(json.manifest, byPath)
  if (!manifest || !Array.isArray(json.items)) return undefined
  const items = json.items.map((item: unknown) => sealedItem(item, byPath))
  const whole = items.filter((item) => item !== undefined)
  return whole.length === items.length ? { id: json.id, manifest, items: whole } : undefined
}

async function parse(list: File): Promise<Record<string, unknown> | undefined> {
  try {
    return recordOf(JSON.parse(await list.text()))
  } catch {
    return undefined
  }
}

/** A data packet that is not there makes an item that does not match. */
function sealedItem(place: unknown, files: ReadonlyMap<string, File>): SealedItem | undefined {
  const { index, data, keys } = recordOf(place) ?? {}
  const names = Object.values(recordOf(keys) ?? {})
  if (typeof index !== 'number' || typeof data !== 'string') return undefined
  const packets = names.flatMap((name) => files.get(String(name)) ?? [])
  const sealed = files.get(data)
  const name = String(index).padStart(4, '0')
  return {
    index,
    message: new File(sealed ? [...packets, sealed] : packets, name),
    keyBytes: packets.reduce((sum, { size }) => sum + size, 0),
  }
}

export const recordOf = (value: unknown): Readonly<Record<string, unknown>> | undefined =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
