/**
 * Bounds the memory of a WebAssembly codec. It allocates according to numbers in the frame, and 100
 * bytes of JPEG 2000 (precincts of one pixel) would take two gigabytes.
 */
import type { WasmOptions } from '@cornerstonejs/codec-charls/wasmjs'
import type { Geometry } from './geometry.js'

/**
 * Loads the WebAssembly of a package `@cornerstonejs/NAME`: from a file under Node, with `fetch` in
 * a page.
 */
export type WasmBytes = (
  name: 'codec-charls' | 'codec-openjpeg',
) => Promise<Uint8Array<ArrayBuffer>>

/** A module starts with 50 MiB, most of it stack. */
const ANYWAY = 64 * 1024 * 1024
/** OpenJPEG needs 18 bytes per sample to encode, and CharLS fewer. */
const BYTES_OF_SAMPLE = 24
const PAGE = 65_536

let allowed = ANYWAY

/** Allows a module to grow only as far as one frame of this geometry needs, from this call on. */
export function allowMemoryFor({ rows, columns, samples }: Geometry): void {
  allowed = ANYWAY + rows * columns * samples * BYTES_OF_SAMPLE
}

/** Options for the package's own loader. */
export async function wasmOptionsFor(
  codec: Parameters<WasmBytes>[0],
  load: WasmBytes,
): Promise<WasmOptions> {
  const module = await WebAssembly.compile(await load(codec))
  return {
    print: () => undefined,
    printErr: () => undefined,
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(module, imports)
      for (const exported of Object.values(instance.exports))
        if (exported instanceof WebAssembly.Memory) boundGrowth(exported)
      done(instance)
      return instance.exports
    },
  }
}

/**
 * The module sees a machine that is out of memory: its allocation fails, and the codec gives up.
 */
function boundGrowth(memory: WebAssembly.Memory): void {
  const grow = memory.grow.bind(memory)
  memory.grow = (pages) => {
    if (memory.buffer.byteLength + pages * PAGE > allowed) throw new RangeError('too much memory')
    return grow(pages)
  }
}
