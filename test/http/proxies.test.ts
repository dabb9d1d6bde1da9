/**
 * Who a request comes from: behind no proxy, behind one that is trusted, and behind one that is
 * not. With nginx and haproxy as the README sets them up, where they are installed.
 */
import { afterEach, describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import fc from 'fast-check'
import type { SiteConfig } from '../../src/config/index.js'
import { addressList } from '../../src/lib/net/networks.js'
import { parseProxyHeader } from '../../src/http/proxy-header.js'
import { addressOf } from '../../src/http/request.js'
import { createServer, listen, stop } from '../../src/http/server.js'
import { eventually } from '../_eventually.js'

type Proxies = NonNullable<SiteConfig['proxies']>

const ended: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).reverse()) await end()
})

/** A server of ours whose only answer is the address that it sees. */
async function echo(proxies?: Proxies, connectionsPerAddress = 100): Promise<number> {
  const app = express()
  if (proxies?.protocol === 'forwarded') app.set('trust proxy', addressList(proxies.trusted))
  app.use((request, response) => void response.type('text').send(addressOf(request)))
  const config = { gateway: {}, limits: { connectionsPerAddress }, ...(proxies && { proxies }) }
  const server = await createServer(config as unknown as SiteConfig, app)
  const { port } = await listen(server, '127.0.0.1', 0)
  ended.push(() => stop(server, 0))
  return port
}

/** What comes back for these octets, until the connection closes. */
const say = (port: number, octets: string | Buffer): Promise<string> =>
  new Promise((resolve) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => void socket.write(octets))
    socket.on('data', (data: Buffer) => (heard += data.toString('latin1')))
    socket.on('error', () => undefined).on('close', () => resolve(heard))
  })

const GET = 'GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n'
const bodyOf = (answer: string) => answer.split('\r\n\r\n')[1]
const asks = async (port: number, headers = '', before: string | Buffer = '') =>
  bodyOf(await say(port, Buffer.concat([Buffer.from(before), Buffer.from(`${GET}${headers}\r\n`)])))

const FORWARDED = 'X-Forwarded-For: 203.0.113.9\r\n'
const LINE = 'PROXY TCP4 203.0.113.9 192.0.2.1 5000 443\r\n'
const trusting = (protocol: Proxies['protocol'], ...trusted: string[]): Proxies => ({
  ...{ trusted, protocol },
})

describe('a forwarded header', () => {
  it('changes nothing unless the proxy is trusted', async () => {
    expect(await asks(await echo(), FORWARDED)).toBe('127.0.0.1')
    const elsewhere = await echo(trusting('forwarded', '10.0.0.0/8'))
    expect(await asks(elsewhere, FORWARDED)).toBe('127.0.0.1')
  })

  it('counts from the right, past trusted proxies alone', async () => {
    const port = await echo(trusting('forwarded', '127.0.0.0/8', '10.0.0.0/8'))
    expect(await asks(port, FORWARDED)).toBe('203.0.113.9')
    const chain = 'X-Forwarded-For: 198.51.100.1, 203.0.113.9, 10.1.2.3\r\n'
    expect(await asks(port, chain)).toBe('203.0.113.9')
    expect(await asks(port, 'X-Forwarded-For: <script>\r\n')).toBe('127.0.0.1')
  })
})

