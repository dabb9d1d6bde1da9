/** Forwarding to a real rsyslog over TLS. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import { EVENT_TYPES } from '../../src/ledger/log/events.js'
import { createForwarding } from '../../src/ledger/sinks/forwarding.js'
import { createSend } from '../../src/ledger/sinks/syslog-tls.js'
import type { EventInput, EventType, LedgerEntry } from '../../src/ledger/log/events.js'
import type { Forwarder, ForwardingOptions, SinkConfig } from '../../src/ledger/sinks/forwarding.js'
import type { SinkFormat } from '../../src/ledger/sinks/message.js'
import { eventually } from '../_eventually.js'
import { SinkError } from '../../src/ledger/sinks/sink-error.js'
import { rsyslogMissing, startRsyslog } from '../_rsyslog.js'
import type { Parsed, Rsyslog } from '../_rsyslog.js'
import { newAuthority } from '../_certificates.js'
import type { Certificates } from '../_certificates.js'
import { event, fill, openLedger } from './_open.js'
import type { OpenLedger } from './_open.js'

const TIMING = { connect: 2_000, idle: 2_000, confirm: 10_000, refusal: 100, reset: 50 }
/** On a busy machine, their rejection may arrive after we have begun to send. */
const BY_THEM = /^(refused|unreachable)$/
const title = rsyslogMissing === undefined ? '' : ` (skipped: ${rsyslogMissing})`
const suite = rsyslogMissing === undefined ? describe : describe.skip

let rsyslog: Rsyslog
let open: OpenLedger
/** Number of messages from before the test. */
let before = 0
let ids = 0

if (rsyslogMissing === undefined) {
  beforeAll(async () => {
    rsyslog = await startRsyslog()
  }, 60_000)
  afterAll(() => rsyslog.remove())
}
beforeEach(async () => {
  open = await openLedger()
  before = rsyslogMissing === undefined ? (await rsyslog.received()).length : 0
})
afterEach(() => open.close())

const received = async () => (await rsyslog.received()).slice(before)

const sinkOf = (format: SinkFormat, more: Partial<SinkConfig> = {}): SinkConfig => ({
  id: `sink-${(ids += 1)}`,
  host: 'localhost',
  port: rsyslog.port,
  format,
  ...rsyslog.client,
  ...more,
})

const forwardingTo = (sink: SinkConfig, more: Partial<ForwardingOptions> = {}) =>
  createForwarding({
    state: open.state,
    ledger: open.ledger,
    sinks: [sink],
    send: createSend(),
    source: () => ({ origin: 'https://gateway.example.org' }),
    holder: 'one',
    now: Date.now,
    ...more,
  })
const forwarderTo = (sink: SinkConfig, more: Partial<ForwardingOptions> = {}): Forwarder => {
  const [forwarder] = forwardingTo(sink, more).forwarders
  if (!forwarder) throw new Error('no forwarder')
  return forwarder
}

/** Records every type of event, with realistic content. */
async function recordEveryKind(): Promise<readonly EventInput[]> {
  const events = (Object.keys(EVENT_TYPES) as EventType[]).map((type, i) =>
    event({
      type,
      outcome: ([0, 4, 8, 12] as const)[i % 4] ?? 0,
      facility: 'facility-a',
      transfer: '01a2009c-9db1-745d-850b-797a6f4cdc7c',
      patient: 'ab'.repeat(32),
      detail: { number: i, text: 'Z\u00fcrich <&"\u{1f30d}>', code: 'store_unavailable' },
    }),
  )
  for (const one of events) await open.ledger.note(one)
  return events
}

const indexIn = ({ msg }: Parsed): number => (JSON.parse(msg) as { index: number }).index
const typesOf = async (...types: EventType[]) =>
  (await open.ledger.query({ types })).rows.map(({ entry }) => entry.type)
const range = (from: number, until: number) =>
  Array.from({ length: until - from }, (_, i) => from + i)
/** In order of first arrival, without repetitions: a repeated message is not a lost one. */
const firsts = (messages: readonly Parsed[]) => [...new Set(messages.map(indexIn))]

