/**
 * One large header per facility is processed at a time, and three in total; none waits for one that
 * has failed.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, it } from '@jest/globals'
import { deidentify } from '../../src/deidentify/index.js'
import { file } from './_build.js'
import { contextFor, received, run } from './_run.js'

const SIZE = 6 * 1024 * 1024
/** A lookup table can be arbitrarily large. */
const LARGE = file([[0x00281201, 'OW', Buffer.alloc(SIZE, 1)]])
const SMALL = file()

/** A large header whose last byte is delivered only when the test releases it. */
function held(facility: string) {
  let isAskedFor = false
  let finish: (last: Buffer | Error) => void = () => undefined
  const last = new Promise<Buffer | Error>((resolve) => (finish = resolve))
  const bytes = async function* () {
    yield LARGE.subarray(0, 4096)
    for (let at = 4096; at < LARGE.length - 1; at += 0x40000) {
      isAskedFor = true
      yield LARGE.subarray(at, Math.min(at + 0x40000, LARGE.length - 1))
    }
    const end = await last
    if (end instanceof Error) throw end
    yield end
  }
  const outcome = deidentify(received(bytes()), { ...contextFor(), facility }).then(
    () => 'made',
    (error: unknown) => error,
  )
  return {
    outcome,
    isBeingRead: () => isAskedFor,
    end: () => finish(LARGE.subarray(-1)),
    fail: (error: Error) => finish(error),
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await pause(2)
}

describe('large headers', () => {
  it('take turns within a facility while those of others and small ones proceed, also after a failure', async () => {
    const [first, second, third, fourth, fifth] = [
      held('a'),
      held('a'),
      held('b'),
      held('c'),
      held('d'),
    ] as const
    const areRead = () => [first, second, third, fourth, fifth].map((one) => one.isBeingRead())
    await until(() => first.isBeingRead() && third.isBeingRead() && fourth.isBeingRead())
    expect((await run(SMALL)).report.length).toBeGreaterThan(0)
    expect(areRead()).toEqual([true, false, true, true, false])

    const gone = new Error('gone')
    first.fail(gone)
    expect(await first.outcome).toBe(gone)
    await until(() => second.isBeingRead())
    expect(areRead()).toEqual([true, true, true, true, false])

    third.end()
    expect(await third.outcome).toBe('made')
    await until(() => fifth.isBeingRead())
    for (const one of [second, fourth, fifth]) one.end()
    for (const one of [second, fourth, fifth]) expect(await one.outcome).toBe('made')
  }, 60_000)
})
