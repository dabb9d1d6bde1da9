/** What the gateway sends to `notify.webhooks`. */
import * as z from 'zod/mini'
import { about, instant } from '../../words.js'

const text = z.string().check(z.maxLength(500))

const digestLine = z.looseObject({
  event: text,
  code: z.optional(text),
  facility: z.optional(text),
  priority: z.optional(text),
  at: instant,
})

export const webhookBody = z.looseObject({
  type: about('What happened, such as `case.waiting` or `critical.raised`.', text),
  event: about('The same as `type`.', text),
  person: about('Whom to tell: the ID of a person, or of a facility.', text),
  code: z.optional(about('Code of the case.', text)),
  facility: z.optional(text),
  group: z.optional(text),
  priority: z.optional(text),
  level: z.optional(about('Of a critical result: minutes, hours or days.', text)),
  round: z.optional(about('Starts at 1; an escalation without a reaction repeats.', z.int())),
  at: instant,
  dueAt: z.optional(instant),
  timezone: z.optional(about('IANA name: the clock of those who are told.', text)),
  link: z.optional(about('Where a person can act, after signing in.', text)),
  alert: z.optional(text),
  subject: z.optional(text),
  next: z.optional(text),
  count: z.optional(about('Of `notices.deferred`: how many waited.', z.int())),
  notices: z.optional(
    about('Of `notices.deferred`: the newest of them.', z.array(digestLine).check(z.maxLength(50))),
  ),
})

const header = (name: string, description: string) => ({
  ...{ name, in: 'header', required: true, schema: { type: 'string' }, description },
})

/** An Operation Object of OpenAPI 3.1, except for its body and its answers. */
export const NOTICE_WEBHOOK = {
  summary: 'Tell one person of one notice',
  description:
    'Sent to each address in notify.webhooks, once per person and notice; nothing in it identifies a patient. A receiver compares the signature before it parses the body, refuses a timestamp that is off by more than five minutes, and does not act twice on one ID. It is sent again, with the same ID, until the answer is 2xx.',
  parameters: [
    header('webhook-id', 'The same for every attempt.'),
    header('webhook-timestamp', 'Seconds since 1970, of this attempt.'),
    header(
      'webhook-signature',
      '`v1,` and base64 of HMAC-SHA-256 over ID.TIMESTAMP.BODY, with the octets of secretFile as the key (standardwebhooks.com).',
    ),
  ],
} as const
