/** A request that is answered before its body is there, on a connection that is used again. */
import { afterEach, describe, expect, it } from '@jest/globals'
import express from 'express'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { endSlowBodies } from '../../src/http/clients/slow-clients.js'
import { eventually } from '../_eventually.js'

const GRACE_MS = 200
const ended: (() => void)[] = []
afterEach(() => ended.splice(0).forEach((end) => end()))

async function opened(): Promise<{ socket: Socket; heard: () => string }> {
  const app = express().use(endSlowBodies({ graceMs: GRACE_MS }))
  app.post('/refused', (_request, response) => void response.status(503).send('busy'))
  app.get('/long', (_request, response) => {
    void delay(3 * GRACE_MS).then(() => response.send('whole'))
  })
  const server: Server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  let text = ''
  socket.on('error', () => undefined).on('data', (chunk) => (text += chunk.toString()))
  ended.push(() => {
    socket.destroy()
    server.closeAllConnections()
    server.close()
  })
  socket.write('POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345')
  await eventually(
    () => Promise.resolve(text),
    (seen) => seen.includes('busy'),
  )
  return { socket, heard: () => text }
}

describe('a request that is answered early', () => {
  it('does not end a later one on its connection, once its body is there', async () => {
    const { socket, heard } = await opened()
    socket.write('67890GET /long HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(
      () => Promise.resolve(heard()),
      (seen) => seen.includes('whole') || socket.destroyed,
    )
    expect(heard()).toContain('whole')
  })

  it('ends its connection when the body does not come', async () => {
    const { socket } = await opened()
    await once(socket, 'close')
    expect(socket.destroyed).toBe(true)
  })
})
