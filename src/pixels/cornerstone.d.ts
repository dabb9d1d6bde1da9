/**
 * Types for the parts of two WebAssembly codecs used here; the packages ship none. Buffers that
 * they return point into the module's memory: freed by `delete`, and possibly moved by the next
 * call.
 */
declare module '@cornerstonejs/codec-charls/wasmjs' {
  export interface FrameInfo {
    readonly width: number
    readonly height: number
    readonly bitsPerSample: number
    readonly componentCount: number
  }
  export interface WasmOptions {
    /** The module's bytes, or a function that instantiates it. */
    readonly wasmBinary?: Uint8Array
    readonly instantiateWasm?: (
      imports: object,
      done: (instance: WebAssembly.Instance) => void,
    ) => object
    readonly print: (text: string) => void
    readonly printErr: (text: string) => void
  }
  export interface Decoder<Info> {
    getEncodedBuffer(bytes: number): Uint8Array
    decode(): void
    getFrameInfo(): Info
    getDecodedBuffer(): Uint8Array
    delete(): void
  }
  export interface Encoder<Info> {
    getDecodedBuffer(info: Info): Uint8Array
    encode(): void
    getEncodedBuffer(): Uint8Array
    delete(): void
  }
  interface CharLS {
    readonly JpegLSDecoder: new () => Decoder<FrameInfo> & { getInterleaveMode(): number }
    readonly JpegLSEncoder: new () => Encoder<FrameInfo> & {
      setNearLossless(most: number): void
      setInterleaveMode(mode: number): void
    }
  }
  export default function load(options: WasmOptions): Promise<CharLS>
}

declare module '@cornerstonejs/codec-openjpeg/wasmjs' {
  import type { Decoder, Encoder, FrameInfo, WasmOptions } from '@cornerstonejs/codec-charls/wasmjs'

  type Info = FrameInfo & { readonly isSigned: boolean }
  interface OpenJPEG {
    readonly J2KDecoder: new () => Decoder<Info>
    readonly J2KEncoder: new () => Encoder<Info> & {
      setQuality(isLossless: boolean, rate: number): void
      setDecompositions(count: number): void
    }
  }
  export default function load(options: WasmOptions): Promise<OpenJPEG>
}

/** The part of WebAssembly used here: Node provides all of it, but its types omit it. */
declare namespace WebAssembly {
  class Memory {
    readonly buffer: ArrayBuffer
    grow(pages: number): number
  }
  class Instance {
    constructor(module: Module, imports: object)
    readonly exports: Readonly<Record<string, unknown>>
  }
  function compile(bytes: Uint8Array): Promise<Module>
}
