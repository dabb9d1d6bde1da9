import { createInflateRaw } from 'node:zlib'
import type { InflateRaw } from 'node:zlib'
import { NocturneError } from '../lib/errors.js'
import type { EntryFeed } from './entry-feed.js'

const OUTPUT_CHUNK = 64 * 1024

/**
 * Inflates one entry with native zlib, off the main thread. Takes exactly the bytes of the deflate
 * stream from the feed, and so finds its end even where no header states it.
 *
 * @throws NocturneError `archive_entry_damaged`, `truncated`, or the error of the feed
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
    // From here on, only the caller uses the feed.
    engine.destroy()
    await feeding
  }
}

/** Never rejects: an error of the feed is passed through the engine to its reader. */
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
        // When the deflate stream ends in the middle of a chunk, zlib closes instead of calling
        // back.
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
