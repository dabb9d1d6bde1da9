/** At most two large headers are processed at a time, and none waits for one that has failed. */
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
function held() {
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
  const outcome = deidentify(received(bytes()), contextFor()).then(
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
  it('are read two at a time while small ones proceed, and the next one starts when one is done or has failed', async () => {
    const all = [held(), held(), held(), held()]
    const [first, second, third, fourth] = all as [Held, Held, Held, Held]
    await until(() => first.isBeingRead() && second.isBeingRead())
    expect((await run(SMALL)).report.length).toBeGreaterThan(0)
    expect(all.map((one) => one.isBeingRead())).toEqual([true, true, false, false])

    const gone = new Error('gone')
    first.fail(gone)
    expect(await first.outcome).toBe(gone)
    await until(() => third.isBeingRead())
    expect(fourth.isBeingRead()).toBe(false)

    second.end()
    expect(await second.outcome).toBe('made')
    await until(() => fourth.isBeingRead())
    third.end()
    fourth.end()
    expect(await Promise.all([third.outcome, fourth.outcome])).toEqual(['made', 'made'])
  })
})

type Held = ReturnType<typeof held>
