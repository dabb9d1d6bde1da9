/** A stream among those that one thread works on. */
import type { Frame } from './frames.js'
import type { Digests } from './stations.js'

/** Where one stream is sealed: in a thread, or where the caller is. */
export interface Lane {
  /** Frames that may be under way at a time. */
  readonly ahead: number
  /** Takes the frame's memory away from the caller. */
  update(frame: Frame): Promise<readonly Buffer[]>
  end(): Promise<{ readonly frames: readonly Buffer[]; readonly digests: Digests | undefined }>
  /** To be called once, however the stream ended: the key is forgotten. */
  close(): void
}
