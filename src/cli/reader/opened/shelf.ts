import { createReadStream } from 'node:fs'
import { dirname, join } from 'node:path'
import type { ManifestItem } from '../../../protocol/manifest.js'
import { makeFolder, syncFolder, writeWhole } from '../../local-write.js'
import { ContentMeter, isSame } from '../content-meter.js'
import type { WriteOpened } from '../open-item.js'

/** A place for opened items, by transfer and by their path in it. */
export interface Shelf {
  /** Whether the item is there, and matches the manifest to the byte. */
  has(transfer: string, path: string, item: ManifestItem): Promise<boolean>
  write(transfer: string, path: string, item: ManifestItem): WriteOpened
  /** Resolves when everything written is durable under its name. */
  sync?(): Promise<void>
}

/** Plaintext files below the transfer's folder; those of an earlier pull are kept if they match. */
export function folderShelf(out: string): Shelf {
  const made = new Map<string, Promise<void>>()
  const make = (folder: string): Promise<void> => {
    const known = made.get(folder) ?? makeFolder(folder)
    made.set(folder, known)
    return known
  }
  return {
    has: (transfer, path, item) => isThere(join(out, transfer, path), item),
    write: (transfer, path) => async (content, check) => {
      const target = join(out, transfer, path)
      await make(dirname(target))
      const temporaryFolder = join(out, transfer, '.partial')
      await writeWhole(target, content, { temporaryFolder, check, syncsFolder: false })
    },
    sync: async () => {
      for (const folder of made.keys()) await syncFolder(folder)
    },
  }
}

async function isThere(target: string, { plaintext }: ManifestItem): Promise<boolean> {
  const meter = new ContentMeter()
  try {
    for await (const chunk of createReadStream(target, { highWaterMark: 256 * 1024 })) {
      meter.update(chunk as Buffer)
    }
  } catch {
    return false
  }
  return isSame(meter.digest(), plaintext)
}
