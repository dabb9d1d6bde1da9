/** A virus scanner that speaks clamd's protocol: INSTREAM, over a local socket or TCP. */
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** Where clamd listens: the path of its socket, or host and port. */
export type ScannerAddress =
  { readonly path: string } | { readonly host: string; readonly port: number }

export type ScanVerdict = 'clean' | 'infected' | 'failed'

export interface Scan {
  /** Resolves when the scanner can take more. Never throws. */
  push(chunk: Buffer): Promise<void>
  /** After the last chunk. Never throws. */
  end(): Promise<ScanVerdict>
  /** The document is not needed any more. */
  abandon(): void
}

/** No reply for this long: the scanner has failed. */
const SILENT_MS = 60_000
const MAX_REPLY = 4_096

/**
 * Begins a scan. A scanner that cannot be reached, or stops early (its `StreamMaxLength`), fails
 * the scan, not the upload.
 */
export function beginScan(address: ScannerAddress): Scan {
  const socket = connect({ ...address, timeout: SILENT_MS })
  const reply = readReply(socket)
  let isOpen = true
  socket.once('close', () => (isOpen = false))
  socket.write('zINSTREAM\0')
  const write = async (bytes: Buffer): Promise<void> => {
    if (!isOpen || socket.write(bytes)) return
    await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
  }
  return {
    push: async (chunk) => {
      if (chunk.length === 0) return
      const length = Buffer.alloc(4)
      length.writeUInt32BE(chunk.length)
      await write(Buffer.concat([length, chunk]))
    },
    end: async () => {
      await write(Buffer.alloc(4))
      const text = await reply
      socket.destroy()
      if (/^stream: OK\0?$/.test(text)) return 'clean'
      return / FOUND\0?$/.test(text) ? 'infected' : 'failed'
    },
    abandon: () => socket.destroy(),
  }
}

/** The reply up to its end, or what there is of it. Never rejects. */
function readReply(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const end = () => resolve(text)
    socket.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString('latin1')).slice(0, MAX_REPLY)
      if (text.includes('\0')) end()
    })
    socket.on('timeout', () => socket.destroy())
    socket.on('error', end)
    socket.on('close', end)
  })
}
