/** Connections beyond the share of an address: they wait, and keep nobody else waiting. */
import { afterEach, describe, expect, it } from '@jest/globals'
import { once } from 'node:events'
import { createServer as createHttpServer, get } from 'node:http'
import type { Server as HttpServer } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { Connections, dropWaiting, markKnown } from '../../src/http/clients/connections.js'
import { acceptMore, acceptNoMore } from '../../src/lib/net/accept-more.js'
import { eventually } from '../_eventually.js'

const ended: (() => void)[] = []
afterEach(() => ended.splice(0).forEach((end) => end()))

describe('a server', () => {
  async function serve(perAddress: number): Promise<HttpServer> {
    const connections = new Connections({ perAddress })
    const server = createHttpServer((request, response) => {
      connections.busy(request, response)
      response.end('answer')
    })
    connections.watch(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return server
  }
  const portOf = (server: HttpServer) => (server.address() as AddressInfo).port

  async function open(server: HttpServer, localAddress = '127.0.0.1'): Promise<Socket> {
    const socket = connect({ port: portOf(server), host: '127.0.0.1', localAddress })
    socket.on('error', () => undefined).resume()
    ended.push(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const asks = (server: HttpServer, localAddress = '127.0.0.1'): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { port: portOf(server), host: '127.0.0.1', localAddress, agent: false }
      get(options, (answer) => {
        void answer.toArray().then((parts) => resolve(Buffer.concat(parts as Buffer[]).toString()))
      }).on('error', reject)
    })
  const closedOf = (sockets: readonly Socket[]) =>
    sockets.filter(({ destroyed }) => destroyed).length

  it('answers the newest connection of a crowded address, and others at once', async () => {
    const server = await serve(20)
    const silent: Socket[] = []
    for (let i = 0; i < 35; i += 1) silent.push(await open(server))
    // Another address has a share of its own.
    const from = performance.now()
    expect(await asks(server, '127.0.0.2')).toBe('answer')
    expect(performance.now() - from).toBeLessThan(900)
    expect(closedOf(silent)).toBe(0)
    // Bytes that came while it waited are read.
    expect(await asks(server)).toBe('answer')
    expect(closedOf(silent)).toBeLessThan(20)
    const closed = once(server.close(), 'close')
    dropWaiting(server)
    server.closeAllConnections()
    await closed
    await eventually(
      () => Promise.resolve(closedOf(silent)),
      (count) => count === silent.length,
    )
  })
})

describe('a request on a crowded address', () => {
  it('is answered before newer connections that say nothing', async () => {
    const connections = new Connections({ perAddress: 40 })
    const server = createHttpServer((request, response) => {
      connections.busy(request, response)
      response.end('answer')
    })
    connections.watch(server)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const open = async () => {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => undefined)
      ended.push(() => socket.destroy())
      await once(socket, 'connect')
      return socket
    }
    for (let i = 0; i < 40; i += 1) await open()
    await delay(1_050)
    const asked = await open()
    const answered = once(asked, 'data')
    asked.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    // Four are served per tick of 50 ms: the newest alone would take half a second.
    for (let i = 0; i < 39; i += 1) await open()
    const from = performance.now()
    await answered
    expect(performance.now() - from).toBeLessThan(300)
    server.close()
    dropWaiting(server)
    server.closeAllConnections()
  })
})

