/**
 * Threads that seal, so that several transfers use several cores and the thread that serves
 * requests stays responsive. They start on first use, stop when idle, and never keep the process
 * alive.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'
import { DiskError } from '../lib/errors.js'
import { giveBlock } from './blocks.js'
import type { Frame } from './frames.js'
import type { Digests, WrittenFile } from './stations.js'
import type { FileLane, Lane } from './lane.js'
import type { SealerOptions } from './sealer.js'

/**
 * Requests to a thread. Those of one stream arrive in order: `open`, any number of `frame`, `end`;
 * with a file, then `place` and `sync`. One `whole` does the work of all of these, for a stream of
 * one frame. `close` may come at any time.
 */
export type WorkerRequest =
  | {
      readonly stream: number
      readonly open: SealerOptions
      readonly key: Uint8Array
      /** Path of a new file to write the result to, instead of returning it. */
      readonly file?: string
    }
  | WholeRequest
  | FileRequest
  | { readonly stream: number; readonly close: true }

/**
 * A stream of one frame, for the new file `file`. Answered when it is durable under the name
 * `path`, or written if it could not be given that name; `place` and `sync` then follow.
 */
export interface WholeRequest {
  readonly stream: number
  readonly whole: SealerOptions
  readonly key: Uint8Array
  readonly file: string
  readonly path: string
  readonly frame: Pick<Frame, 'bytes' | 'contentAt'>
}

/** What is answered for a stream. */
export type FileRequest =
  | { readonly stream: number; readonly frame: Pick<Frame, 'bytes' | 'contentAt'> }
  | { readonly stream: number; readonly end: true }
  | { readonly stream: number; readonly place: string }
  | { readonly stream: number; readonly sync: true }

/** Answers from a thread, in order: one per request, but none to `open` and `close`. */
export interface WorkerAnswer {
  readonly stream: number
  readonly frames: readonly Uint8Array[]
  readonly digests?: Digests
  /** Octets written to the file. */
  readonly size?: number
  /** Whether a `whole` file is durable under its name; its stream is closed then. */
  readonly isDurable?: boolean
  /** The frame's memory, returned for reuse. */
  readonly block?: Uint8Array
  /** Why the file cannot be written; `code` is that of the file system. */
  readonly failed?: { readonly message: string; readonly code?: string }
}

const FILE = new URL('./worker.js', import.meta.url)
/** One core is left to the caller, which serves requests. */
let most = Math.min(8, availableParallelism() - 1)
const IDLE_MS = 10_000
/**
 * Limits in MB for JavaScript objects; blocks are not counted. A small young generation frees
 * blocks sooner.
 */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 }
/** An unbuilt checkout has no compiled file for a thread to run. */
const CAN_RUN = isMainThread && existsSync(fileURLToPath(FILE))

/**
 * Overrides the number of threads, which otherwise follows the number of cores. 0 means no threads:
 * the caller does all the work. Affects only threads not yet started.
 */
export function setSealingThreads(count: number): void {
  most = count
}

const threads: Thread[] = []
let isBroken = false

/**
 * Returns the thread with the fewest streams, or undefined when the caller should do the work. A
 * single thread shares the load with the caller, which is sealing `own` streams: one stream alone
 * avoids the overhead of threads, and two use both cores.
 */
export function leastBusy(own: number): Thread | undefined {
  if (!canSealInThread()) return undefined
  const [best] = threads.toSorted((a, b) => a.load - b.load)
  if (most === 1 && own <= (best?.load ?? 0)) return undefined
  return leastLoaded()
}

/** Whether `leastLoaded` may be called. */
export const canSealInThread = (): boolean => CAN_RUN && most >= 1 && !isBroken

/** The thread with the fewest streams, or a new one while each of the others has some. */
export function leastLoaded(): Thread {
  const [best] = threads.toSorted((a, b) => a.load - b.load)
  if (best && (best.load === 0 || threads.length >= most)) return best
  const started = new Thread()
  threads.push(started)
  return started
}

/**
 * Starts the first thread before there is work for it, because starting takes as long as sealing 20
 * MB. It is idle until then.
 */
export function readyThread(): void {
  if (!canSealInThread() || threads.length > 0) return
  threads.push(new Thread())
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void
  readonly reject: (error: Error) => void
}

/**
 * Blocks sent to a thread and not yet answered: enough that neither side has to wait for the other.
 */
const BLOCKS_AHEAD = 2

