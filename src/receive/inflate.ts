import { createInflateRaw } from 'node:zlib'
import type { InflateRaw } from 'node:zlib'
import { NocturneError } from '../lib/errors.js'
import type { EntryFeed } from './entry-feed.js'

const OUTPUT_CHUNK = 64 * 1024

/**
 * Inflates one entry with the native zlib, off the main thread. Takes from the feed exactly the
 * bytes that belong to the deflate stream, and so finds its end where no header tells it.
 *
 * @throws NocturneError `archive_entry_damaged`, `truncated`, or what the feed throws
 */
export async function* inflate(feed: EntryFeed): AsyncGenerator<Buffer, void> {
  const engine = createInflateRaw({ chunkSize: OUTPUT_CHUNK })
  const feeding = feedAll(engine, feed)
  try {
    for await (const chunk of engine as AsyncIterable<Buffer>) yield chunk
  } catch (error) {
    throw error instanceof NocturneError || feed.isFailed
      ? error
      : new NocturneError('archive_entry_damaged', { cause: error })
  } finally {
    // After this nobody but the caller touches the feed.
    engine.destroy()
    await feeding
  }
}

/** Never rejects: a failure of the feed goes through the engine to whoever reads it. */
async function feedAll(engine: InflateRaw, feed: EntryFeed): Promise<void> {
  let closed = false
  const isOver = () => closed
  let wake = (): void => undefined
  engine.once('close', () => {
    closed = true
    wake()
  })
  try {
    for (;;) {
      const chunk = await feed.chunk()
      if (isOver() || engine.destroyed) return
      if (chunk === undefined) break
      const before = engine.bytesWritten
      await new Promise<void>((resolve) => {
        // zlib does not call back for a chunk in the middle of which the deflate stream ends: then
        // it closes.
        wake = resolve
        engine.write(chunk, () => {
          resolve()
        })
      })
      feed.consume(engine.bytesWritten - before)
      if (isOver()) return
    }
    engine.end()
  } catch (error) {
    engine.destroy(error instanceof Error ? error : new Error('feed failed', { cause: error }))
  }
}