/** Runs steps without the pauses between them. */
async function stepUntil(forwarder: Forwarder, isDone: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 200 && !(await isDone()); i++) await forwarder.step()
}

suite(`a sink${title}`, () => {
  it.each(['dicom', 'fhir', 'json'] as const)(
    'receives every type of event as %s, parsed, once and in order',
    async (format) => {
      const events = await recordEveryKind()
      const forwarder = forwarderTo(sinkOf(format))
      await forwarder.step()
      await forwarder.step()
      const messages = await received()
      expect(messages).toHaveLength(events.length)
      const { rows } = await open.ledger.query({ limit: 1_000 })
      for (const [i, message] of messages.entries()) {
        const entry = rows[i]!.entry
        expect(message).toMatchObject({
          pri: entry.outcome === 0 ? '85' : '84',
          version: '1',
          host: 'gateway.example.org',
          app: 'nocturne',
          procid: '-',
          data: format === 'dicom' ? '-' : `[meta sequenceId="${i + 1}"]`,
        })
        expect(Date.parse(message.time)).toBe(Date.parse(entry.time))
        expectBody(format, message, entry, i)
      }
    },
    30_000,
  )

  it('receives an entry that is too large for a message without its detail', async () => {
    await fill(open.ledger, 1)
    await open.ledger.note(event({ detail: { text: '\u00fc'.repeat(15_000) } }))
    await fill(open.ledger, 1)
    await forwarderTo(sinkOf('json')).step()
    const messages = await received()
    expect(messages.map(indexIn)).toEqual([0, 1, 2])
    expect(JSON.parse(messages[1]?.msg ?? '')).toMatchObject({
      entry: { detail: { omitted: true } },
    })
  })

  it('receives several consecutive batches, each once', async () => {
    await fill(open.ledger, 2_345)
    const forwarding = forwardingTo(sinkOf('json'))
    const [forwarder] = forwarding.forwarders
    expect(await forwarding.status()).toMatchObject([{ behind: 2_345 }])
    for (let i = 0; i < 3; i++) await forwarder?.step()
    expect((await received()).map(indexIn)).toEqual(range(0, 2_345))
    expect(await forwarding.status()).toMatchObject([{ behind: 0, lagSeconds: 0 }])
  }, 30_000)

  it('that is repeatedly killed in the middle of a batch receives all of it in order', async () => {
    await fill(open.ledger, 3_000)
    const sink = sinkOf('json')
    const forwarding = forwardingTo(sink)
    const forwarder = forwarding.forwarders[0]!
    const seen = async () => (await received()).length
    for (let i = 0; i < 3; i++) {
      const was = await seen()
      const stepping = forwarder.step()
      await eventually(seen, (count) => count > was, 5_000)
      await rsyslog.stop('SIGKILL')
      await stepping
      await rsyslog.start()
    }
    await stepUntil(forwarder, async () => (await forwarding.status())[0]?.behind === 0)
    const size = Number((await open.ledger.checkpoint()).split('\n')[1])
    expect(size).toBeGreaterThanOrEqual(3_000)
    expect(firsts(await received())).toEqual(range(0, size))
  }, 60_000)

  it('that is unavailable causes one event when lost and one when regained, and misses nothing', async () => {
    await fill(open.ledger, 5)
    const forwarding = forwardingTo(sinkOf('json'))
    const forwarder = forwarding.forwarders[0]!
    await forwarder.step()
    await fill(open.ledger, 5)
    await rsyslog.stop()
    const pauses: number[] = []
    for (let i = 0; i < 9; i++) pauses.push(await forwarder.step())
    expect(await typesOf('sink.lost', 'sink.regained')).toEqual(['sink.lost'])
    expect(await forwarding.status()).toMatchObject([{ behind: 6, problem: 'unreachable' }])
    // Each pause is between half and all of a bound that doubles up to one minute.
    pauses.forEach((pause, i) => {
      const bound = Math.min(60_000, 1_000 * 2 ** i)
      expect(pause).toBeGreaterThanOrEqual(bound / 2)
      expect(pause).toBeLessThanOrEqual(bound)
    })
    await rsyslog.start()
    await stepUntil(forwarder, async () => (await forwarding.status())[0]?.behind === 0)
    expect(await typesOf('sink.lost', 'sink.regained')).toEqual(['sink.lost', 'sink.regained'])
    expect((await received()).map(indexIn)).toEqual(range(0, 12))
    expect((await forwarding.status())[0]).not.toHaveProperty('problem')
  }, 30_000)

  it('lost by an earlier process is regained by the next one', async () => {
    await fill(open.ledger, 1)
    const sink = sinkOf('json')
    await rsyslog.stop()
    const first = forwarderTo(sink)
    for (let i = 0; i < 4; i++) await first.step()
    // Restarted while the sink is still lost, it does not record that again.
    const second = forwarderTo(sink, { holder: 'two' })
    for (let i = 0; i < 4; i++) await second.step()
    await rsyslog.start()
    const third = forwarderTo(sink, { holder: 'three' })
    for (let i = 0; i < 3; i++) await third.step()
    expect(await typesOf('sink.lost', 'sink.regained')).toEqual(['sink.lost', 'sink.regained'])
  }, 30_000)

  it('receives again from the next gateway what a killed gateway had sent', async () => {
    await fill(open.ledger, 20)
    const sink = sinkOf('json')
    const send = createSend()
    const killed = forwarderTo(sink, {
      send: async (...given) => {
        await send(...given)
        throw new Error('killed here')
      },
    })
    await expect(killed.step()).rejects.toThrow('killed here')
    const time = Date.now()
    const early = forwarderTo(sink, { holder: 'two', now: () => time })
    await early.step()
    expect((await received()).map(indexIn)).toEqual(range(0, 20))
    const late = forwarderTo(sink, { holder: 'two', now: () => time + 120_000 })
    await late.step()
    expect((await received()).map(indexIn)).toEqual([...range(0, 20), ...range(0, 20)])
    await late.step()
    expect(await received()).toHaveLength(40)
  }, 30_000)

  it('is served by one of several gateways', async () => {
    const sink = sinkOf('json')
    const gateways = ['one', 'two', 'three'].map((holder) => forwarderTo(sink, { holder }))
    for (let i = 0; i < 5; i++) {
      await fill(open.ledger, 10)
      await Promise.all(gateways.map((gateway) => gateway.step()))
    }
    expect((await received()).map(indexIn)).toEqual(range(0, 50))
  }, 30_000)

  it('that rejects us long after the handshake has not confirmed what it did not read', async () => {
    await fill(open.ledger, 3)
    // Delays the client's last handshake message, so that the whole batch is unread behind it.
    const delay = createServer({ allowHalfOpen: true }, (near) => {
      const far = connect({ host: '127.0.0.1', port: rsyslog.port, allowHalfOpen: true })
      const held: Buffer[] = []
      let isHeld = false
      near.on('data', (chunk) => {
        if (!isHeld) {
          isHeld = true
          far.write(chunk)
        } else if (held.push(chunk) === 1)
          setTimeout(() => far.write(Buffer.concat(held.splice(0))), 800)
      })
      far.on('data', (chunk) => near.write(chunk))
      far.on('end', () => near.end())
      far.on('error', () => near.resetAndDestroy())
      near.on('error', () => far.destroy())
      near.on('end', () => far.end())
    })
    await new Promise<void>((resolve) => delay.listen(0, '127.0.0.1', resolve))
    const { port } = delay.address() as AddressInfo
    const forwarding = forwardingTo(sinkOf('json', { ...rsyslog.unwelcome, port }))
    await forwarding.forwarders[0]?.step()
    delay.close()
    const [status] = await forwarding.status()
    expect([status, await received()]).toMatchObject([{ behind: 3 }, []])
    expect(status?.problem).toBeDefined()
  })

  it.each([
    [
      'whose authority is not the one of the configuration',
      () => ({ ca: rsyslog.stranger.ca }),
      /^refused$/,
    ],
    [
      'that is to have no certificate of ours',
      () => ({ ...rsyslog.stranger, ca: rsyslog.client.ca }),
      BY_THEM,
    ],
    ['that knows our authority and not our name', () => rsyslog.unwelcome, BY_THEM],
    ['under another name than its own', () => ({ host: '127.0.0.1' }), /^refused$/],
    [
      'when our certificate is not there',
      () => ({ certificate: '/nowhere/to/be/found.pem' }),
      /^refused$/,
    ],
  ])('%s gets nothing, and the cursor stays', async (_what, change, problem) => {
    await fill(open.ledger, 3)
    const forwarding = forwardingTo(sinkOf('json', change()))
    const forwarder = forwarding.forwarders[0]!
    await forwarder.step()
    const [status] = await forwarding.status()
    expect([status, await received()]).toMatchObject([{ behind: 3 }, []])
    expect(status?.problem).toMatch(problem)
  })
})