class Thread {
  readonly #worker: Worker = new Worker(FILE, {
    name: 'seal',
    env: {},
    execArgv: [],
    resourceLimits: LIMITS,
  })
  readonly #waiting = new Map<number, Waiting[]>()
  #streams = 0
  #idle: NodeJS.Timeout | undefined

  constructor() {
    this.#worker.on('message', (answer: WorkerAnswer) => {
      const asked = this.#waiting.get(answer.stream)?.shift()
      if (answer.failed) asked?.reject(new DiskError(answer.failed))
      else asked?.resolve(answer)
    })
    this.#worker.on('error', (error) => {
      // If this machine cannot run threads, seal on the caller's thread.
      isBroken = true
      this.#leave(error)
    })
    this.#worker.on('exit', () => this.#leave(new Error('a sealing thread ended')))
    this.#rest()
  }

  get load(): number {
    return this.#waiting.size
  }

  /**
   * Opens a stream on this thread. `key` is in shared memory; the thread overwrites it after
   * copying the key.
   */
  open(key: Uint8Array, options: SealerOptions): Lane {
    const { stream, ask, close } = this.#begin()
    this.#post({ stream, key, open: options })
    return {
      ahead: BLOCKS_AHEAD,
      update: async ({ bytes, contentAt }) => {
        const request = { stream, frame: { bytes, contentAt } }
        const { frames, block: used } = await ask(request, bytes.buffer as ArrayBuffer)
        if (used) giveBlock(Buffer.from(used.buffer))
        return frames.map(asBuffer)
      },
      end: async () => {
        const { frames, digests } = await ask({ stream, end: true })
        return { frames: frames.map(asBuffer), digests }
      },
      close,
    }
  }

  /** Opens a stream whose result this thread writes to the new file `partial`. */
  openFile(key: Uint8Array, options: SealerOptions, partial: string): FileLane {
    const { stream, ask, close } = this.#begin()
    this.#post({ stream, key, open: options, file: partial })
    return {
      ahead: BLOCKS_AHEAD,
      update: async ({ bytes, contentAt }) => {
        const request = { stream, frame: { bytes, contentAt } }
        const { block: used } = await ask(request, bytes.buffer as ArrayBuffer)
        if (used) giveBlock(Buffer.from(used.buffer))
      },
      end: async () => {
        const { digests, size = 0 } = await ask({ stream, end: true })
        return { digests, size }
      },
      ...fileSteps(stream, ask),
      close,
    }
  }

  /**
   * Seals content of one frame into the new file `partial`, names it `path`, and makes both
   * durable, in one message.
   * @throws DiskError
   */
  async writeWhole(
    key: Uint8Array,
    options: SealerOptions,
    { bytes, contentAt }: Frame,
    { partial: file, path }: { readonly partial: string; readonly path: string },
  ): Promise<WrittenFile & { readonly digests: Digests | undefined }> {
    const { stream, ask, forget, close } = this.#begin()
    const request = { stream, whole: options, key, file, path, frame: { bytes, contentAt } }
    try {
      const answer = await ask(request, bytes.buffer as ArrayBuffer)
      const { digests, size = 0, isDurable = false, block: used } = answer
      if (used) giveBlock(Buffer.from(used.buffer))
      // The thread has forgotten the stream, too.
      if (isDurable) forget()
      return { digests, size, isDurable, ...fileSteps(stream, ask), close }
    } catch (error) {
      close()
      throw error
    }
  }

  #begin() {
    const stream = ++this.#streams
    const waiting: Waiting[] = []
    this.#waiting.set(stream, waiting)
    clearTimeout(this.#idle)
    this.#worker.ref()
    const ask = (request: WorkerRequest, transfer?: ArrayBuffer): Promise<WorkerAnswer> => {
      const answer = new Promise<WorkerAnswer>((resolve, reject) => {
        if (this.#waiting.has(stream)) waiting.push({ resolve, reject })
        else reject(new Error('a sealing thread ended'))
      })
      // Nobody awaits the answers of an abandoned stream.
      answer.catch(() => undefined)
      this.#post(request, transfer)
      return answer
    }
    const forget = (): boolean => {
      const isKnown = this.#waiting.delete(stream)
      if (isKnown && this.load === 0) this.#rest()
      return isKnown
    }
    const close = () => {
      if (forget()) this.#post({ stream, close: true })
    }
    return { stream, ask, forget, close }
  }

  #post(request: WorkerRequest, transfer?: ArrayBuffer): void {
    this.#worker.postMessage(request, transfer ? [transfer] : [])
  }

  #rest(): void {
    this.#worker.unref()
    this.#idle = setTimeout(() => {
      this.#leave(new Error('a sealing thread ended'))
      void this.#worker.terminate()
    }, IDLE_MS).unref()
  }

  #leave(error: Error): void {
    clearTimeout(this.#idle)
    const at = threads.indexOf(this)
    if (at >= 0) threads.splice(at, 1)
    const all = [...this.#waiting.values()].flat()
    this.#waiting.clear()
    for (const { reject } of all) reject(error)
  }
}

/** The steps after writing, each a request. */
const fileSteps = (
  stream: number,
  ask: (request: WorkerRequest) => Promise<WorkerAnswer>,
): Pick<WrittenFile, 'place' | 'sync'> => ({
  place: async (path) => {
    await ask({ stream, place: path })
  },
  sync: async () => {
    await ask({ stream, sync: true })
  },
})

const asBuffer = (frame: Uint8Array): Buffer =>
  Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
