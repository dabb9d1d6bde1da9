/**
 * Threads that seal, so that several transfers take several cores and the one that answers requests
 * stays free. They start when they are first needed, end when they have been idle, and never keep a
 * process alive by themselves.
 */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread, Worker } from 'node:worker_threads'
import { giveBlock } from './blocks.js'
import type { Frame } from './frames.js'
import type { Digests } from './stations.js'
import type { Lane } from './lane.js'
import type { SealerOptions } from './sealer.js'

/**
 * To a thread. Messages of one stream are in order: `open`, any number of `frame`, `end`; `close`
 * at any time.
 */
export type WorkerRequest =
  | { readonly stream: number; readonly open: SealerOptions; readonly key: Uint8Array }
  | { readonly stream: number; readonly frame: Pick<Frame, 'bytes' | 'contentAt'> }
  | { readonly stream: number; readonly end: true }
  | { readonly stream: number; readonly close: true }

/** From a thread: one for each `frame` and for `end`, in their order. */
export interface WorkerAnswer {
  readonly stream: number
  readonly frames: readonly Uint8Array[]
  readonly digests?: Digests
  /** The frame's memory, back for the next one. */
  readonly block?: Uint8Array
}

const FILE = new URL('./worker.js', import.meta.url)
/** One core is left to the caller, which answers requests. */
let most = Math.min(8, availableParallelism() - 1)
const IDLE_MS = 10_000
/**
 * MB of JavaScript objects; the blocks lie outside. A small young generation gives them back
 * sooner.
 */
const LIMITS = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 }
/** Where the code was not built there is no file that a thread could run. */
const CAN_RUN = isMainThread && existsSync(fileURLToPath(FILE))

/**
 * Another number of threads than there are cores; 0 means none, and all work where the caller is.
 * For threads not started yet.
 */
export function setSealingThreads(count: number): void {
  most = count
}

const threads: Thread[] = []
let isBroken = false

/**
 * The thread with the fewest streams; undefined where there is none. A single thread shares with
 * the caller, who has `own` streams: so one stream alone pays nothing for threads, and two take
 * both cores.
 */
export function leastBusy(own: number): Thread | undefined {
  if (!CAN_RUN || most < 1 || isBroken) return undefined
  const [best] = threads.toSorted((a, b) => a.load - b.load)
  if (most === 1 && own <= (best?.load ?? 0)) return undefined
  if (best && (best.load === 0 || threads.length >= most)) return best
  const started = new Thread()
  threads.push(started)
  return started
}

/**
 * Starts the first thread before there is work for it: its start takes as long as sealing 20 MB. It
 * rests until then.
 */
export function readyThread(): void {
  if (!CAN_RUN || most < 1 || isBroken || threads.length > 0) return
  threads.push(new Thread())
}

interface Waiting {
  readonly resolve: (answer: WorkerAnswer) => void
  readonly reject: (error: Error) => void
}

/**
 * Blocks sent to a thread and not yet answered: enough that neither side waits for the other's
 * turn.
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
    this.#worker.on('message', (answer: WorkerAnswer) =>
      this.#waiting.get(answer.stream)?.shift()?.resolve(answer),
    )
    this.#worker.on('error', (error) => {
      // A machine that cannot run threads seals in the one it has.
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
   * A stream in this thread. `key` is shared memory, which the thread overwrites when it has taken
   * the key.
   */
  open(key: Uint8Array, options: SealerOptions): Lane {
    const stream = ++this.#streams
    const waiting: Waiting[] = []
    this.#waiting.set(stream, waiting)
    clearTimeout(this.#idle)
    this.#worker.ref()
    this.#post({ stream, key, open: options })
    const ask = (request: WorkerRequest, transfer?: ArrayBuffer): Promise<WorkerAnswer> => {
      const answer = new Promise<WorkerAnswer>((resolve, reject) => {
        if (this.#waiting.has(stream)) waiting.push({ resolve, reject })
        else reject(new Error('a sealing thread ended'))
      })
      // Whoever gave up the stream no longer looks at its answers.
      answer.catch(() => undefined)
      this.#post(request, transfer)
      return answer
    }
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
      close: () => {
        if (!this.#waiting.delete(stream)) return
        this.#post({ stream, close: true })
        if (this.load === 0) this.#rest()
      },
    }
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

const asBuffer = (frame: Uint8Array): Buffer =>
  Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength)
