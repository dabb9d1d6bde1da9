import { BLOCK_BYTES, giveBlock, takeBlock } from './blocks.js'
import type { Digests, Sealable, SealedStream } from './index.js'
import { Sealer } from './sealer.js'
import type { SealerOptions } from './sealer.js'
import { openLane } from './workers.js'
import type { Lane } from './workers.js'

/**
 * One data packet over the content as it comes. The session key is copied before this returns: the caller may forget
 * its own at once. A content that fails makes the stream fail with the same error, and what was given out until then
 * is not a message.
 *
 * Up to one block is sealed where the caller is; a larger content goes on in a worker thread, if there is one.
 */
export function sealStream(
  sessionKey: Uint8Array,
  content: Sealable | Iterable<Uint8Array>,
  options: SealerOptions,
): SealedStream {
  // Shared memory, so that a worker takes the key from here and no copy of it is made on the way.
  const key = new Uint8Array(new SharedArrayBuffer(sessionKey.length))
  key.set(sessionKey)
  let digests: Digests | undefined
  const keep = (found: Digests | undefined): void => {
    digests = found
  }
  return {
    bytes: once(() => run(key, content, options, keep)),
    digests: () => {
      if (!digests) throw new Error('the digests are known when a measured stream has ended')
      return digests
    },
  } as SealedStream
}

type Keep = (digests: Digests | undefined) => void

async function* run(
  key: Uint8Array,
  content: Sealable | Iterable<Uint8Array>,
  options: SealerOptions,
  keep: Keep,
): AsyncGenerator<Buffer> {
  const blocks = intoBlocks(content)
  try {
    const first = await blocks.next()
    const isShort = first.done === true || first.value.length < BLOCK_BYTES
    const lane = isShort ? undefined : openLane(key, options)
    yield* lane ? inWorker(lane, first, blocks, keep) : here(key, options, first, blocks, keep)
  } finally {
    key.fill(0)
    await blocks.return(undefined)
  }
}

type Blocks = AsyncGenerator<Uint8Array, void, undefined>
type First = IteratorResult<Uint8Array, void>

async function* here(
  key: Uint8Array,
  options: SealerOptions,
  first: First,
  blocks: Blocks,
  keep: Keep,
): AsyncGenerator<Buffer> {
  const sealer = new Sealer(key, options)
  try {
    for (let next = first; next.done !== true; next = await blocks.next()) {
      sealer.update(next.value)
      giveBlock(Buffer.from(next.value.buffer))
      yield* sealer.take()
    }
    sealer.end()
    yield* sealer.take()
    keep(sealer.digests())
  } finally {
    sealer.forget()
  }
}

/** Blocks sent to the worker and not yet answered: enough that neither side waits for the other's turn. */
const BLOCKS_AHEAD = 3

async function* inWorker(
  lane: Lane,
  first: First,
  blocks: Blocks,
  keep: Keep,
): AsyncGenerator<Buffer> {
  try {
    const answers: Promise<readonly Buffer[]>[] = []
    for (let next = first; next.done !== true; next = await blocks.next()) {
      answers.push(lane.update(next.value))
      if (answers.length >= BLOCKS_AHEAD) yield* (await answers.shift()) ?? []
    }
    const last = lane.end()
    for (const answer of answers) yield* await answer
    const { frames, digests } = await last
    yield* frames
    keep(digests)
  } finally {
    lane.close()
  }
}

/** The content in blocks of one size, each at the beginning of memory of its own (`takeBlock`), and a shorter last one. */
async function* intoBlocks(content: Sealable | Iterable<Uint8Array>): Blocks {
  let block = takeBlock()
  let filled = 0
  for await (const piece of content) {
    for (let at = 0; at < piece.length;) {
      if (filled === BLOCK_BYTES) {
        yield block.subarray(0, BLOCK_BYTES)
        block = takeBlock()
        filled = 0
      }
      const count = Math.min(BLOCK_BYTES - filled, piece.length - at)
      block.set(count === piece.length ? piece : piece.subarray(at, at + count), filled)
      filled += count
      at += count
    }
  }
  if (filled > 0) yield block.subarray(0, filled)
}

/** A second iteration of a spent generator would look like an empty object, so it throws. */
function once(start: () => AsyncGenerator<Buffer>): AsyncIterable<Buffer> {
  let isTaken = false
  return {
    [Symbol.asyncIterator]() {
      if (isTaken) throw new Error('a sealed stream can be read once')
      isTaken = true
      return start()
    },
  }
}
