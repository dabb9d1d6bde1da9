/** Sends raw octets to the gateway, for requests that no client library would send. */
import { connect } from 'node:net'
import type { RunningGateway } from './_gateway.js'

/**
 * Sends, and returns everything received until the connection ends or has been silent for
 * `quietMs`.
 */
export function exchange(
  gateway: RunningGateway,
  request: Buffer | string,
  quietMs = 1_500,
): Promise<Buffer> {
  const { hostname, port } = new URL(gateway.url)
  return new Promise((resolve) => {
    const got: Buffer[] = []
    const socket = connect(Number(port), hostname)
    socket.setTimeout(quietMs, () => socket.destroy())
    socket.on('data', (chunk: Buffer) => got.push(chunk))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(got)))
    socket.write(request)
  })
}

/** Sends and disconnects without waiting for a response. */
export function hangUp(gateway: RunningGateway, request: Buffer | string, afterMs: number) {
  const { hostname, port } = new URL(gateway.url)
  return new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
    socket.write(request)
    setTimeout(() => socket.resetAndDestroy(), afterMs)
  })
}
