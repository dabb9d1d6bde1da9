import type { Frame } from './frames.js'
import type { Digests, SealedStream, WrittenFile } from './stations.js'
import type { FileLane } from './lane.js'
import { openLane } from './lanes.js'
import type { SealerOptions } from './sealer.js'
import { canSealInThread, leastLoaded } from './workers.js'

/**
 * Seals the content as one data packet, as it arrives. The session key is copied before this
 * returns, so the caller may overwrite its own immediately. If the content fails, the stream fails
 * with the same error, and what it has yielded so far is not a valid message. A worker thread may
 * do the work, so a reader that starts the stream must read it to the end or call the iterator's
 * `return`.
 */
export function sealStream(
  sessionKey: Uint8Array,
  frames: Frames,
  options: SealerOptions,
): SealedStream {
  // Shared memory lets a worker read the key in place, so no further copy of it exists.
  const key = new Uint8Array(new SharedArrayBuffer(sessionKey.length))
  key.set(sessionKey)
  let digests: Digests | undefined
  const keep = (found: Digests | undefined): void => {
    digests = found
  }
  let isTaken = false
  const take = (): void => {
    // A spent generator iterated again would look like an empty object.
    if (isTaken) throw new Error('a sealed stream can be read once')
    isTaken = true
  }
  const stream: Pick<SealedStream, 'bytes' | 'digests' | 'toFile'> = {
    bytes: {
      [Symbol.asyncIterator]() {
        take()
        return run(key, frames, options, keep)
      },
    },
    ...(canSealInThread() && {
      toFile: (partial: string, path?: string) => {
        take()
        return runToFile(key, frames, { ...options, partial, path }, keep)
      },
    }),
    digests: () => {
      if (!digests) throw new Error('the digests are known when a measured stream has ended')
      return digests
    },
  }
  return stream as SealedStream
}

type Keep = (digests: Digests | undefined) => void

type Frames = AsyncGenerator<Frame, void, undefined>

async function* run(
  key: Uint8Array,
  frames: Frames,
  options: SealerOptions,
  keep: Keep,
): AsyncGenerator<Buffer> {
  try {
    let next = await frames.next()
    const lane = openLane(key, options, next.done === true ? undefined : next.value)
    try {
      const answers: Promise<readonly Buffer[]>[] = []
      for (; next.done !== true; next = await frames.next()) {
        answers.push(lane.update(next.value))
        if (answers.length < lane.ahead) continue
        for (const sealed of (await answers.shift()) ?? []) yield sealed
      }
      const last = lane.end()
      for (const answer of answers) for (const sealed of await answer) yield sealed
      const { frames: rest, digests } = await last
      yield* rest
      keep(digests)
    } finally {
      lane.close()
    }
  } finally {
    key.fill(0)
    await frames.return(undefined)
  }
}

interface FileNames {
  readonly partial: string
  readonly path: string | undefined
}

async function runToFile(
  key: Uint8Array,
  frames: Frames,
  { partial, path, ...options }: SealerOptions & FileNames,
  keep: Keep,
): Promise<WrittenFile> {
  let lane: FileLane | undefined
  try {
    let next = await frames.next()
    // The content has ended without an error when its last frame is made.
    if (path !== undefined && next.done !== true && next.value.isLast) {
      const names = { partial, path }
      const { digests, ...file } = await leastLoaded().writeWhole(key, options, next.value, names)
      keep(digests)
      return file
    }
    lane = leastLoaded().openFile(key, options, partial)
    const answers: Promise<void>[] = []
    for (; next.done !== true; next = await frames.next()) {
      answers.push(lane.update(next.value))
      if (answers.length >= lane.ahead) await answers.shift()
    }
    const last = lane.end()
    for (const answer of answers) await answer
    const { digests, size } = await last
    keep(digests)
    const { place, sync, close } = lane
    return { size, place, sync, close }
  } catch (error) {
    lane?.close()
    throw error
  } finally {
    key.fill(0)
    await frames.return(undefined)
  }
}
