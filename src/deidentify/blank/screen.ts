/**
 * `screen: sample` of a profile: some slices of each CT and MR series are read, though no rule sees
 * a risk in them. How many are to come is unknown while they arrive, so the first is read, and
 * another whenever their number has doubled: one in the middle and one of the last half are among
 * them. From the first identifier on, the series is held.
 */
import { NocturneError } from '../../lib/errors.js'
import type { TextDetector } from '../contract.js'

interface Series {
  arrived: number
  /** The number of the next slice to read. */
  next: number
  isHeld: boolean
  /** Slices that arrive meanwhile wait for the result. */
  reading: Promise<void> | undefined
}

/** The series that arrived last, most recent at the end. */
const MOST_SERIES = 1_000

/** Per process: a series sent again, or by another upload, is held from its first slice on. */
const screens = new WeakMap<TextDetector, Map<string, Series>>()

const HELD = { rule: 'the text detector read an identifier in another slice of this series' }

/**
 * Resolves when a slice of the series may pass.
 *
 * @param read throws `text_in_pixels` for an identifier. If it throws because the slice cannot be
 *   read, the next one is read in its place.
 * @throws NocturneError `text_in_pixels`
 */
export async function screenSlice(
  detector: TextDetector,
  series: string,
  read: () => Promise<unknown>,
): Promise<void> {
  const one = seriesOf(detector, series)
  while (one.reading) await one.reading
  if (one.isHeld) throw new NocturneError('text_in_pixels', { place: HELD })
  one.arrived += 1
  if (one.arrived < one.next) return
  one.next = 2 * one.arrived
  const done = read().then(
    () => undefined,
    (error: unknown) => {
      if (codeOf(error) === 'text_in_pixels') one.isHeld = true
      else one.next = one.arrived + 1
      // Slices that cannot be judged pass as those that are not sampled.
      if (codeOf(error) !== 'pixels_at_risk') throw error
    },
  )
  one.reading = done.catch(() => undefined)
  await one.reading
  one.reading = undefined
  await done
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof NocturneError ? error.code : undefined

function seriesOf(detector: TextDetector, series: string): Series {
  const all = screens.get(detector) ?? new Map<string, Series>()
  screens.set(detector, all)
  const one = all.get(series) ?? { arrived: 0, next: 1, isHeld: false, reading: undefined }
  all.delete(series)
  all.set(series, one)
  const [oldest] = all.keys()
  if (all.size > MOST_SERIES && oldest !== undefined) all.delete(oldest)
  return one
}
