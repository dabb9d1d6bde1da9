/** ZIP files, written and read as streams, by zip.js: the same code in Node and in browsers. */
import { ZipReader, ZipWriter } from '@zip.js/zip.js/index-native.js'
import type { FileEntry, Reader } from '@zip.js/zip.js/index-native.js'

export interface ZipMember {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array | string>
  /** It may exceed 4 GiB: the program that reads the ZIP then needs Zip64. */
  readonly mayBeLarge?: boolean
}

/** The content of a member that is at hand as a whole. */
export async function* once<T>(content: T): AsyncGenerator<T> {
  await Promise.resolve()
  yield content
}

/** How much is compressed at a time: single lines would make far too many small chunks. */
const CHUNK_BYTES = 64 * 1024
const OPTIONS = { useWebWorkers: false, level: 6 } as const

/**
 * A ZIP of the members, each read only once the one before is written. Fails if reading a member
 * fails.
 */
export async function* zipOf(members: Iterable<ZipMember>): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = new ZipWriter(writable, OPTIONS)
  let failure: unknown
  const written = (async () => {
    for (const { name, content, mayBeLarge } of members)
      await writer.add(name, toStream(content), { ...(mayBeLarge && { zip64: true }) })
    await writer.close()
  })().catch(async (error: unknown) => {
    failure = error
    await writable.abort(error).catch(() => undefined)
  })
  try {
    for await (const chunk of readable as unknown as AsyncIterable<Uint8Array>) yield chunk
    await written
  } catch (error) {
    throw failure ?? error
  }
}

const toStream = (content: AsyncIterable<Uint8Array | string>): ReadableStream<Uint8Array> => {
  const chunks = gather(content)
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const chunk = await chunks.next()
      if (chunk.done === true) controller.close()
      else controller.enqueue(chunk.value)
    },
    cancel: async () => {
      await chunks.return(undefined)
    },
  })
}

async function* gather(content: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  let texts: string[] = []
  let length = 0
  const take = (): Uint8Array => {
    const bytes = encoder.encode(texts.join(''))
    texts = []
    length = 0
    return bytes
  }
  for await (const piece of content) {
    if (typeof piece === 'string') {
      texts.push(piece)
      length += piece.length
      if (length < CHUNK_BYTES) continue
      yield take()
    } else {
      if (length > 0) yield take()
      yield piece
    }
  }
  if (length > 0) yield take()
}

/** Files by name, however they are stored. */
export interface NamedFiles {
  readonly names: readonly string[]
  /** Undefined when there is no file of that name. Each call reads from the start. */
  open(name: string): AsyncIterable<Uint8Array> | undefined
}

/** No genuine export has more members than this. */
const MAX_MEMBERS = 64

/**
 * The members of a ZIP, or undefined when the data is not a ZIP or could be read in more than one
 * way. Reading a member fails when its bytes do not match the checksum in the ZIP.
 */
export async function openZip(source: Reader<unknown>): Promise<NamedFiles | undefined> {
  try {
    const reader = new ZipReader(source, { useWebWorkers: false, strictness: 'strict' })
    const entries: FileEntry[] = []
    for await (const entry of reader.getEntriesGenerator()) {
      if (entry.directory) return undefined
      entries.push(entry)
      if (entries.length > MAX_MEMBERS) return undefined
    }
    const names = entries.map(({ filename }) => filename)
    if (new Set(names).size !== names.length) return undefined
    return {
      names,
      open: (name) => {
        const found = entries.find(({ filename }) => filename === name)
        return found && contentOf(found)
      },
    }
  } catch {
    return undefined
  }
}

async function* contentOf(entry: FileEntry): AsyncGenerator<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  let failure: unknown
  const done = entry
    .getData(writable, { useWebWorkers: false, checkSignature: true })
    .catch(async (error: unknown) => {
      failure = error
      await writable.abort(error).catch(() => undefined)
    })
  const chunks = readable.getReader()
  try {
    for (;;) {
      const { done: isDone, value } = await chunks.read()
      if (isDone) break
      yield value
    }
    await done
    if (failure instanceof Error) throw failure
  } finally {
    // A caller that stops early needs no more of it.
    await chunks.cancel().catch(() => undefined)
  }
}
