/**
 * Small files, synthetic and real, with bytes changed, moved, truncated and repeated.
 * `NOCTURNE_FUZZ=100000 npm test -- test/deidentify/fuzz` sets the number of runs. The time of each
 * is printed as processor time of the whole process, which is independent of other load but
 * includes garbage collection and compilation.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it } from '@jest/globals'
import { file } from './_build.js'
import { codeOf, run, withPixels } from './_run.js'

const passing = withPixels('pass')
const COUNT = Number(process.env.NOCTURNE_FUZZ ?? 1500)
const folder = fileURLToPath(new URL('../../../shared/dicom', import.meta.url))
const LARGEST = 20_000

/** Only the synthetic file if there are no real ones: the test still runs. */
function seeds(): Buffer[] {
  const made = [file([[0x00081140, 'SQ', { isOpen: true, items: [[[0x00081155, 'UI', '1.2']]] }]])]
  if (!existsSync(folder)) return made
  const real = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile() && statSync(path).size <= LARGEST)
    .map((path) => readFileSync(path))
    .filter((bytes) => bytes.toString('latin1', 128, 132) === 'DICM')
  return [...made, ...real]
}

/** Mulberry32: the same numbers every time, so that a failure can be reproduced. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Values that trip parsers: extremes of length, delimiters, VRs, separators. */
const TELLING = [
  'ffffffff',
  '00000000',
  'feff00e0',
  'feff0de0',
  'feffdde0',
  '5351',
  '554e',
  '5c',
  '1b',
  '7f',
]

function mutate(source: Buffer, random: (below: number) => number): Buffer {
  let bytes = Buffer.from(source)
  for (let left = 1 + random(4); left > 0; left--) {
    const at = random(Math.max(1, bytes.length))
    switch (random(6)) {
      case 0:
        bytes[at] = random(256)
        break
      case 1:
        bytes.write(TELLING[random(TELLING.length)] ?? '', at, 'hex')
        break
      case 2:
        bytes = bytes.subarray(0, at)
        break
      case 3:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random(40))])
        break
      case 4:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          bytes.subarray(random(at + 1), at + random(400)),
        ])
        break
      default:
        bytes.writeUIntLE(
          random(2 ** 16),
          Math.max(0, Math.min(at, bytes.length - 2)),
          Math.min(2, bytes.length),
        )
    }
    if (bytes.length < 2) return bytes
  }
  return bytes
}

interface Taken {
  readonly bytes: number
  readonly milliseconds: number
}

function spread(took: readonly Taken[]) {
  const sorted = took.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)
  const at = (part: number) => Number(sorted[Math.floor(part * (sorted.length - 1))]?.toFixed(1))
  return {
    count: sorted.length,
    median: at(0.5),
    of99in100: at(0.99),
    of999in1000: at(0.999),
    slowest: at(1),
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** In megabytes: the heap after garbage collection, and the process as a whole. */
function memory() {
  collect()
  const { heapUsed, rss } = process.memoryUsage()
  return { held: Math.round(heapUsed / 2 ** 20), resident: Math.round(rss / 2 ** 20) }
}

describe(`${String(COUNT)} files with a few bytes changed`, () => {
  it('each fail with a code or give a file that can be read again', async () => {
    const files = seeds()
    const random = numbers(20_240_229)
    const outcomes = new Map<string, number>()
    const took: Taken[] = []
    const megabytes: ReturnType<typeof memory>[] = []
    for (let index = 0; index < COUNT; index++) {
      const input = mutate(files[random(files.length)] ?? Buffer.alloc(0), random)
      const before = process.cpuUsage()
      const code = (await codeOf(input, passing)) ?? 'accepted'
      const { user, system } = process.cpuUsage(before)
      took.push({ bytes: input.length, milliseconds: (user + system) / 1000 })
      if (index % Math.ceil(COUNT / 5) === 0) megabytes.push(memory())
      outcomes.set(code, (outcomes.get(code) ?? 0) + 1)
      if (code === 'accepted' && index % 10 === 0) {
        const { bytes } = await run(input, passing)
        expect(await codeOf(bytes, passing)).toBeUndefined()
      }
    }
    expect([...outcomes.keys()]).not.toContain('unsafe_step_failed')
    expect(outcomes.get('accepted') ?? 0).toBeGreaterThan(0)
    const small = took.filter(({ bytes }) => bytes <= 5 * 1024)
    console.log(`${files.length} files to begin with`, Object.fromEntries(outcomes), {
      millisecondsUpTo5KiB: spread(small),
      millisecondsUpTo20KB: spread(took),
      megabytes: [...megabytes, memory()],
    })
  }, 3_600_000)
})
