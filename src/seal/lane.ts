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
