/**
 * The folder that `nocturne dump` writes: data packets, key packets, and a list that says which
 * belong together. Names in the list use slashes on every system.
 */
import * as z from 'zod/mini'
import { count, id } from './words.js'
import type { Named } from './words.js'

/** Written last: a folder that contains it is complete. */
export const DUMP_LIST = 'transfer.json'
/** The ledger's proof of the manifest (c2sp.org/tlog-proof). */
export const DUMP_PROOF = 'available.tlog-proof'
/** Size limit of the list and of the manifest: each needs about a hundred octets per item. */
export const MAX_DUMPED_BYTES = 256 * 1024 * 1024

/** In the folder itself or in `keys/`; nowhere else. */
const fileName = z.string().check(z.regex(/^(?:keys\/)?[A-Za-z0-9][\w.-]{0,254}$/))

const dumpedItem = z.looseObject({
  /** 0 is the manifest. */
  index: count,
  data: fileName,
  /** File of each recipient's key packet. */
  keys: z.record(z.string(), fileName),
})
export type DumpedItem = z.infer<typeof dumpedItem>

export const dumpList = z.looseObject({
  format: z.literal('nocturne-dump/v1'),
  id,
  manifest: dumpedItem,
  items: z.array(dumpedItem),
})
export type DumpList = z.infer<typeof dumpList>

export const writeDumpList = (list: Omit<Named<DumpList>, 'format'>): string =>
  `${JSON.stringify({ format: 'nocturne-dump/v1', ...list }, null, 2)}\n`

/** Undefined when the text is not such a list. */
export function readDumpList(text: string): DumpList | undefined {
  try {
    return dumpList.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

export const dumpDataFile = (index: number): string =>
  index === 0 ? 'manifest.data' : `${String(index).padStart(4, '0')}.data`

export const dumpKeyFile = (envelope: string, recipient: string): string =>
  `keys/${envelope}.${recipient}.key`
