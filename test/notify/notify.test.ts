/** The outbox with real receivers on this machine, and a clock that the test moves. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createNotify, createWebhook } from '../../src/notify/index.js'
import type { Channel, Notice, Notify, SendOne } from '../../src/notify/index.js'
import { textOf, titleOf } from '../../src/notify/notice.js'
import { delayAfter } from '../../src/notify/backoff.js'
import { startNight } from '../../src/running/night.js'
import { eventually } from '../_eventually.js'
import { openTestSite } from '../access/_site.js'
import type { TestSite } from '../access/_site.js'

const SECRET = Buffer.alloc(32, 9)
const DAY_MS = 86_400_000

/** A receiver written as the README describes. */
class Receiver {
  readonly received: { headers: IncomingHttpHeaders; body: string }[] = []
  readonly #seen = new Set<string>()
  status = 200
  readonly server: Server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const body = Buffer.concat(chunks).toString()
      if (this.status === 200) this.received.push({ headers: request.headers, body })
      response.writeHead(this.status).end()
    })()
  })

  readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`
  }

  accepts({ headers, body }: { headers: IncomingHttpHeaders; body: string }): boolean {
    const id = String(headers['webhook-id'])
    const timestamp = String(headers['webhook-timestamp'])
    const [, given = ''] = String(headers['webhook-signature']).split(',')
    const expected = createHmac('sha256', SECRET).update(`${id}.${timestamp}.${body}`).digest()
    const signature = Buffer.from(given, 'base64')
    if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) return false
    if (Math.abs(this.now() / 1000 - Number(timestamp)) > 300 || this.#seen.has(id)) return false
    this.#seen.add(id)
    return true
  }
}

const notice = (more: Partial<Notice> = {}): Notice => ({
  key: 'case|1|1',
  event: 'case.waiting',
  code: 'K7Q-4MD',
  facility: 'facility-a',
  group: 'nights',
  priority: 'stat',
  at: '2026-11-30T02:00:00.000Z',
  link: 'https://gateway.example.org/read#K7Q-4MD',
  ...more,
})

let site: TestSite
let receiver: Receiver
let other: Notice[]
let notify: Notify
/** When the quiet hours of a person end. */
const asleep = new Map<string, number>()

beforeEach(async () => {
  site = await openTestSite()
  receiver = new Receiver(site.clock.now)
  other = []
  asleep.clear()
  const url = await receiver.listen()
  const mail: SendOne = ({ notice: one }) => {
    other.push(one)
    return Promise.resolve(undefined)
  }
  notify = createNotify({
    state: site.state,
    ledger: site.ledger,
    senders: new Map<Channel, SendOne>([
      ['webhook:pager', createWebhook({ id: 'pager', url, secret: SECRET }, site.clock.now)],
      ['mail', mail],
    ]),
    channelsOf: (_tx, person, { event }) =>
      Promise.resolve(
        person === 'nobody'
          ? []
          : event === 'channel.failing'
            ? ['webhook:pager', 'mail']
            : ['webhook:pager'],
      ),
    quietUntil: (_tx, person) => Promise.resolve(asleep.get(person)),
    operators: () => ['operator-1'],
    system: { id: 'system', role: 'system' },
    now: site.clock.now,
  })
})
afterEach(async () => {
  receiver.server.closeAllConnections()
  await new Promise((resolve) => receiver.server.close(resolve))
  await site.close()
})

const tell = (one: Notice, people = ['reader-1'], caseId = 'case-1') =>
  site.state.transaction((tx) => notify.tell(tx, people, one, { caseId }))

describe('a notice', () => {
  it('is sent once, signed, and contains only the documented fields', async () => {
    expect(await tell(notice())).toEqual(['reader-1'])
    await tell(notice())
    await notify.sendDue()
    await notify.sendDue()
    expect(receiver.received).toHaveLength(1)
    const [one] = receiver.received
    expect(receiver.accepts(one!)).toBe(true)
    expect(JSON.parse(one!.body)).toEqual({
      type: 'case.waiting',
      event: 'case.waiting',
      person: 'reader-1',
      code: 'K7Q-4MD',
      facility: 'facility-a',
      group: 'nights',
      priority: 'stat',
      at: '2026-11-30T02:00:00.000Z',
      link: 'https://gateway.example.org/read#K7Q-4MD',
    })
  })

  it('cannot be replayed: a copy is refused, and so is one that is altered or old', async () => {
    await tell(notice())
    await notify.sendDue()
    const one = receiver.received[0]!
    expect(receiver.accepts({ ...one, body: one.body.replace('stat', 'none') })).toBe(false)
    expect(receiver.accepts(one)).toBe(true)
    expect(receiver.accepts(one)).toBe(false)
    site.clock.pass(301_000)
    expect(new Receiver(site.clock.now).accepts(one)).toBe(false)
  })

  it('is taken by the receiver in the README, once', async () => {
    const readme = await readFile(new URL('../../src/notify/README.md', import.meta.url), 'utf8')
    const [, code = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? []
    const url = `data:text/javascript;base64,${Buffer.from(code).toString('base64')}`
    const { receive } = (await import(url)) as {
      readonly receive: (
        headers: IncomingHttpHeaders,
        body: string,
        secret: Uint8Array,
        now: number,
      ) => { readonly code: string } | undefined
    }
    await tell(notice())
    await notify.sendDue()
    const { headers, body } = receiver.received[0]!
    const now = site.clock.now()
    const altered = { ...headers, 'webhook-timestamp': String(Math.floor(now / 1_000) + 1) }
    for (const [given, text, secret, at] of [
      [headers, body.replace('stat', 'none'), SECRET, now],
      [headers, body, Buffer.alloc(32, 8), now],
      [headers, body, SECRET, now + 301_000],
      [altered, body, SECRET, now],
      [{}, body, SECRET, now],
    ] as const)
      expect(receive(given, text, secret, at)).toBeUndefined()
    expect(receive(headers, body, SECRET, now)).toMatchObject({ code: 'K7Q-4MD' })
    expect(receive(headers, body, SECRET, now)).toBeUndefined()
  })

  it('is rolled back with the change it reports', async () => {
    const failing = site.state.transaction(async (tx) => {
      await notify.tell(tx, ['reader-1'], notice(), { caseId: 'case-1' })
      throw new Error('undone')
    })
    await expect(failing).rejects.toThrow('undone')
    expect(await notify.sendDue()).toBe(0)
  })

  it('reaches a receiver that was down for a day, once, and the outage is reported on the other channels', async () => {
    receiver.status = 503
    await tell(notice())
    for (let passed = 0; passed < DAY_MS; passed += 600_000) {
      await notify.sendDue()
      site.clock.pass(600_000)
    }
    expect(other.map(({ event }) => event)).toContain('channel.failing')
    const failed = (await site.events()).filter(({ type }) => type === 'notice.failed')
    expect(failed).toMatchObject([
      { detail: { channel: 'webhook:pager', code: 'status-503', attempts: 3 } },
    ])
    receiver.status = 200
    await notify.sendDue()
    expect(receiver.accepts(receiver.received[0]!)).toBe(true)
    site.clock.pass(DAY_MS)
    await notify.sendDue()
    expect(receiver.received).toHaveLength(1)
  })

  it('is not delayed by a receiver on another channel that never answers', async () => {
    let attempts = 0
    const hung: SendOne = () => {
      attempts += 1
      return new Promise(() => undefined)
    }
    const both = createNotify({
      ...{ state: site.state, ledger: site.ledger, now: site.clock.now },
      senders: new Map<Channel, SendOne>([
        ['webhook:hung', hung],
        ['mail', ({ notice: one }) => Promise.resolve(void other.push(one))],
      ]),
      channelsOf: () => Promise.resolve(['webhook:hung', 'mail']),
      quietUntil: () => Promise.resolve(undefined),
      operators: () => [],
      system: { id: 'system', role: 'system' },
    })
    const people = Array.from({ length: 25 }, (_, at) => `reader-${at}`)
    await site.state.transaction((tx) => both.tell(tx, people, notice()))
    const stop = startNight(
      {
        cases: { runDue: () => Promise.resolve(0) },
        critical: { runDue: () => Promise.resolve(0) },
        notify: both,
      },
      () => undefined,
    )
    await eventually(
      () => Promise.resolve(other.length),
      (count) => count === 25,
    )
    expect(other).toHaveLength(25)
    expect(attempts).toBe(20)
    // The attempts that hang never end.
    void stop()
  })

  it('that was withdrawn is not sent', async () => {
    receiver.status = 503
    await tell(notice())
    await notify.sendDue()
    await site.state.transaction((tx) => notify.withdraw(tx, 'case-1'))
    receiver.status = 200
    site.clock.pass(DAY_MS)
    expect(await notify.sendDue()).toBe(0)
    expect(receiver.received).toEqual([])
  })

  it('is taken by only one of two concurrent senders, and by the second when the first has died', async () => {
    await tell(notice())
    const [a, b] = await Promise.all([notify.sendDue(), notify.sendDue()])
    expect(a + b).toBe(1)
    await tell(notice({ key: 'case|2|1' }))
    // A gateway that dies while sending: the row is leased and never settled.
    await site.state.transaction((tx) =>
      tx
        .updateTable('outbox')
        .set({ lease_until: site.clock.now() + 60_000, attempts: 1 })
        .where('sent_at', 'is', null)
        .execute(),
    )
    expect(await notify.sendDue()).toBe(0)
    site.clock.pass(60_000)
    expect(await notify.sendDue()).toBe(1)
    expect(receiver.received).toHaveLength(2)
  })

  it('counts nobody as reached without a channel', async () => {
    expect(await tell(notice(), ['nobody'])).toEqual([])
  })
})

describe('quiet hours', () => {
  const HOUR_MS = 3_600_000
  const routine = (n: number) =>
    notice({ key: `case|${n}|1`, code: `K7Q-4M${n}`, priority: 'routine' })
  const sent = () =>
    receiver.received.map(({ body }) => JSON.parse(body) as Notice & { person: string })

  beforeEach(() => {
    asleep.set('reader-1', site.clock.now() + 5 * HOUR_MS)
  })

  it('defer a notice, whose person counts as not reached, until they end', async () => {
    expect(await tell(routine(1), ['reader-1', 'reader-2'])).toEqual(['reader-2'])
    site.clock.pass(5 * HOUR_MS - 1)
    await notify.sendDue()
    expect(sent().map(({ person }) => person)).toEqual(['reader-2'])
    site.clock.pass(1)
    await notify.sendDue()
    await notify.sendDue()
    expect(sent().map(({ person }) => person)).toEqual(['reader-2', 'reader-1'])
    expect(sent()[1]).toMatchObject({ event: 'case.waiting', code: 'K7Q-4M1' })
  })

  it('end with one digest per person and channel, with one ID over all attempts', async () => {
    for (let n = 1; n <= 60; n++) {
      await tell(routine(n), ['reader-1'], `case-${n}`)
      site.clock.pass(1_000)
    }
    await site.state.transaction((tx) => notify.withdraw(tx, 'case-60'))
    receiver.status = 503
    site.clock.pass(5 * HOUR_MS)
    const rounds = await Promise.all([notify.sendDue(), notify.sendDue()])
    expect(rounds[0] + rounds[1]).toBe(1)
    receiver.status = 200
    site.clock.pass(HOUR_MS)
    await notify.sendDue()
    site.clock.pass(HOUR_MS)
    expect(await notify.sendDue()).toBe(0)
    expect(receiver.received).toHaveLength(1)
    const [digest] = sent()
    expect(digest).toMatchObject({
      ...{ event: 'notices.deferred', person: 'reader-1', count: 59 },
      link: 'https://gateway.example.org/read',
    })
    expect(digest?.notices).toHaveLength(50)
    expect(digest?.notices?.at(-1)).toMatchObject({ event: 'case.waiting', code: 'K7Q-4M59' })
    expect(titleOf(digest!)).toBe('Notifications from your quiet hours: 59')
    expect(textOf(digest!)).toContain('A case is waiting to be read, K7Q-4M59, facility-a, routine')
  })

  it.each([
    { priority: 'stat' },
    { event: 'critical.raised' },
    { event: 'critical.missed' },
    { event: 'alert.raised', alert: 'one' },
    { event: 'channel.failing' },
  ] as const)('do not delay %j', async (more) => {
    expect(await tell({ ...routine(1), ...more })).toEqual(['reader-1'])
    await notify.sendDue()
    expect(sent()).toHaveLength(1)
  })

  it('of everybody at the end of an escalation do not count', async () => {
    asleep.set('reader-2', site.clock.now() + HOUR_MS)
    const last = (n: number, people: readonly string[]) =>
      site.state.transaction((tx) => notify.tell(tx, people, routine(n), { isLast: true }))
    expect(await last(1, ['reader-1', 'reader-3'])).toEqual(['reader-3'])
    expect(await last(2, ['reader-1', 'reader-2'])).toEqual(['reader-1', 'reader-2'])
  })
})

describe('the content of a notice', () => {
  it('is a title and a text without patient data', () => {
    expect(titleOf(notice({ round: 2 }))).toBe(
      'STAT: A case is waiting to be read (K7Q-4MD), reminder 1',
    )
    expect(textOf(notice({ dueAt: '2026-11-30T02:30:00.000Z' })).split('\n')).toEqual([
      'STAT: A case is waiting to be read (K7Q-4MD)',
      '',
      'Facility: facility-a',
      'Group: nights',
      'Due: 2026-11-30T02:30:00.000Z',
      'Sent: 2026-11-30T02:00:00.000Z',
      'Open: https://gateway.example.org/read#K7Q-4MD',
      '',
      'This message contains no patient data. Sign in to see the case.',
    ])
  })

  it('gives times by the clock of those who are told, too', () => {
    const told = { timezone: 'America/Chicago', dueAt: '2026-11-30T02:30:00.000Z' }
    expect(textOf(notice(told))).toContain(
      'Due: 2026-11-30T02:30:00.000Z (29 Nov, 20:30, America/Chicago)',
    )
  })

  it('is retried with growing delays of at most ten minutes', () => {
    const delays = Array.from({ length: 40 }, (_, i) => delayAfter(i + 1))
    expect(delays.slice(0, 4)).toEqual([10_000, 20_000, 40_000, 80_000])
    expect(delays.at(-1)).toBe(600_000)
    expect(delays).toEqual(delays.toSorted((a, b) => a - b))
  })
})
