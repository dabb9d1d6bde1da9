/**
 * The code of a sealing thread: it handles many streams, each with its own Sealer. See workers.ts.
 */
import { parentPort } from 'node:worker_threads'
import { Sealer } from './sealer.js'
import type { WorkerAnswer, WorkerRequest } from './workers.js'

const sealers = new Map<number, Sealer>()

parentPort?.on('message', (request: WorkerRequest) => {
  const { stream } = request
  if ('open' in request) {
    sealers.set(stream, new Sealer(request.key, request.open))
    request.key.fill(0)
    return
  }
  const sealer = sealers.get(stream)
  if (!sealer) return
  if ('close' in request) {
    sealer.forget()
    sealers.delete(stream)
  } else if ('frame' in request) {
    sealer.update(request.frame)
    const { bytes } = request.frame
    answer({ stream, frames: sealer.take(), block: bytes }, bytes)
  } else {
    sealer.end()
    const frames = sealer.take()
    const digests = sealer.digests()
    answer({ stream, frames, ...(digests && { digests }) })
  }
})

/**
 * Large frames have their own memory, which is transferred; small ones may share Node's buffer pool
 * and are copied.
 */
function answer(message: WorkerAnswer, block?: Uint8Array): void {
  const own = message.frames.filter(({ buffer }) => buffer.byteLength > Buffer.poolSize)
  const all = block ? [...own, block] : own
  parentPort?.postMessage(
    message,
    all.map(({ buffer }) => buffer as ArrayBuffer),
  )
}
