/** Requests with one token take turns, and keep no other client waiting. */
import { afterEach, beforeEach, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { request } from 'node:http'
import type { ClientRequest, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import type { Response } from 'express'
import { nameClient, takeTurns } from '../../src/http/clients/turns.js'
import { eventually } from '../_eventually.js'

let server: Server
/** Requests that began and were not answered, by token. */
let begun: { readonly token: string; readonly response: Response }[]
let clients: ClientRequest[]

let isBusy: boolean

beforeEach(async () => {
  isBusy = false
  begun = []
  clients = []
  const app = express()
  app.use(takeTurns(() => isBusy))
  app.get('/', (request, response) => {
    const { authorization = '' } = request.headers
    // Tokens such as `one 1` and `one 2` are of the principal `one`.
    if (authorization.includes(' ')) nameClient(request, authorization.split(' ', 1)[0] ?? '')
    begun.push({ token: authorization, response })
  })
  server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(() => {
  clients.forEach((one) => one.destroy())
  server.close()
})

async function send(token: string | undefined, count: number): Promise<void> {
  const { port } = server.address() as AddressInfo
  const headers = token === undefined ? {} : { Authorization: token }
  for (let i = 0; i < count; i += 1) {
    const asked = request({ port, host: '127.0.0.1', headers, agent: false }, (response) => {
      response.resume()
    })
    asked.on('error', () => undefined).end()
    clients.push(asked)
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
}

const beginning = (token: string) => begun.filter((one) => one.token === token).length
const reach = (token: string, count: number) =>
  eventually(
    () => Promise.resolve(beginning(token)),
    (seen) => seen >= count,
  )

it('begin a few at a time, and the next when one is answered or its client is gone', async () => {
  await send('one', 20)
  expect(beginning('one')).toBe(8)
  await send('other', 3)
  expect(beginning('other')).toBe(3)
  await send(undefined, 20)
  expect(beginning('')).toBe(20)
  begun.find(({ token }) => token === 'one')?.response.end()
  await reach('one', 9)
  // The client of a request that waits is gone: it never begins.
  clients[19]?.destroy()
  await reach('one', 19)
  await new Promise((resolve) => setTimeout(resolve, 1_100))
  expect(beginning('one')).toBe(19)
})

it('keep a turn for a second at most', async () => {
  await send('one', 16)
  expect(beginning('one')).toBe(8)
  await reach('one', 16)
})

it('are one line with all tokens of a principal', async () => {
  for (const token of ['one 1', 'one 2']) {
    await send(token, 1)
    begun.at(-1)?.response.end()
    await send(token, 8)
  }
  expect(beginning('one 1') + beginning('one 2')).toBe(2 + 8)
})

it('begin one at a time while others are served and nothing is to spare', async () => {
  await send('other', 1)
  isBusy = true
  await send('one', 10)
  expect(beginning('one')).toBe(1)
  // The others are gone: this client may use what there is.
  begun.find(({ token }) => token === 'other')?.response.end()
  await reach('one', 8)
})
