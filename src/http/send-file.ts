import type { Response } from 'express'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'

/** Streams content to save under a name. */
export async function sendFile(
  response: Response,
  type: string,
  name: string,
  content: AsyncIterable<Uint8Array | string>,
): Promise<void> {
  response.type(type).set('Content-Disposition', `attachment; filename="${name}"`)
  await pipeline(Readable.from(content), response)
}
