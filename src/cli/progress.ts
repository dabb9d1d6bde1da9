import type { Writable } from 'node:stream'
import { formatBytes } from './format.js'

export interface ProgressOptions {
  /** The activity, such as `sending`. */
  readonly label: string
  readonly totalBytes?: number
  readonly totalItems?: number
  readonly now?: () => number
}

/** Minimum time between redraws. */
const REDRAW_MS = 100
const BAR_CELLS = 20

/**
 * One line on a terminal: a bar, bytes, rate, items and time left. It is redrawn when the work
 * reports progress, not by a timer, so it never keeps a process alive; and it is cleared at the
 * end, so that only messages remain on the terminal.
 */
export class Progress {
  readonly #stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }
  readonly #options: ProgressOptions
  readonly #now: () => number
  readonly #startedAt: number
  #bytes = 0
  #items = 0
  /** Bytes that existed when the work began: they count as done, but not for the rate. */
  #skippedBytes = 0
  #drawnAt = -Infinity
  #isDrawn = false

  constructor(
    stream: Writable & { readonly isTTY?: boolean; readonly columns?: number },
    options: ProgressOptions,
  ) {
    this.#stream = stream
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#startedAt = this.#now()
  }

  addBytes(count: number): void {
    this.#bytes += count
    this.#draw()
  }

  /** Bytes that need no work, such as the part of a download that is already on disk. */
  skipBytes(count: number): void {
    this.#skippedBytes += count
    this.addBytes(count)
  }

  addItem(): void {
    this.#items += 1
    this.#draw()
  }

  /** Bytes that must be processed again after all. */
  takeBack(bytes: number, items: number): void {
    this.#bytes -= bytes
    this.#items -= items
  }

  /** Clears the line; the next report draws it again. */
  clear(): void {
    if (!this.#isDrawn) return
    this.#isDrawn = false
    this.#drawnAt = -Infinity
    this.#stream.write('\r\u001b[K')
  }

  #draw(): void {
    if (this.#stream.isTTY !== true) return
    const now = this.#now()
    if (now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    this.#isDrawn = true
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1)
    this.#stream.write(`\r\u001b[K${this.#line(now).slice(0, width)}`)
  }

  #line(now: number): string {
    const { label, totalBytes, totalItems } = this.#options
    const seconds = Math.max(0.001, (now - this.#startedAt) / 1000)
    const rate = (this.#bytes - this.#skippedBytes) / seconds
    const parts = [label]
    if (totalBytes === undefined) {
      parts.push(formatBytes(this.#bytes))
    } else {
      const done = totalBytes === 0 ? 1 : Math.min(1, this.#bytes / totalBytes)
      const cells = Math.floor(done * BAR_CELLS)
      parts.push(
        `[${'#'.repeat(cells)}${'-'.repeat(BAR_CELLS - cells)}]`,
        `${String(Math.floor(done * 100)).padStart(3)} %`,
        `${formatBytes(this.#bytes)} of ${formatBytes(totalBytes)}`,
      )
    }
    parts.push(`${formatBytes(rate)}/s`)
    if (totalItems !== undefined) parts.push(`${this.#items}/${totalItems} items`)
    if (totalBytes !== undefined && rate > 0) {
      parts.push(`${formatSeconds(Math.max(0, totalBytes - this.#bytes) / rate)} left`)
    }
    return parts.join('  ')
  }
}

/** `0:07`, `12:30`, `3:02:01`. */
function formatSeconds(seconds: number): string {
  const whole = Math.ceil(Math.min(seconds, 359_999))
  const two = (part: number) => String(part).padStart(2, '0')
  const hours = Math.floor(whole / 3600)
  const minutes = Math.floor(whole / 60) % 60
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`
}
