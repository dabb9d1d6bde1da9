import { expect, it } from '@jest/globals'
import { freeMemory } from '../../src/lib/free-memory.js'

it('takes large memory back at once, from every view of it', () => {
  const memory = new Uint8Array(100_000)
  const view = memory.subarray(10, 20)
  freeMemory(view)
  expect([memory.length, view.length]).toEqual([0, 0])
})

it('keeps no memory that was given back', () => {
  const before = process.memoryUsage().arrayBuffers
  let most = 0
  for (let round = 0; round < 2_000; round++) {
    freeMemory(Buffer.allocUnsafeSlow(2 ** 20))
    most = Math.max(most, process.memoryUsage().arrayBuffers)
  }
  expect(most - before).toBeLessThan(8 * 2 ** 20)
})

it("leaves small memory, Node's pool and shared memory alone", () => {
  const kept = [
    Buffer.from('pool'),
    new Uint8Array(1_000),
    new Uint8Array(new SharedArrayBuffer(1e6)),
  ]
  const lengths = kept.map(({ length }) => length)
  for (const one of kept) freeMemory(one)
  expect(kept.map(({ length }) => length)).toEqual(lengths)
})
