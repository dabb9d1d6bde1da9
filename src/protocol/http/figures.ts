/** Turnaround figures. */
import * as z from 'zod/mini'
import { about, count, word } from '../words.js'
import type { Named } from '../words.js'
import { time } from './query.js'

const text = z.string().check(z.maxLength(100))

const figure = z.looseObject({
  facility: text,
  group: text,
  priority: word('Priority', 'routine', 'urgent', 'stat'),
  kind: word('Step', 'claim', 'preliminary', 'final', 'acknowledged'),
  cases: about('That reached this step.', count),
  medianSeconds: z.optional(about('From available to this step.', count)),
  p90Seconds: z.optional(about('Nine of ten cases took no longer.', count)),
  missed: about('Cases that missed their target for this step.', count),
})
export type Figure = Named<z.infer<typeof figure>>

export const figuresAnswer = z.looseObject({
  figures: about(
    'By facility, group, priority and step.',
    z.array(figure).check(z.maxLength(100_000)),
  ),
})

export const figuresQuery = z.strictObject({
  from: about('Cases that became available from this date or instant on.', time),
  until: z.optional(about('Until this date or instant; now when absent.', time)),
  format: z._default(z.enum(['json', 'csv']), 'json'),
})

export const FIGURE_COLUMNS = [
  'facility',
  'group',
  'priority',
  'kind',
  'cases',
  'medianSeconds',
  'p90Seconds',
  'missed',
] as const
