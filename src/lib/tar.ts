/**
 * POSIX tar (ustar, IEEE 1003.1) of plain files, written and read as a stream; any `tar` can unpack
 * it.
 */
export interface TarFile {
  /** Relative, with slashes; at most 100 bytes, plus up to 155 bytes of folders before it. */
  readonly name: string
  readonly size: number
  readonly content: AsyncIterable<Uint8Array>
}

const BLOCK = 512

/**
 * @throws TypeError for a name that does not fit, or content whose size differs from the one given
 */
export async function* tarOf(files: AsyncIterable<TarFile>): AsyncGenerator<Uint8Array> {
  for await (const { name, size, content } of files) {
    yield headerOf(name, size)
    let length = 0
    for await (const chunk of content) {
      length += chunk.length
      if (length > size) break
      yield chunk
    }
    if (length !== size) throw new TypeError(`${name} changed while it was read`)
    yield new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK)
  }
  yield new Uint8Array(2 * BLOCK)
}

function headerOf(name: string, size: number): Uint8Array {
  const header = Buffer.alloc(BLOCK)
  const [prefix, rest] = split(name)
  header.write(rest, 0, 100, 'utf8')
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(size > 0o77777777777 ? base256(size) : `${octal(size, 11)}\0`, 124, 'latin1')
  header.write(`${octal(0, 11)}\0`, 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  header.write(prefix, 345, 155, 'utf8')
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return header
}

/** GNU's form of a size beyond 8 GiB, which every current tar reads. */
function base256(size: number): string {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt8(0x80, 0)
  bytes.writeBigUInt64BE(BigInt(size), 4)
  return bytes.toString('latin1')
}

function split(name: string): readonly [string, string] {
  if (Buffer.byteLength(name) <= 100) return ['', name]
  for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) {
    const [prefix, rest] = [name.slice(0, at), name.slice(at + 1)]
    if (Buffer.byteLength(rest) > 100) break
    if (Buffer.byteLength(prefix) <= 155) return [prefix, rest]
  }
  throw new TypeError(`the name ${name} is too long for an archive`)
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

/**
 * Each file is read or skipped before the next one is requested.
 *
 * @throws TypeError if the data is not such an archive, ends early, or names a path outside its
 * folder
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarFile> {
  const bytes = new Blocks(source)
  for (;;) {
    const header = await bytes.take(BLOCK)
    if (header.every((byte) => byte === 0)) break
    const { name, size } = parseHeader(header)
    let left = size
    const content = (async function* () {
      while (left > 0) {
        const chunk = await bytes.some(left)
        left -= chunk.length
        yield chunk
      }
    })()
    yield { name, size, content }
    // Skips what the caller left unread.
    while (left > 0) left -= (await bytes.some(left)).length
    await bytes.take((BLOCK - (size % BLOCK)) % BLOCK)
  }
  await bytes.drain()
}

function parseHeader(header: Buffer): { readonly name: string; readonly size: number } {
  const text = (at: number, length: number) =>
    header.toString('utf8', at, at + length).replace(/\0.*$/s, '')
  const sum = header.reduce((total, byte, i) => total + (i >= 148 && i < 156 ? 32 : byte), 0)
  if (Number.parseInt(text(148, 8), 8) !== sum) throw new TypeError('not an archive')
  const name = [text(345, 155), text(0, 100)].filter((part) => part !== '').join('/')
  const size =
    ((header[124] ?? 0) & 0x80) === 0
      ? Number.parseInt(text(124, 12), 8)
      : Number(header.readBigUInt64BE(128))
  const isSafe = name !== '' && !name.startsWith('/') && !name.split('/').includes('..')
  if (!isSafe || !Number.isSafeInteger(size) || size < 0) throw new TypeError('not an archive')
  return { name, size }
}

/** Bytes of a stream in pieces of requested sizes. */
class Blocks {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]()
  }

  async some(most: number): Promise<Buffer> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) throw new TypeError('the archive ends early')
      // The code that opens a message may reuse its memory.
      this.#rest = Buffer.from(next.value)
    }
    const taken = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(taken.length)
    return taken
  }

  async take(length: number): Promise<Buffer> {
    const pieces: Buffer[] = []
    for (let left = length; left > 0;) {
      const piece = await this.some(left)
      left -= piece.length
      pieces.push(piece)
    }
    return Buffer.concat(pieces)
  }

  /** Reads to the end, where a sealed message proves that it is complete. */
  async drain(): Promise<void> {
    while ((await this.#chunks.next()).done !== true) continue
  }
}
