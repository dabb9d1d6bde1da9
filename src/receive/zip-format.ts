/**
 * The records of a ZIP archive (PKWARE APPNOTE 6.3.10) as far as forward-only reading needs them.
 * All are little endian; each starts with `PK` and two bytes that identify it.
 */
import { createHmac, randomBytes } from 'node:crypto'

export const LOCAL_HEADER = 0x04034b50
export const CENTRAL_HEADER = 0x02014b50
export const DIRECTORY_END = 0x06054b50
export const DIRECTORY_END_64 = 0x06064b50
export const LOCATOR_64 = 0x07064b50
const DESCRIPTOR = 0x08074b50
const ARCHIVE_EXTRA = 0x08064b50
const DIGITAL_SIGNATURE = 0x05054b50

export const STORED = 0
export const DEFLATED = 8

const MAX_32 = 0xffffffff

/**
 * The sizes and CRC of one entry, as stated by a local header, a descriptor or a central header.
 */
export interface Sizes {
  readonly crc: number
  readonly compressed: number
  readonly plain: number
}

export interface LocalHeader {
  /** Offset of the local header from the start of the archive. */
  readonly offset: number
  readonly nameBytes: Buffer
  /** Used only as a hint: never as a path, and never stored. */
  readonly name: string
  readonly method: number
  readonly isEncrypted: boolean
  /** A data descriptor follows the data, and the sizes in the header may be zero (4.4.4, bit 3). */
  readonly hasDescriptor: boolean
  readonly sizes: Sizes
  /** It has another name in an extra field (4.6.9), which some programs prefer. */
  readonly hasOtherName: boolean
}

export const LOCAL_HEADER_SIZE = 30
export const CENTRAL_HEADER_SIZE = 46
export const DIRECTORY_END_SIZE = 22
/** The fixed part, which begins with its own length. */
export const DIRECTORY_END_64_SIZE = 56
export const LOCATOR_64_SIZE = 20

/** Combined length of name and extra field, which follow the fixed part of a local header. */
export function localTailSize(fixed: Buffer): number {
  return fixed.readUInt16LE(26) + fixed.readUInt16LE(28)
}

/**
 * Combined length of name, extra field and comment, which follow the fixed part of a central
 * header.
 */
export function centralTailSize(fixed: Buffer): number {
  return fixed.readUInt16LE(28) + fixed.readUInt16LE(30) + fixed.readUInt16LE(32)
}

export function parseLocalHeader(fixed: Buffer, tail: Buffer, offset: number): LocalHeader {
  const flags = fixed.readUInt16LE(6)
  const method = fixed.readUInt16LE(8)
  const nameBytes = tail.subarray(0, fixed.readUInt16LE(26))
  const plain = fixed.readUInt32LE(22)
  const compressed = fixed.readUInt32LE(18)
  const wide = wideFields(tail.subarray(nameBytes.length))
  return {
    offset,
    // Copied, because a view would keep the whole chunk in memory.
    nameBytes: Buffer.from(nameBytes),
    name: nameBytes.toString(flags & 0x0800 ? 'utf8' : 'latin1'),
    method,
    // Bit 0: encrypted; bit 6: strong encryption; bit 13: masked local header (4.4.4). Method 99:
    // AES (WinZip).
    isEncrypted: (flags & 0x2041) !== 0 || method === 99,
    hasDescriptor: (flags & 0x0008) !== 0,
    hasOtherName: extraField(tail.subarray(nameBytes.length), UNICODE_PATH).length > 0,
    sizes: {
      crc: fixed.readUInt32LE(14),
      plain: plain === MAX_32 ? (wide() ?? plain) : plain,
      compressed: compressed === MAX_32 ? (wide() ?? compressed) : compressed,
    },
  }
}

/**
 * Checks that the entries seen match the central directory at the end, in any order and in constant
 * memory: each entry's digest is added and each directory record's subtracted. The digest key is
 * secret, so nobody can craft an archive that balances without matching.
 */
export class EntryBalance {
  readonly #key = randomBytes(32)
  #sum = 0n
  #count = 0
  #entries = 0
  #hasOtherNames = false

  addLocal(header: LocalHeader, sizes: Sizes): void {
    this.#sum += digestOf(header.nameBytes, header.method, sizes, header.offset, this.#key)
    this.#count += 1
    this.#entries += 1
    this.#hasOtherNames ||= header.hasOtherName
  }

  takeCentral(fixed: Buffer, tail: Buffer): void {
    const nameBytes = tail.subarray(0, fixed.readUInt16LE(28))
    const extra = tail.subarray(nameBytes.length, nameBytes.length + fixed.readUInt16LE(30))
    const wide = wideFields(extra)
    const widened = (at: number) => {
      const value = fixed.readUInt32LE(at)
      return value === MAX_32 ? (wide() ?? value) : value
    }
    // The extra field has a fixed order: uncompressed size, compressed size, offset (4.5.3).
    const plain = widened(24)
    const compressed = widened(20)
    const offset = widened(42)
    const sizes = { crc: fixed.readUInt32LE(16), plain, compressed }
    this.#sum -= digestOf(nameBytes, fixed.readUInt16LE(10), sizes, offset, this.#key)
    this.#count -= 1
    this.#hasOtherNames ||= extraField(extra, UNICODE_PATH).length > 0
  }