describe('a PROXY header', () => {
  const binary = (command: number, family: number, addresses: string) => {
    const bytes = Buffer.from(addresses, 'hex')
    const head = Buffer.from(
      `0d0a0d0a000d0a515549540a${command.toString(16)}${family.toString(16).padStart(2, '0')}0000`,
      'hex',
    )
    head.writeUInt16BE(bytes.length, 14)
    return Buffer.concat([head, bytes])
  }
  const V4 = 'cb007109c0000201138801bb'
  const V6 = `20010db8000000000000000000000009${'0'.repeat(32)}138801bb`

  it('of a trusted proxy names the client, in both versions', async () => {
    const port = await echo(trusting('proxy', '127.0.0.1'))
    expect(await asks(port, '', LINE)).toBe('203.0.113.9')
    expect(await asks(port, FORWARDED, LINE)).toBe('203.0.113.9')
    expect(await asks(port, '', 'PROXY UNKNOWN\r\n')).toBe('127.0.0.1')
    expect(await asks(port, '', binary(0x21, 0x11, V4))).toBe('203.0.113.9')
    expect(await asks(port, '', binary(0x21, 0x21, V6))).toBe('2001:db8:0:0:0:0:0:9')
    expect(await asks(port, '', binary(0x20, 0, ''))).toBe('127.0.0.1')
  })

  it('must be there when the proxy is trusted, and is no request when it is not', async () => {
    expect(await say(await echo(trusting('proxy', '127.0.0.1')), `${GET}\r\n`)).toBe('')
    for (const port of [await echo(), await echo(trusting('proxy', '10.0.0.1'))]) {
      expect(await asks(port)).toBe('127.0.0.1')
      expect(await say(port, `${LINE}${GET}\r\n`)).toMatch(/^HTTP\/1.1 400/)
    }
  })

  it('is taken off at the same place however it arrives', () => {
    const whole = [Buffer.from(LINE), binary(0x21, 0x11, V4)]
    fc.assert(
      fc.property(fc.constantFrom(...whole), fc.uint8Array({ maxLength: 40 }), (header, rest) => {
        const bytes = Buffer.concat([header, rest])
        for (let size = 0; size < header.length; size += 1)
          expect(parseProxyHeader(bytes.subarray(0, size))).toBeUndefined()
        expect(parseProxyHeader(bytes)).toMatchObject({ length: header.length })
      }),
      { numRuns: 30 },
    )
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 300 }), (bytes) => {
        const parsed = parseProxyHeader(Buffer.from(bytes))
        expect(parsed === undefined || parsed.header === 'invalid').toBe(true)
      }),
    )
  })
})

const bodyBy = (port: number, localAddress: string): Promise<string> =>
  new Promise((resolve) => {
    const headers = { 'X-Forwarded-For': '198.51.100.1' }
    const asked = request({ host: '127.0.0.1', port, localAddress, headers }, (answer) => {
      void answer.toArray().then((parts) => resolve(Buffer.concat(parts as Buffer[]).toString()))
    })
    asked.on('error', () => resolve('')).end()
  })

const has = (program: string) => spawnSync('which', [program]).status === 0
const freePort = async (): Promise<number> => {
  const server: Server = createTcpServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The block of the README for this program, with the ports of this test in it. */
async function settings(program: string, listens: number, gateway: number): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8')
  const block = new RegExp('```' + program + '\\n([\\s\\S]*?)```').exec(readme)?.[1] ?? ''
  expect(block).toContain('127.0.0.1:8080')
  return block
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${String(gateway)}`)
    .replace(/0\.0\.0\.0:443( ssl)?/, `127.0.0.1:${String(listens)}`)
    .replace(/^ *ssl_.*\n/gm, '')
}

describe.each([
  ['nginx', 'forwarded' as const],
  ['haproxy', 'proxy' as const],
])('%s as the documentation sets it up', (program, protocol) => {
  const run = has(program) ? it : it.skip
  const why = has(program) ? '' : ` (skipped: ${program} is not installed)`

  run(
    `tells the gateway who the client is, and keeps nothing of a body${why}`,
    async () => {
      const [front, gateway] = [await freePort(), await echo(trusting(protocol, '127.0.0.1'))]
      const dir = await mkdtemp(join(tmpdir(), 'proxies-'))
      ended.push(() => rm(dir, { recursive: true }))
      const block = await settings(program, front, gateway)
      const file = join(dir, 'proxy.conf')
      const whole =
        program === 'nginx'
          ? `pid ${dir}/pid;\nerror_log /dev/null;\nevents {}\nhttp {\naccess_log off;\nclient_body_temp_path ${dir}/body;\nproxy_temp_path ${dir}/proxy;\nfastcgi_temp_path ${dir}/f;\nuwsgi_temp_path ${dir}/u;\nscgi_temp_path ${dir}/s;\n${block}}\n`
          : block
      await writeFile(file, whole)
      const args = program === 'nginx' ? ['-p', dir, '-c', file, '-g', 'daemon off;'] : ['-f', file]
      const child: ChildProcess = spawn(program, args, { stdio: 'ignore' })
      ended.push(async () => {
        child.kill('SIGTERM')
        if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve))
      })
      // Another address of this machine than the proxy's own, which is trusted.
      const from = () => bodyBy(front, '127.0.0.2')
      expect(await eventually(from, (text) => text !== '')).toBe('127.0.0.2')
    },
    20_000,
  )
})
