import { unarmor } from 'openpgp'

/** Armored messages are decoded in memory. */
const MAX_ARMORED_BYTES = 64 * 1024 * 1024

/**
 * A sealed file's octets, with any armor (RFC 9580 section 6) removed. Throws for text that is not
 * an armored message.
 */
export async function* messageOf(file: File): AsyncGenerator<Uint8Array> {
  const [first = 0] = new Uint8Array(await file.slice(0, 1).arrayBuffer())
  // A packet begins with bit 7 set; text does not.
  if (first >= 0x80) {
    yield* piecesOf(file.stream())
    return
  }
  if (file.size > MAX_ARMORED_BYTES) throw new Error('too large')
  const unarmored: { readonly data: unknown } = await unarmor(await file.text())
  if (!(unarmored.data instanceof Uint8Array)) throw new TypeError('not in memory')
  yield unarmored.data
}

/** The chunks of a stream: not every browser can iterate over one. */
export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (let next; !(next = await reader.read()).done;) yield next.value
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
