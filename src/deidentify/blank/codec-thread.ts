/**
 * Sends frames to the codec thread, one at a time. The thread starts when it is first needed and
 * never keeps the process alive.
 */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { NocturneError } from '../../lib/errors.js'
import { inTurn } from '../../lib/in-turn.js'
import { codecsWith } from '../../pixels/index.js'
import type { Mask, Samples, WasmFrame } from '../../pixels/index.js'
import { codecBytes } from './codec-bytes.js'

export interface CodecRequest extends WasmFrame {
  /** What to blank; without it the frame is decoded. */
  readonly mask?: Mask
}

/** Has neither field if the frame could not be processed. */
export interface CodecAnswer {
  readonly blanked?: Uint8Array
  readonly samples?: Samples
}

const FILE = new URL('./codec-worker.js', import.meta.url)
/** In an environment that was not built there is no file that a thread could run. */
const CAN_RUN = existsSync(fileURLToPath(FILE))
/** An X-ray of 60 MB in JPEG 2000 takes half of this on a slow core. */
const FRAME_MS = 120_000
/** An idle thread is ended, because its memory grows with the largest frame and never shrinks. */
const IDLE_MS = 10_000

const oneAtATime = inTurn()
let worker: Worker | undefined
let idle: NodeJS.Timeout | undefined

/** @throws NocturneError `pixels_not_cleaned` */
async function blankInThread(request: Required<CodecRequest>): Promise<Buffer> {
  if (!CAN_RUN) {
    const { blankWasmFrame } = await import('../../pixels/index.js')
    return Buffer.from(await blankWasmFrame(request, codecBytes))
  }
  const { blanked } = await oneAtATime(() => ask(request))
  if (!blanked) throw new NocturneError('pixels_not_cleaned')
  return Buffer.from(blanked.buffer, blanked.byteOffset, blanked.length)
}

/** @throws NocturneError `pixels_not_cleaned` */
async function decodeInThread(request: Omit<CodecRequest, 'mask'>): Promise<Samples> {
  if (!CAN_RUN) {
    const { decodeWasmFrame } = await import('../../pixels/index.js')
    return await decodeWasmFrame(request, codecBytes)
  }
  const { samples } = await oneAtATime(() => ask(request))
  if (!samples) throw new NocturneError('pixels_not_cleaned')
  return samples
}

async function ask(request: CodecRequest): Promise<CodecAnswer> {
  clearTimeout(idle)
  // If the thread fails while it is idle, the next frame finds out.
  worker ??= new Worker(FILE, { name: 'codecs', env: {}, execArgv: [] }).on(
    'error',
    () => undefined,
  )
  const current = worker
  current.ref()
  const listening = new AbortController()
  try {
    return await answerOf(current, request, listening)
  } catch {
    worker = undefined
    void current.terminate()
    return {}
  } finally {
    listening.abort()
    current.unref()
    idle = setTimeout(() => {
      worker = undefined
      void current.terminate()
    }, IDLE_MS).unref()
  }
}

/** Rejects when the thread fails, exits, or takes too long. */
async function answerOf(
  current: Worker,
  request: CodecRequest,
  { signal }: AbortController,
): Promise<CodecAnswer> {
  const late = wait(FRAME_MS, undefined, { signal, ref: false }).then(() => {
    throw new Error('late')
  })
  const ended = once(current, 'exit', { signal }).then(() => {
    throw new Error('ended')
  })
  // `once` rejects when the thread fails.
  const answered = once(current, 'message', { signal })
  for (const one of [late, ended, answered]) one.catch(() => undefined)
  current.postMessage(request)
  const [answer] = (await Promise.race([answered, ended, late])) as [CodecAnswer]
  return answer
}

/** The codecs; those in WebAssembly run in the thread that this module manages. */
export const { codecOf, decoderOf } = codecsWith({ blank: blankInThread, decode: decodeInThread })
