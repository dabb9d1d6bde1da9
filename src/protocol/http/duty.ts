/** Who is on duty, and duty swaps. */
import * as z from 'zod/mini'
import { about, id, instant } from '../words.js'
import { receipt } from './gateway.js'

const people = z.array(z.string())
const onDuty = {
  readers: people,
  backups: about('Readers who step in when nobody reacts.', people),
}

export const dutyAnswer = z.looseObject({
  groups: z.array(
    z.looseObject({
      id: about('Reading group.', z.string()),
      timezone: about('IANA name of the time zone that the roster is written in.', z.string()),
      hasRoster: z.boolean(),
      now: z.optional(z.looseObject(onDuty)),
      shifts: z.optional(
        about(
          'From now on, in order.',
          z.array(z.looseObject({ from: instant, until: instant, ...onDuty })),
        ),
      ),
    }),
  ),
})

export const swapAnswer = z.looseObject({ id, receipt })
