import { giveBlock } from './blocks.js'
import type { Frame } from './frames.js'
import type { Digests, SealedStream } from './index.js'
import { Sealer } from './sealer.js'
import type { SealerOptions } from './sealer.js'
import { openLane } from './workers.js'
import type { Lane } from './workers.js'

/**
 * One data packet over the content as it comes. The session key is copied before this returns: the caller may forget
 * its own at once. A content that fails makes the stream fail with the same error, and what was given out until then
 * is not a message.
 *
 * A content of one block is sealed where the caller is, a larger one in a worker thread, if there are any.
 */
export function sealStream(
  sessionKey: Uint8Array,
  frames: Frames,
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
    bytes: once(() => run(key, frames, options, keep)),
    digests: () => {
      if (!digests) throw new Error('the digests are known when a measured stream has ended')
      return digests
    },
  } as SealedStream
}

type Keep = (digests: Digests | undefined) => void

async function* run(
  key: Uint8Array,
  frames: Frames,
  options: SealerOptions,
  keep: Keep,
): AsyncGenerator<Buffer> {
  try {
    const first = await frames.next()
    const isLong = first.done !== true && !first.value.isLast
    const lane = isLong ? openLane(key, options) : undefined
    yield* lane ? inWorker(lane, first, frames, keep) : here(key, options, first, frames, keep)
  } finally {
    key.fill(0)
    await frames.return(undefined)
  }
}

type Frames = AsyncGenerator<Frame, void, undefined>
type First = IteratorResult<Frame, void>

async function* here(
  key: Uint8Array,
  options: SealerOptions,
  first: First,
  frames: Frames,
  keep: Keep,
): AsyncGenerator<Buffer> {
  const sealer = new Sealer(key, options)
  try {
    for (let next = first; next.done !== true; next = await frames.next()) {
      sealer.update(next.value)
      giveBlock(Buffer.from(next.value.bytes.buffer))
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
  frames: Frames,
  keep: Keep,
): AsyncGenerator<Buffer> {
  try {
    const answers: Promise<readonly Buffer[]>[] = []
    for (let next = first; next.done !== true; next = await frames.next()) {
      answers.push(lane.update(next.value))
      if (answers.length >= BLOCKS_AHEAD) yield* (await answers.shift()) ?? []
    }
    const last = lane.end()
    for (const answer of answers) yield* await answer
    const { frames: rest, digests } = await last
    yield* rest
    keep(digests)
  } finally {
    lane.close()
  }
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