  get entries(): number {
    return this.#entries
  }

  get hasOtherNames(): boolean {
    return this.#hasOtherNames
  }

  get isEven(): boolean {
    return this.#sum === 0n && this.#count === 0
  }
}

function digestOf(
  nameBytes: Buffer,
  method: number,
  sizes: Sizes,
  offset: number,
  key: Buffer,
): bigint {
  const numbers = [method, sizes.crc, sizes.compressed, sizes.plain, offset].join(' ')
  const digest = createHmac('sha256', key)
    .update(numbers)
    .update('\0')
    .update(nameBytes)
    .digest('hex')
  return BigInt(`0x${digest}`)
}

/**
 * Reads the 8-byte values of the ZIP64 extra field (4.5.3) one by one; undefined when there are no
 * more.
 */
function wideFields(extra: Buffer): () => number | undefined {
  let field = extraField(extra, ZIP_64)
  return () => {
    if (field.length < 8) return undefined
    const value = Number(field.readBigUInt64LE(0))
    field = field.subarray(8)
    return value
  }
}

const ZIP_64 = 0x0001
const UNICODE_PATH = 0x7075

/** The content of the first extra field of a kind (4.5.1); empty without one. */
function extraField(extra: Buffer, kind: number): Buffer {
  for (let at = 0; at + 4 <= extra.length;) {
    const end = at + 4 + extra.readUInt16LE(at + 2)
    if (extra.readUInt16LE(at) === kind) return Buffer.from(extra.subarray(at + 4, end))
    at = end
  }
  return Buffer.alloc(0)
}

/** Where the end record (4.3.16) says the directory is, and how much is in it. */
export interface DirectoryPlace {
  readonly entries: number
  readonly size: number
  readonly offset: number
}

/**
 * Undefined for a record of an archive in several files.
 *
 * @param wide the ZIP64 record (4.3.14) up to its offset, if there is one
 */
export function directoryPlace(end: Buffer, wide: Buffer | undefined): DirectoryPlace | undefined {
  const isWhole = end.readUInt32LE(4) === 0 && end.readUInt16LE(8) === end.readUInt16LE(10)
  if (!isWhole && !wide) return undefined
  const place = {
    entries: end.readUInt16LE(10),
    size: end.readUInt32LE(12),
    offset: end.readUInt32LE(16),
  }
  if (!wide) return place
  const far = {
    entries: Number(wide.readBigUInt64LE(32)),
    size: Number(wide.readBigUInt64LE(40)),
    offset: Number(wide.readBigUInt64LE(48)),
  }
  // A program that knows no ZIP64 must find the same directory, or none.
  const agrees =
    (place.entries === 0xffff || place.entries === far.entries) &&
    (place.size === MAX_32 || place.size === far.size) &&
    (place.offset === MAX_32 || place.offset === far.offset)
  return agrees ? far : undefined
}

export const DESCRIPTOR_MAX = 24

/**
 * The four forms of a data descriptor (4.3.9): with or without signature, with 8-byte or 4-byte
 * sizes. Longest first.
 */
const SHAPES = [
  { size: 24, isSigned: true, isWide: true },
  { size: 20, isSigned: false, isWide: true },
  { size: 16, isSigned: true, isWide: false },
  { size: 12, isSigned: false, isWide: false },
] as const

export interface Descriptor {
  readonly size: number
  readonly sizes: Sizes
}

/** Yields every interpretation of the bytes at `from` as a data descriptor. */
export function* descriptorsAt(bytes: Buffer, from: number): Generator<Descriptor> {
  for (const shape of SHAPES) {
    if (from < 0 || from + shape.size > bytes.length) continue
    if (shape.isSigned && bytes.readUInt32LE(from) !== DESCRIPTOR) continue
    const at = from + (shape.isSigned ? 4 : 0)
    const size = (index: number) =>
      shape.isWide
        ? Number(bytes.readBigUInt64LE(at + 4 + 8 * index))
        : bytes.readUInt32LE(at + 4 + 4 * index)
    yield {
      size: shape.size,
      sizes: { crc: bytes.readUInt32LE(at), compressed: size(0), plain: size(1) },
    }
  }
}

/** Yields every interpretation of the bytes just before `end` as a data descriptor. */
export function* descriptorsBefore(bytes: Buffer, end: number): Generator<Descriptor> {
  for (const { size } of SHAPES) {
    for (const descriptor of descriptorsAt(bytes.subarray(0, end), end - size)) {
      if (descriptor.size === size) yield descriptor
    }
  }
}

/** Whether a record that may follow an entry's data begins here. */
export function startsRecord(bytes: Buffer, at: number): boolean {
  return at + 4 <= bytes.length && FOLLOWING.has(bytes.readUInt32LE(at))
}

const FOLLOWING: ReadonlySet<number> = new Set([
  LOCAL_HEADER,
  CENTRAL_HEADER,
  DIRECTORY_END,
  DIRECTORY_END_64,
  ARCHIVE_EXTRA,
  DIGITAL_SIGNATURE,
])
