import { afterEach, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { decodeCommand } from '../../src/doors/dimse/command.js'
import { echoRequest } from './_commands.js'
import { encodeControl, pduHead } from '../../src/doors/dimse/pdu.js'
import { openDoor } from './_door.js'
import type { TestDoor } from './_door.js'
import { COMMAND, LAST, PART, Parrot, data, requestOf, storeOf } from './_parrot.js'

let door: TestDoor
afterEach(() => door.close())

const statusIn = (heard: Awaited<ReturnType<Parrot['hear']>>): number | undefined =>
  heard?.kind === 'data' ? decodeCommand(heard.body.subarray(6)).status : undefined

describe('an association', () => {
  it('answers an echo and a release', async () => {
    door = await openDoor()
    const parrot = await Parrot.associated(door.port)
    parrot.say(data([3, COMMAND, echoRequest(9, '1.2.840.10008.1.1')]))
    expect(statusIn(await parrot.hear())).toBe(0)
    parrot.say(encodeControl({ kind: 'release-rq' }))
    expect(await parrot.hear()).toEqual({ kind: 'release-rp' })
  })

  it.each([
    ['an AE title other than ours', { called: 'OTHER' }, [1, 1, 7]],
    ['an unknown caller', { calling: 'NOBODY' }, [1, 1, 3]],
    ['an application that is not DICOM', { applicationContext: '1.2.3' }, [1, 1, 2]],
    ['a future version', { protocolVersion: 2 }, [1, 2, 2]],
  ] as const)('is rejected for %s', async (_why, change, [result, source, reason]) => {
    door = await openDoor()
    const parrot = await Parrot.to(door.port)
    parrot.say(encodeControl(requestOf(change)))
    expect(await parrot.hear()).toEqual({ kind: 'associate-rj', result, source, reason })
    expect(door.refused).toMatchObject([{ rejection: [result, source, reason] }])
  })

  it('is rejected as transient when there are too many', async () => {
    door = await openDoor({ limits: { associations: 2 } })
    const first = await Parrot.associated(door.port)
    await Parrot.associated(door.port)
    const third = await Parrot.to(door.port)
    third.say(encodeControl(requestOf()))
    expect(await third.hear()).toEqual({ kind: 'associate-rj', result: 2, source: 3, reason: 2 })
    first.say(encodeControl({ kind: 'release-rq' }))
    await first.hear()
    first.vanish()
    await wait(50)
    await Parrot.associated(door.port)
  })

  it('is rejected as transient when its address has too many, and others are not', async () => {
    door = await openDoor({ limits: { associationsPerAddress: 2 } })
    const first = await Parrot.associated(door.port)
    await Parrot.associated(door.port)
    const third = await Parrot.to(door.port)
    third.say(encodeControl(requestOf()))
    expect(await third.hear()).toEqual({ kind: 'associate-rj', result: 2, source: 3, reason: 2 })
    expect(door.refused).toMatchObject([{ rejection: [2, 3, 2], crowd: 'address' }])
    const other = await Parrot.to(door.port, '127.0.0.2')
    other.say(encodeControl(requestOf()))
    expect(await other.hear()).toMatchObject({ kind: 'associate-ac' })
    first.vanish()
    await wait(50)
    await Parrot.associated(door.port)
  })

  it('is accepted although silent strangers have taken every connection', async () => {
    door = await openDoor({ limits: { associations: 6, associationsPerAddress: 4 } })
    const kept = await Parrot.associated(door.port)
    // The fifth takes the place of the first; then those of two addresses take all six.
    const silent: Parrot[] = []
    for (let i = 0; i < 5; i += 1) silent.push(await Parrot.to(door.port))
    for (let i = 0; i < 4; i += 1) silent.push(await Parrot.to(door.port, '127.0.0.3'))
    expect(await silent[0]?.hear()).toBeUndefined()
    const honest = await Parrot.to(door.port, '127.0.0.2')
    honest.say(encodeControl(requestOf()))
    expect(await honest.hear()).toMatchObject({ kind: 'associate-ac' })
    const from = new Set(door.refused.map(({ crowd }) => crowd))
    expect(from).toEqual(new Set(['silent']))
    // Whoever has an association keeps it.
    kept.say(data([3, COMMAND, echoRequest(9, '1.2.840.10008.1.1')]))
    expect(statusIn(await kept.hear())).toBe(0)
  })

  it('negotiates each context separately: unsupported classes and unknown syntaxes', async () => {
    door = await openDoor()
    const parrot = await Parrot.to(door.port)
    const contexts = [
      {
        id: 1,
        abstractSyntax: '1.2.840.10008.5.1.4.1.2.2.1',
        transferSyntaxes: ['1.2.840.10008.1.2'],
      },
      { id: 3, abstractSyntax: '1.2.840.10008.5.1.4.1.1.2', transferSyntaxes: ['1.2.3.4'] },
      {
        id: 5,
        abstractSyntax: '1.2.826.0.1.9',
        transferSyntaxes: ['1.2.3.4', '1.2.840.10008.1.2.4.90'],
      },
    ]
    parrot.say(encodeControl(requestOf({ contexts })))
    expect(await parrot.hear()).toMatchObject({
      contexts: [
        { id: 1, result: 3 },
        { id: 3, result: 4 },
        { id: 5, result: 0, transferSyntax: '1.2.840.10008.1.2.4.90' },
      ],
    })
  })

  it.each([
    ['a type that does not exist', Buffer.concat([pduHead(0x3c, 4), Buffer.alloc(4)]), 1],
    ['a PDU longer than announced', pduHead(4, 128 * 1024 + 1), 6],
    [
      'a value that extends past its PDU',
      Buffer.concat([pduHead(4, 8), Buffer.from('000000ff01030000', 'hex')]),
      6,
    ],
    ['a second request', encodeControl(requestOf()), 2],
    ['an unsolicited response', encodeControl({ kind: 'release-rp' }), 2],
  ])('is aborted for %s', async (_why, bytes, reason) => {
    door = await openDoor()
    const parrot = await Parrot.associated(door.port)
    parrot.say(bytes)
    expect(await parrot.hear()).toEqual({ kind: 'abort', source: 2, reason })
    await parrot.closed()
  })

  it('cannot be opened with a PDU of a gigabyte', async () => {
    door = await openDoor()
    const parrot = await Parrot.to(door.port)
    parrot.say(Buffer.concat([pduHead(1, 1 << 30), randomBytes(100_000)]))
    expect(await parrot.hear()).toMatchObject({ kind: 'abort' })
  })

  it('must be requested completely before ARTIM expires', async () => {
    door = await openDoor({ limits: { artimMs: 300 } })
    const silent = await Parrot.to(door.port)
    const slow = await Parrot.to(door.port)
    const request = encodeControl(requestOf())
    slow.say(request.subarray(0, 20))
    await Promise.all([silent.closed(), slow.closed()])
    expect(door.server.count).toBe(0)
  })
})

describe('an instance', () => {
  const body = randomBytes(100_000)

  it('arrives complete, however it is split into PDUs, values and packets', async () => {
    door = await openDoor()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 4 }),
        async (values, packets) => {
          const parrot = await Parrot.associated(door.port)
          const pdus = [storeOf('1.2.3')]
          for (let at = 0, i = 0; at < body.length; i += 1) {
            const end = Math.min(body.length, at + values[i % values.length]!)
            const middle = (at + end) >> 1
            const last = end === body.length ? LAST : PART
            pdus.push(
              data([1, PART, body.subarray(at, middle)], [1, last, body.subarray(middle, end)]),
            )
            at = end
          }
          const all = Buffer.concat(pdus)
          for (let at = 0, i = 0; at < all.length; i += 1) {
            const size = packets[i % packets.length]!
            parrot.say(all.subarray(at, at + size))
            at += size
          }
          expect(statusIn(await parrot.hear())).toBe(0)
          const { file } = door.arrived.pop()!
          expect(file.subarray(file.length - body.length).equals(body)).toBe(true)
          expect(file.toString('latin1', 128, 132)).toBe('DICM')
          parrot.vanish()
        },
      ),
      { numRuns: 30 },
    )
  })

  it('truncated at any point is not stored', async () => {
    door = await openDoor()
    const whole = Buffer.concat([storeOf('1.2.3'), data([1, LAST, body.subarray(0, 500)])])
    for (const end of Array.from({ length: whole.length }, (_, i) => i)) {
      const parrot = await Parrot.associated(door.port)
      parrot.say(whole.subarray(0, end))
      await new Promise(setImmediate)
      parrot.vanish()
    }
    await wait(100)
    expect(door.arrived).toEqual([])
    expect(door.server.count).toBe(0)
    expect(new Set(door.ends)).toEqual(new Set(['closed']))
  })

  it('is dropped when a release arrives in the middle of it', async () => {
    door = await openDoor()
    const parrot = await Parrot.associated(door.port)
    parrot.say(Buffer.concat([storeOf('1.2.3'), data([1, PART, body.subarray(0, 500)])]))
    parrot.say(encodeControl({ kind: 'release-rq' }))
    expect(await parrot.hear()).toMatchObject({ kind: 'abort', source: 2 })
    expect(door.arrived).toEqual([])
    await wait(20)
    expect(door.ends).toEqual(['violation'])
  })

  it.each([
    ['a value of another context', data([3, LAST, Buffer.alloc(8)])],
    ['a command', data([1, COMMAND, Buffer.alloc(8)])],
  ])('ends with the association when %s comes in its middle', async (_what, pdu) => {
    door = await openDoor()
    const parrot = await Parrot.associated(door.port)
    parrot.say(Buffer.concat([storeOf('1.2.3'), data([1, PART, body.subarray(0, 500)]), pdu]))
    expect(await parrot.hear()).toMatchObject({ kind: 'abort' })
    expect(door.arrived).toEqual([])
  })

  it('is aborted when its octets arrive too slowly', async () => {
    door = await openDoor({ limits: { paceMs: 200 } })
    const parrot = await Parrot.associated(door.port)
    parrot.say(Buffer.concat([storeOf('1.2.3'), pduHead(4, 60_000)]))
    const drip = setInterval(() => parrot.say(Buffer.alloc(1)), 20)
    expect(await parrot.hear()).toMatchObject({ kind: 'abort' })
    clearInterval(drip)
  })

  it('may take longer to store than a peer is allowed to be silent', async () => {
    door = await openDoor({
      limits: { paceMs: 100, idleMs: 100 },
      answer: async () => {
        await wait(400)
        return { status: 0 }
      },
    })
    const parrot = await Parrot.associated(door.port)
    parrot.say(Buffer.concat([storeOf('1.2.3'), data([1, LAST, body.subarray(0, 500)])]))
    expect(statusIn(await parrot.hear())).toBe(0)
  })

  it('arrives no faster than it is consumed', async () => {
    let release: () => void = () => undefined
    const held = new Promise<void>((resolve) => (release = resolve))
    door = await openDoor({ answer: () => held.then(() => ({ status: 0 })) })
    const parrot = await Parrot.associated(door.port)
    parrot.say(Buffer.concat([storeOf('1.2.3'), data([1, LAST, body.subarray(0, 500)])]))
    const before = process.memoryUsage().rss
    const piece = data([1, PART, Buffer.alloc(100_000)])
    parrot.say(storeOf('1.2.4'))
    for (let i = 0; i < 600; i += 1) parrot.say(piece)
    await wait(300)
    expect(door.arrived).toHaveLength(1)
    // The test's own peer holds the sixty megabytes; the door adds almost nothing.
    expect(process.memoryUsage().rss - before).toBeLessThan(110_000_000)
    release()
    parrot.vanish()
  })
})

describe('closing', () => {
  it('lets the current instance be stored and answered, and accepts no more', async () => {
    door = await openDoor({
      answer: async () => {
        await wait(200)
        return { status: 0 }
      },
    })
    const parrot = await Parrot.associated(door.port)
    parrot.say(Buffer.concat([storeOf('1.2.3'), data([1, LAST, Buffer.alloc(500)])]))
    await wait(50)
    const closing = door.close()
    expect(statusIn(await parrot.hear())).toBe(0)
    expect(await parrot.hear()).toMatchObject({ kind: 'abort' })
    await closing
    await expect(Parrot.to(door.port)).rejects.toThrow()
  })
})
