import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from '@jest/globals'
import { inOrder, type Work } from '../../src/cli/facility/in-order.js'

const AT_ONCE = 3

async function collect<R>(results: AsyncIterable<R>, into: R[] = []): Promise<R[]> {
  for await (const one of results) into.push(one)
  return into
}

describe('inOrder', () => {
  test('yields every result in input order, however long each takes', async () => {
    const work: Work<number, string> = async function* (thing) {
      for (let part = 0; part < thing % 3; part++) {
        await setTimeout((7 - thing) * 3)
        yield `${thing}.${part}`
      }
    }
    const found = await collect(inOrder([0, 1, 2, 3, 4, 5, 6, 7], AT_ONCE, work))
    expect(found).toEqual(['1.0', '2.0', '2.1', '4.0', '5.0', '5.1', '7.0'])
  })

  test('runs exactly as many at a time as allowed', async () => {
    let underWay = 0
    let most = 0
    const work: Work<number, number> = async function* (thing) {
      most = Math.max(most, ++underWay)
      await setTimeout(2)
      yield thing
      underWay -= 1
    }
    expect(await collect(inOrder(Array(20).keys(), AT_ONCE, work))).toHaveLength(20)
    expect({ most, underWay }).toEqual({ most: AT_ONCE, underWay: 0 })
  })

  test('gives a turn when all earlier ones have ended', async () => {
    const done: number[] = []
    const work: Work<number, number> = async function* (thing, turn) {
      await setTimeout((9 - thing) * 2)
      await turn
      done.push(thing)
      yield thing
      yield thing
      await setTimeout(3)
      done.push(thing)
    }
    await collect(inOrder([1, 2, 3, 4], AT_ONCE, work))
    expect(done).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
  })

  test('after a failure gives no more turns, and waits for everything that was started', async () => {
    const events: string[] = []
    const work: Work<number, number> = async function* (thing, turn) {
      try {
        if (thing === 2) throw new Error('the disk is full')
        await setTimeout(thing)
        await turn
        events.push(`${thing} written`)
        yield thing
      } finally {
        events.push(`${thing} ended`)
      }
    }
    const found: number[] = []
    const failing = collect(inOrder([1, 2, 3, 4, 5], AT_ONCE, work), found)
    await expect(failing).rejects.toThrow('the disk is full')
    expect(found).toEqual([1])
    expect(events.filter((event) => event.endsWith('written'))).toEqual(['1 written'])
    expect(events).toEqual(expect.arrayContaining(['1 ended', '2 ended', '3 ended', '4 ended']))
  })

  test('does the same when the caller stops', async () => {
    const written: number[] = []
    let ended = 0
    const work: Work<number, number> = async function* (thing, turn) {
      try {
        await turn
        written.push(thing)
        yield thing
      } finally {
        ended += 1
      }
    }
    for await (const thing of inOrder([1, 2, 3, 4], AT_ONCE, work)) if (thing === 1) break
    expect({ written, ended }).toEqual({ written: [1], ended: 3 })
  })
})