describe('a listener', () => {
  /** In how many turns of the event loop so many connections of one moment are accepted. */
  async function turnsOf(server: Server, count: number): Promise<number> {
    const turns: number[] = []
    let turn = 0
    let isOver = false
    const next = (): unknown => (turn++, isOver || setImmediate(next))
    next()
    server.on('connection', (socket) => {
      turns.push(turn)
      socket.destroy()
    })
    const { port } = server.address() as AddressInfo
    const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
    for (const one of sockets) one.on('error', () => undefined).resume()
    await eventually(
      () => Promise.resolve(turns.length),
      (accepted) => accepted === count,
    )
    isOver = true
    server.removeAllListeners('connection')
    return new Set(turns).size
  }

  it('accepts many connections in one turn, and its port is free once it is closed', async () => {
    const server = createTcpServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    expect(await turnsOf(server, 64)).toBe(64)
    acceptMore(server, { connection: {}, backlog: 511 })
    await eventually(
      () => turnsOf(server, 64),
      (turns) => turns <= 8,
    )
    await acceptNoMore(server)
    await once(server.close(), 'close')
    const again = createTcpServer()
    await once(again.listen(port, '127.0.0.1'), 'listening')
    await once(again.close(), 'close')
  })

  it('is closed in good order while further descriptors are still on their way', async () => {
    const server = createTcpServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    acceptMore(server, { connection: {}, backlog: 511 })
    const closed = once(server.close(), 'close')
    await acceptNoMore(server)
    await closed
    const asked = connect(port, '127.0.0.1')
    await expect(once(asked, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

describe('connections', () => {
  const watched = (perAddress: number, isProxy?: (address: string) => boolean) => {
    const connections = new Connections({ perAddress, ...(isProxy && { isProxy }) })
    const server = createTcpServer((socket) => Object.assign(socket, { served: true }))
    connections.watch(server)
    let port = 0
    const connected = (remoteAddress = '192.0.2.1') => {
      const events: (() => void)[] = []
      const socket = {
        ...{ remoteAddress, remotePort: ++port, destroyed: false, served: false },
        on: () => undefined,
        off: () => undefined,
        once: (_name: string, event: () => void) => void events.push(event),
        destroy: () => {
          socket.destroyed = true
          events.splice(0).forEach((event) => event())
        },
      }
      server.emit('connection', socket as never)
      return socket
    }
    /** Returns the function that ends the request. */
    const ask = (socket: ReturnType<typeof connected>, isKnown = false): (() => void) => {
      let end: () => void = () => undefined
      const response = { once: (_name: string, event: () => void) => (end = event) }
      connections.busy({ socket } as never, response as never)
      if (isKnown) markKnown(socket as never)
      return () => end()
    }
    ended.push(() => dropWaiting(server))
    return { connected, ask }
  }
  type Connected = ReturnType<ReturnType<typeof watched>['connected']>
  const stateOf = ({ destroyed, served }: Connected) =>
    destroyed ? 'closed' : served ? 'served' : 'waits'

  it('that answer a request, or were just opened, are not closed for a new one', async () => {
    const { connected, ask } = watched(2)
    const [working, silent] = [connected(), connected()]
    ask(working)
    const added = connected()
    await delay(100)
    expect([working, silent, added].map(stateOf)).toEqual(['served', 'served', 'waits'])
    await delay(1_000)
    expect([working, silent, added].map(stateOf)).toEqual(['served', 'closed', 'served'])
  })

  it('with a token outlast those of strangers, which outlast idle ones', async () => {
    const { connected, ask } = watched(3)
    const [known, slow, idle] = [connected(), connected(), connected()]
    ask(known, true)
    ask(slow)
    ask(idle)()
    await delay(1_050)
    const one = connected()
    await delay(100)
    expect([known, slow, idle, one].map(stateOf)).toEqual(['served', 'served', 'closed', 'served'])
    ask(one)
    const other = connected()
    await delay(100)
    expect([known, slow, one, other].map(stateOf)).toEqual(['served', 'closed', 'served', 'served'])
  })

  it('wait when all others are at work with a token, until one of them ends', () => {
    const { connected, ask } = watched(5)
    const served = Array.from({ length: 5 }, () => connected())
    for (const one of served) ask(one, true)
    const waiting = Array.from({ length: 6 }, () => connected())
    // Beyond the bound on those that wait, the oldest is dropped.
    expect(waiting.map(stateOf)).toEqual(['closed', ...Array<string>(5).fill('waits')])
    served[2]?.destroy()
    expect(waiting.map(stateOf)).toEqual(['closed', ...Array<string>(4).fill('waits'), 'served'])
    expect(stateOf(connected('192.0.2.2'))).toBe('served')
  })

  it('of one IPv6 network have one share', () => {
    const { connected } = watched(2)
    const of = (host: number) => connected(`2001:db8:1:2::${host.toString(16)}`)
    expect([of(1), of(2), of(3)].map(stateOf)).toEqual(['served', 'served', 'waits'])
    expect(stateOf(connected('2001:db8:1:3::1'))).toBe('served')
  })

  it('of an address with few take the place of the address with most, when there is none left', async () => {
    const { connected } = watched(4, (address) => address === '192.0.2.9')
    // A trusted proxy has the share of all.
    const many = Array.from({ length: 16 }, () => connected('192.0.2.9'))
    expect(many.map(stateOf)).toEqual(Array<string>(16).fill('served'))
    const few = connected('192.0.2.1')
    expect(stateOf(few)).toBe('waits')
    await delay(1_100)
    expect(stateOf(few)).toBe('served')
    expect(many.map(stateOf).filter((one) => one === 'closed')).toHaveLength(1)
  })
})
