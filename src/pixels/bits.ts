/** Entropy-coded JPEG data (ITU-T T.81 annex F): bits with byte stuffing, and Huffman codes. */
import { NocturneError } from '../lib/errors.js'

const MARKER = 0xff
const LONGEST_CODE = 16

/**
 * The bits of one scan, up to its next marker. Past the end it returns zeros, as decoders do, but
 * only a limited number.
 */
export class BitReader {
  readonly #bytes: Buffer
  #at: number
  #bits = 0
  #count = 0
  #missing = 0

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes
    this.#at = at
  }

  /** Position of the marker that ended the bits. */
  get position(): number {
    return this.#at
  }

  #fill(): void {
    while (this.#count <= 16) {
      let byte = this.#bytes[this.#at]
      if (byte === undefined || (byte === MARKER && this.#bytes[this.#at + 1] !== 0)) {
        if (++this.#missing > 8) throw new NocturneError('malformed')
        byte = 0
      } else {
        this.#at += byte === MARKER ? 2 : 1
      }
      this.#bits = ((this.#bits << 8) | byte) & 0xffffff
      this.#count += 8
    }
  }

  /** The next bits without consuming them; `count` is at most 16. */
  peek(count: number): number {
    if (this.#count < count) this.#fill()
    return (this.#bits >>> (this.#count - count)) & ((1 << count) - 1)
  }

  skip(count: number): void {
    this.#count -= count
  }

  take(count: number): number {
    if (count === 0) return 0
    const value = this.peek(count)
    this.#count -= count
    return value
  }

  /** Discards the rest of the current byte and consumes the restart marker that follows it. */
  restart(expected: number): void {
    this.#bits = 0
    this.#count = 0
    this.#missing = 0
    while (this.#bytes[this.#at] === MARKER && this.#bytes[this.#at + 1] === MARKER) this.#at += 1
    if (this.#bytes[this.#at] !== MARKER || this.#bytes[this.#at + 1] !== 0xd0 + expected)
      throw new NocturneError('malformed')
    this.#at += 2
  }
}

/** Writes bits, with byte stuffing, into memory that grows. */
export class BitWriter {
  #bytes: Buffer
  #length = 0
  #bits = 0
  #count = 0

  constructor(expected: number) {
    this.#bytes = Buffer.allocUnsafe(expected + 64)
  }

  /** `count` is at most 16. */
  put(value: number, count: number): void {
    this.#bits = (this.#bits << count) | (value & ((1 << count) - 1))
    this.#count += count
    while (this.#count >= 8) {
      this.#count -= 8
      const byte = (this.#bits >>> this.#count) & 0xff
      this.#push(byte)
      if (byte === MARKER) this.#push(0)
    }
    this.#bits &= (1 << this.#count) - 1
  }

  /** Pads the last byte with ones (F.1.2.3). */
  align(): void {
    if (this.#count > 0) this.put(0xff >>> this.#count, 8 - this.#count)
  }

  marker(code: number): void {
    this.#push(MARKER)
    this.#push(code)
  }

  bytes(bytes: Buffer): void {
    for (const byte of bytes) this.#push(byte)
  }

  end(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length)
      this.#bytes = Buffer.concat([this.#bytes, Buffer.allocUnsafe(this.#bytes.length)])
    this.#bytes[this.#length++] = byte
  }
}

/** A Huffman table (T.81 annex C), for decoding and encoding. */
export interface HuffmanTable {
  /**
   * Indexed by the next 16 bits: code length in the upper byte, symbol in the lower; 0 where there
   * is no code.
   */
  readonly lookup: Uint16Array
  /** Indexed by symbol: code length from bit 16 up, code below; 0 where there is no code. */
  readonly codes: Uint32Array
}

/**
 * @param counts number of codes of each length from 1 to 16 bits.
 * @throws NocturneError `malformed`
 */
export function huffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const lookup = new Uint16Array(1 << LONGEST_CODE)
  const codes = new Uint32Array(256)
  let code = 0
  let index = 0
  for (let length = 1; length <= LONGEST_CODE; length++) {
    for (let left = counts[length - 1] ?? 0; left > 0; left--) {
      const symbol = symbols[index++]
      if (symbol === undefined || code >= 1 << length) throw new NocturneError('malformed')
      const first = code << (LONGEST_CODE - length)
      lookup.fill((length << 8) | symbol, first, first + (1 << (LONGEST_CODE - length)))
      codes[symbol] = (length << 16) | code
      code += 1
    }
    code <<= 1
  }
  return { lookup, codes }
}

/**
 * Reads the next symbol.
 *
 * @throws NocturneError `malformed`
 */
export function readSymbol(reader: BitReader, { lookup }: HuffmanTable): number {
  const found = lookup[reader.peek(LONGEST_CODE)] ?? 0
  if (found === 0) throw new NocturneError('malformed')
  reader.skip(found >>> 8)
  return found & 0xff
}

/** @throws NocturneError `pixels_not_cleaned` when the table has no code for it. */
export function writeSymbol(writer: BitWriter, { codes }: HuffmanTable, symbol: number): void {
  const code = codes[symbol] ?? 0
  if (code === 0) throw new NocturneError('pixels_not_cleaned')
  writer.put(code & 0xffff, code >>> 16)
}

/**
 * Decodes a difference from its category and the bits that follow it (F.1.2.1); `category` is at
 * most 16.
 */
export const toDifference = (bits: number, category: number): number =>
  category === 0 || bits >= 1 << (category - 1) ? bits : bits - (1 << category) + 1

/** The category of a difference: how many additional bits it takes, sign included. */
export const categoryOf = (difference: number): number => 32 - Math.clz32(Math.abs(difference))

/** The additional bits that follow the category. */
export const bitsOf = (difference: number, category: number): number =>
  difference >= 0 ? difference : difference + (1 << category) - 1
