/**
 * Reads the octets of one connection on demand, so that the reader sets the peer's pace. About
 * READ_AHEAD octets are buffered at most. Timeouts run only while we wait for the peer, never while
 * it waits for us, so slow durable storage does not end the association.
 */
import type { Duplex } from 'node:stream'

const READ_AHEAD = 256 * 1024
/** A peer that sends less than this within its patience counts as silent. */
const LEAST_OCTETS = 8 * 1024

/** The peer sent nothing, or almost nothing, within the time allowed. */
export class SlowPeerError extends Error {
  override readonly name = 'SlowPeerError'
}

/** The connection ended. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError'
}

export class Wire {
  readonly #socket: Duplex
  #chunks: Buffer[] = []
  /** Octets of the first chunk that were already handed out. */
  #offset = 0
  #held = 0
  #isClosed = false
  #wake: (() => void) | undefined
  #isWritable: ((error?: Error) => void) | undefined
  #patienceMs: number
  #waitedMs = 0
  #sinceMoved = 0
  /** Resolves when the connection is closed in both directions. */
  readonly closed: Promise<void>

  constructor(socket: Duplex, patienceMs: number) {
    this.#socket = socket
    this.#patienceMs = patienceMs
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk)
      this.#held += chunk.length
      if (this.#held >= READ_AHEAD) socket.pause()
      this.#wake?.()
    })
    const over = () => {
      this.#isClosed = true
      this.#wake?.()
    }
    socket.on('end', over).on('close', over)
    // An error carries no more information than the end itself: a reset connection is closed.
    socket.on('error', over)
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#isWritable?.(new ClosedError())
        resolve()
      })
    })
    socket.on('drain', () => this.#isWritable?.())
    socket.resume()
  }

  /**
   * From now on, the peer has this long for each 8 KiB, or for the next read if that is smaller.
   */
  bePatient(patienceMs: number): void {
    this.#patienceMs = patienceMs
    this.#waitedMs = 0
    this.#sinceMoved = 0
  }

  /**
   * Returns exactly `count` octets; undefined if the connection ended before the first of them.
   *
   * @throws ClosedError when it ended partway through
   * @throws SlowPeerError
   */
  async exactly(count: number): Promise<Buffer | undefined> {
    while (this.#held < count) {
      if (this.#isClosed) {
        if (this.#held === 0) return undefined
        throw new ClosedError()
      }
      await this.#more(count)
    }
    const [first] = this.#chunks
    if (first && first.length - this.#offset >= count) return this.#cut(first, count)
    const parts: Buffer[] = []
    for (let left = count; left > 0;) {
      const part = this.#cut(this.#chunks[0] ?? Buffer.alloc(0), left)
      parts.push(part)
      left -= part.length
    }
    return Buffer.concat(parts, count)
  }

  /**
   * Returns between 1 and `most` octets, without copying.
   *
   * @throws ClosedError, SlowPeerError
   */
  async some(most: number): Promise<Buffer> {
    for (;;) {
      const [first] = this.#chunks
      if (first) return this.#cut(first, most)
      if (this.#isClosed) throw new ClosedError()
      await this.#more(1)
    }
  }

  /**
   * Resolves when the peer can take more.
   *
   * @throws ClosedError, SlowPeerError
   */
  async write(bytes: Buffer): Promise<void> {
    const socket = this.#socket
    if (socket.destroyed || !socket.writable) throw new ClosedError()
    if (socket.write(bytes)) return
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#isWritable = (error) => (error ? reject(error) : resolve())
      timer = setTimeout(() => reject(new SlowPeerError()), this.#patienceMs)
    }).finally(() => {
      clearTimeout(timer)
      this.#isWritable = undefined
    })
  }

  /** Sends everything written until the next tick together. */
  cork(): void {
    this.#socket.cork()
    process.nextTick(() => this.#socket.uncork())
  }

  /** Closes both directions immediately. */
  destroy(): void {
    this.#socket.destroy()
  }

  /** Discards everything that arrives from now on. */
  discard(): void {
    this.#chunks = []
    this.#held = 0
    this.#offset = 0
    this.#socket.removeAllListeners('data')
    this.#socket.resume()
  }

  #cut(first: Buffer, most: number): Buffer {
    const end = Math.min(first.length, this.#offset + most)
    const part = first.subarray(this.#offset, end)
    if (end === first.length) {
      this.#chunks.shift()
      this.#offset = 0
    } else this.#offset = end
    this.#held -= part.length
    if (this.#held < READ_AHEAD) this.#socket.resume()
    return part
  }

  /** @param wanted octets that end the wait; it also ends, with fewer, when the connection does. */
  async #more(wanted: number): Promise<void> {
    const before = this.#held
    const began = performance.now()
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve
      timer = setTimeout(() => reject(new SlowPeerError()), this.#patienceMs - this.#waitedMs)
      if (this.#held >= wanted || this.#isClosed) resolve()
    }).finally(() => {
      clearTimeout(timer)
      this.#wake = undefined
    })
    this.#waitedMs += performance.now() - began
    this.#sinceMoved += this.#held - before
    if (this.#sinceMoved >= LEAST_OCTETS) {
      this.#sinceMoved = 0
      this.#waitedMs = 0
    }
  }
}
