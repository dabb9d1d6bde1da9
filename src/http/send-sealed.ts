/** Sends one complete sealed message as the answer. */
import type { Response } from 'express'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Sets the headers only, which also answers HEAD. */
export function describeMessage(response: Response, size: number): void {
  response.status(200).set({
    'Content-Type': 'application/pgp-encrypted',
    'Content-Length': String(size),
    'Content-Disposition': 'attachment',
  })
}

export async function sendSealed(
  response: Response,
  { size, bytes }: { readonly size: number; readonly bytes: AsyncIterable<Buffer> },
): Promise<void> {
  describeMessage(response, size)
  try {
    await pipeline(Readable.from(bytes, { objectMode: false, highWaterMark: 1 << 18 }), response)
  } catch (error) {
    // A client that disconnects has received less than the ledger states; that is not an error.
    if (!response.destroyed) throw error
  }
}
