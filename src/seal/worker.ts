/**
 * The code of a sealing thread: it handles many streams, each with its own Sealer. A stream that
 * goes to a file is written here as well. See workers.ts.
 */
import { parentPort } from 'node:worker_threads'
import { SealedFile } from './sealed-file.js'
import { Sealer } from './sealer.js'
import type { FileRequest, WholeRequest, WorkerAnswer, WorkerRequest } from './workers.js'

const sealers = new Map<number, Sealer>()
const files = new Map<number, FileStream>()

parentPort?.on('message', (request: WorkerRequest) => {
  const { stream } = request
  if ('open' in request) {
    sealers.set(stream, new Sealer(request.key, request.open))
    request.key.fill(0)
    if (request.file !== undefined) files.set(stream, new FileStream(stream, request.file))
    return
  }
  if ('whole' in request) {
    const sealer = new Sealer(request.key, request.whole)
    request.key.fill(0)
    const file = new FileStream(stream, request.file)
    sealers.set(stream, sealer)
    files.set(stream, file)
    file.takeWhole(sealer, request)
    return
  }
  const sealer = sealers.get(stream)
  if (!sealer) return
  const file = files.get(stream)
  if ('close' in request) {
    sealer.forget()
    sealers.delete(stream)
    files.delete(stream)
    file?.close()
  } else if (file) file.take(sealer, request)
  else if ('frame' in request) {
    sealer.update(request.frame)
    const { bytes } = request.frame
    answer({ stream, frames: sealer.take(), block: bytes }, bytes)
  } else if ('end' in request) {
    sealer.end()
    const frames = sealer.take()
    const digests = sealer.digests()
    answer({ stream, frames, ...(digests && { digests }) })
  }
})

/**
 * One stream that is sealed into a file. Frames are sealed as they arrive, while earlier ones are
 * still being written; everything else happens in the order of the requests. After a failure,
 * every further request fails with the same error, except that a failed `place` may be repeated.
 */
class FileStream {
  readonly #stream: number
  readonly #file: SealedFile | undefined
  #last: Promise<unknown>

  constructor(stream: number, partial: string) {
    this.#stream = stream
    try {
      this.#file = new SealedFile(partial)
      this.#last = Promise.resolve()
    } catch (error) {
      this.#last = Promise.reject(asError(error))
    }
    this.#last.catch(() => undefined)
  }

  take(sealer: Sealer, request: FileRequest): void {
    const file = this.#file
    if ('frame' in request) {
      sealer.update(request.frame)
      const frames = sealer.take()
      const { bytes } = request.frame
      this.#then(
        () => file?.write(frames),
        () => ({ block: bytes }),
        bytes,
      )
    } else if ('end' in request) {
      sealer.end()
      const frames = sealer.take()
      const digests = sealer.digests()
      this.#then(
        () => file?.write(frames),
        () => ({ ...(digests && { digests }), size: file?.size ?? 0 }),
      )
    } else if ('place' in request) this.#place(request.place)
    else
      this.#then(
        () => file?.sync(),
        () => ({}),
      )
  }

  /**
   * Seals and writes a stream that consists of one frame, gives it its name, and makes both
   * durable. If it cannot have that name, the caller decides, as for any other stream.
   */
  takeWhole(sealer: Sealer, { frame, path }: WholeRequest): void {
    const file = this.#file
    const stream = this.#stream
    sealer.update(frame)
    sealer.end()
    const frames = sealer.take()
    const digests = sealer.digests()
    this.#last = this.#last.then(() => file?.writeAtOnce(frames))
    const isDurable = this.#last.then(() => file?.placeDurably(path) ?? false)
    this.#last = isDurable
    isDurable.then(
      (isDurable) => {
        if (isDurable) {
          sealer.forget()
          sealers.delete(stream)
          files.delete(stream)
        }
        const size = file?.size ?? 0
        const said = { stream, frames: [], ...(digests && { digests }), size, isDurable }
        answer({ ...said, block: frame.bytes }, frame.bytes)
      },
      (error: unknown) => this.#fail(error),
    )
  }

  /** Waits for what was already requested: closing a file while it is written is unsafe. */
  close(): void {
    void this.#last.catch(() => undefined).then(() => this.#file?.close())
  }

  #then(
    work: () => Promise<void> | undefined,
    result: () => Omit<WorkerAnswer, 'stream' | 'frames'>,
    block?: Uint8Array,
  ): void {
    this.#last = this.#last.then(work)
    this.#last.then(
      () => answer({ stream: this.#stream, frames: [], ...result() }, block),
      (error: unknown) => this.#fail(error),
    )
  }

  #place(path: string): void {
    this.#last.then(
      () => {
        try {
          this.#file?.place(path)
          answer({ stream: this.#stream, frames: [] })
        } catch (error) {
          this.#fail(error)
        }
      },
      (error: unknown) => this.#fail(error),
    )
  }

  #fail(error: unknown): void {
    const { message, code } = asError(error)
    const failed = { message, ...(code !== undefined && { code }) }
    answer({ stream: this.#stream, frames: [], failed })
  }
}

const asError = (error: unknown): NodeJS.ErrnoException =>
  error instanceof Error ? error : new Error('a sealing thread failed')

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
