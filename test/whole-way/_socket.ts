/** Octets to the gateway as they are, for requests that no client library would send. */
import { connect } from 'node:net'
import type { RunningGateway } from './_gateway.js'

/**
 * Sends, and answers whatever comes back until the connection ends or nothing has come for
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

/** Sends and goes away without waiting for an answer. */
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
