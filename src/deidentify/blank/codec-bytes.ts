/** Loads the codecs' WebAssembly from their packages. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'

const { resolve } = createRequire(import.meta.url)

export const codecBytes = (name: string): Promise<Uint8Array<ArrayBuffer>> =>
  readFile(resolve(`@cornerstonejs/${name}/wasm`))