describe('a receiver that does not behave as one', () => {
  let server: Server
  let sockets: Set<Socket>
  let certificates: Certificates
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nocturne-receiver-'))
    const authority = await newAuthority(folder, 'own')
    certificates = await authority('localhost')
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  const sendTo = async (
    serve: (socket: TLSSocket, raw: Socket) => void,
    confirm: number,
    bytes = 16 << 20,
  ) => {
    sockets = new Set()
    const options = {
      isServer: true,
      cert: await readFile(certificates.certificate),
      key: await readFile(certificates.key),
    }
    server = createServer((raw) => {
      sockets.add(raw)
      raw.on('error', () => undefined)
      const secure = new TLSSocket(raw, options)
      secure.on('error', () => undefined)
      secure.once('secure', () => serve(secure, raw))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const frames = (async function* () {
      for (let sent = 0; sent < bytes; sent += 50)
        yield await Promise.resolve(Buffer.alloc(50, 'x'))
    })()
    const sending = createSend({ ...TIMING, confirm })(
      { host: 'localhost', port, ca: certificates.ca },
      frames,
    )
    return sending.then(
      () => 'confirmed',
      (error: unknown) => (error instanceof SinkError ? error.problem : error),
    )
  }

  it.each([
    [
      'closes in good order behind all of it',
      'confirmed',
      (s: TLSSocket) => {
        s.resume()
        s.once('end', () => s.end())
      },
    ],
    [
      'reads and does not close',
      'unconfirmed',
      (s: TLSSocket) => {
        s.allowHalfOpen = true
        s.resume()
      },
    ],
    [
      'closes right after the handshake',
      /refused|unreachable/,
      (s: TLSSocket) => {
        s.end()
      },
    ],
    [
      'ends the connection right after the handshake',
      /refused|unreachable/,
      (_s: TLSSocket, raw: Socket) => {
        raw.resetAndDestroy()
      },
    ],
    [
      'resets it in the middle',
      'unreachable',
      (s: TLSSocket, raw: Socket) => {
        s.once('data', () => raw.resetAndDestroy())
      },
    ],
    [
      'closes it in the middle',
      'unreachable',
      (s: TLSSocket) => {
        s.once('data', () => s.end())
      },
    ],
    [
      'never reads',
      'unreachable',
      (s: TLSSocket) => {
        s.pause()
      },
    ],
  ] as const)(
    'and %s is %p',
    async (_what, result, serve) => {
      // Enough time for a receiver that confirms; a short wait for one that never does.
      const confirm = result === 'confirmed' ? 10_000 : 300
      expect(await sendTo(serve, confirm)).toMatch(result)
    },
    20_000,
  )
})

function expectBody(format: SinkFormat, message: Parsed, entry: LedgerEntry, index: number): void {
  expect(message.msg).toMatch(/^[\x20-\x7e]+$/)
  if (format === 'json') {
    expect(message.msgid).toBe(entry.type)
    expect(JSON.parse(message.msg)).toEqual({ entry, index })
  } else if (format === 'fhir') {
    expect(message.msgid).toBe('FHIR+AuditEvent')
    expect(JSON.parse(message.msg)).toMatchObject({ resourceType: 'AuditEvent', id: entry.id })
  } else {
    expect(message.msgid).toBe('IHE+RFC-3881')
    expect(message.msg).toMatch(/^<AuditMessage>.*<\/AuditMessage>$/)
    expect(message.msg).toContain(`/v1/audit/events/${index}/proof`)
  }
}
