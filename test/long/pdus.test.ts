/**
 * Mutated PDUs sent to the DIMSE door: nothing crashes, no association stays behind, and the door
 * answers afterwards. `bash scripts/test --long pdus` sends a million; NOCTURNE_FUZZ_PDUS sets the
 * number.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { connect } from 'node:net'
import { echoRequest, storeRequest } from '../doors/_commands.js'
import { openDoor } from '../doors/_door.js'
import type { TestDoor } from '../doors/_door.js'
import { COMMAND, CT, LAST, PART, Parrot, VERIFICATION, data, requestOf } from '../doors/_parrot.js'
import { encodeControl } from '../../src/doors/dimse/pdu.js'
import { eventually } from '../_eventually.js'
import { SEED, choices, mutate } from './_choices.js'
import type { Choices } from './_choices.js'

const COUNT = Number(process.env.NOCTURNE_FUZZ_PDUS ?? 2_000)
const AT_ONCE = 16
/** PDUs of one connection: most of them end it before. */
const LONGEST = 12

let door: TestDoor
const faults: unknown[] = []
const keep = (error: unknown) => void faults.push(error)

beforeAll(async () => {
  process.on('uncaughtException', keep).on('unhandledRejection', keep)
  const limits = { artimMs: 500, closeMs: 20, idleMs: 500, paceMs: 500 }
  door = await openDoor({ limits })
})
afterAll(async () => {
  process.off('uncaughtException', keep).off('unhandledRejection', keep)
  await door.close()
  console.log(`mutated PDUs (seed ${SEED}): ${COUNT}, instances taken: ${taken}`)
})

let taken = 0
const CONTENT = Buffer.alloc(600, 'whole')

/** What a peer may send next, as it would be without a fault. */
const next = (random: Choices): Buffer =>
  random.pick([
    () => data([1, COMMAND, storeRequest(random.below(0x10000), CT, '1.2.3')]),
    () => Buffer.concat([data([1, COMMAND, storeRequest(1, CT, '1.2')]), data([1, LAST, CONTENT])]),
    () => data([1, PART, CONTENT.subarray(0, 300)], [1, LAST, CONTENT.subarray(300)]),
    () => data([1, LAST, CONTENT]),
    () => data([3, COMMAND, echoRequest(random.below(0x10000), VERIFICATION)]),
    () => encodeControl({ kind: 'release-rq' }),
    () => encodeControl({ kind: 'release-rp' }),
    () => encodeControl({ kind: 'abort', source: 0, reason: 0 }),
    () => encodeControl(requestOf()),
  ])()

/** @returns the number of PDUs sent */
async function attack(random: Choices): Promise<number> {
  const socket = connect({ port: door.port, host: '127.0.0.1', noDelay: true })
  const closed = new Promise((resolve) =>
    socket.on('error', () => undefined).once('close', resolve),
  )
  const request = encodeControl(requestOf())
  const pdus = [random.below(4) === 0 ? mutate(request, random) : request]
  for (let more = random.below(LONGEST); more > 0; more--) {
    const pdu = next(random)
    pdus.push(random.below(3) === 0 ? mutate(pdu, random) : pdu)
  }
  for (const pdu of pdus) if (!socket.destroyed) socket.write(pdu)
  socket.resume().end()
  await closed
  return pdus.length
}

describe('the DIMSE door', () => {
  it('survives what no peer would send', async () => {
    const random = choices()
    for (let sent = 0; sent < COUNT;) {
      const counts = await Promise.all(Array.from({ length: AT_ONCE }, () => attack(random)))
      sent += counts.reduce((sum, one) => sum + one, 0)
      taken += door.arrived.length
      door.arrived.length = 0
      door.refused.length = 0
      door.ends.length = 0
    }
    expect(faults).toEqual([])
    const open = () => Promise.resolve(door.server.count)
    expect(await eventually(open, (count) => count === 0)).toBe(0)
    expect(taken).toBeGreaterThan(0)
    const parrot = await Parrot.associated(door.port)
    parrot.say(data([3, COMMAND, echoRequest(7, VERIFICATION)]))
    expect((await parrot.hear())?.kind).toBe('data')
    parrot.vanish()
  }, 3_600_000)
})
