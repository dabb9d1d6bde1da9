/** Choices that a seed repeats. */
import { chance } from '../faults/_load.js'

export const SEED = Number(process.env.NOCTURNE_TEST_SEED) || 20

export interface Choices {
  /** A whole number from 0, below this one. */
  below(most: number): number
  pick<T>(from: readonly T[]): T
}

export function choices(seed = SEED): Choices {
  const random = chance(seed)
  const below = (most: number): number => Math.floor(random() * most)
  return {
    below,
    pick: (from) => {
      const one = from[below(from.length)]
      if (one === undefined) throw new TypeError('nothing to choose from')
      return one
    },
  }
}

/** Octets that trip parsers: extremes of length, delimiters, escapes. */
const TELLING = [
  '\0',
  '\xff\xff\xff\xff',
  '\r\n\r\n',
  '--',
  '"',
  '\\u0000',
  '{}',
  '[[',
  '1e999',
  '=',
]

/** The same octets with some changed, removed, repeated, moved or inserted. */
export function mutate(source: Buffer, random: Choices): Buffer {
  const below = (most: number): number => random.below(most)
  let bytes = Buffer.from(source)
  for (let times = 1 + below(4); times > 0; times--) {
    const at = below(bytes.length + 1)
    const until = Math.min(bytes.length, at + 1 + below(20))
    const piece = bytes.subarray(at, until)
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(until)]
    switch (below(5)) {
      case 0:
        bytes = Buffer.from(bytes)
        if (at < bytes.length) bytes[at] = below(256)
        break
      case 1:
        bytes = Buffer.concat([before, after])
        break
      case 2:
        bytes = Buffer.concat([before, piece, piece, after])
        break
      case 3:
        bytes = Buffer.concat([
          before,
          Buffer.from(random.pick(TELLING), 'latin1'),
          bytes.subarray(at),
        ])
        break
      default:
        bytes = Buffer.from(before)
    }
  }
  return bytes
}
