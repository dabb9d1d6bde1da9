/** Who is on duty, duty swaps, and the browsers in which people are notified. */
import * as z from 'zod/mini'
import { about, count, id, instant } from '../words.js'
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

const endpoint = about(
  'Address of the push service: https, at a host in `notify.push.hosts`.',
  z.string().check(z.minLength(1), z.maxLength(2_048)),
)

/** What a browser's `PushSubscription` is as JSON; its expiry is not used. */
export const pushRequest = z.strictObject({
  endpoint,
  expirationTime: z.optional(z.nullable(z.number())),
  keys: z.strictObject({
    p256dh: about('65 octets in base64url.', z.string().check(z.regex(/^[\w-]{87}$/))),
    auth: about('16 octets in base64url.', z.string().check(z.regex(/^[\w-]{22}$/))),
  }),
})
export type PushRequest = z.infer<typeof pushRequest>

export const pushEndRequest = z.strictObject({ endpoint })

export const pushAnswer = z.looseObject({
  publicKey: z.optional(
    about(
      'Key to subscribe with (RFC 8292), in base64url; absent where the site does not offer Web Push.',
      z.string().check(z.maxLength(100)),
    ),
  ),
  browsers: about('How many browsers of this person are subscribed.', count),
})
export type PushAnswer = z.infer<typeof pushAnswer>
