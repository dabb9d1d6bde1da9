/** The files that were dropped or selected: the ZIP, or the files from it. */
import { BlobReader } from '@zip.js/zip.js/index-native.js'
import { openZip } from '../../../lib/zip.js'
import type { NamedFiles } from '../../../lib/zip.js'

/** Undefined for a ZIP that is corrupt or ambiguous. */
export async function openGiven(given: readonly File[]): Promise<NamedFiles | undefined> {
  const [first] = given
  if (given.length === 1 && first && (await isZip(first))) return openZip(new BlobReader(first))
  return {
    names: given.map(({ name }) => name),
    open: (name) => {
      const file = given.find((one) => one.name === name)
      return file && bytesOf(file)
    },
  }
}

async function isZip(file: File): Promise<boolean> {
  const [p, k] = new Uint8Array(await file.slice(0, 2).arrayBuffer())
  return p === 0x50 && k === 0x4b
}

async function* bytesOf(file: File): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel()
  }
}
