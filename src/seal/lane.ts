/** The interface for sealing one stream. */
import type { Frame } from './frames.js'
import type { Digests } from './stations.js'

/** Seals one stream, on a worker thread or on the caller's own. */
export interface Lane {
  /** How many frames may be in progress at a time. */
  readonly ahead: number
  /** Takes ownership of the frame's memory. */
  update(frame: Frame): Promise<readonly Buffer[]>
  end(): Promise<{ readonly frames: readonly Buffer[]; readonly digests: Digests | undefined }>
  /** Call once, however the stream ended: it overwrites the key. */
  close(): void
}

/**
 * Seals one stream into a new file, on a worker thread. Whatever fails, call `close`, and then
 * nothing else.
 */
export interface FileLane extends Pick<Lane, 'ahead'> {
  /** Takes ownership of the frame's memory. */
  update(frame: Frame): Promise<void>
  /** Resolves when everything is written, though not yet durable. */
  end(): Promise<{ readonly digests: Digests | undefined; readonly size: number }>
  /** These are the functions of `WrittenFile`. */
  readonly place: (path: string) => Promise<void>
  readonly sync: () => Promise<void>
  readonly close: () => void
}
