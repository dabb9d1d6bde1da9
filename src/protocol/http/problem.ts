/** Errors as application/problem+json (RFC 9457). */
import * as z from 'zod/mini'
import { CATALOGUE } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { about, id } from '../words.js'

const text = z.string().check(z.maxLength(500))

/**
 * Address of the page about a code, used as the `type` of its problems; relative to the gateway.
 */
export const problemType = (code: Code): string => `/reference/errors/${code}`

export const problem = z.looseObject({
  type: about('Address of the page about this code, relative to the gateway.', z.string()),
  title: about(
    'What happened: one fixed sentence per code, without any data from the request.',
    text,
  ),
  status: about('The HTTP status.', z.int()),
  code: about(
    'Stable name of the error. Branch on it, not on the title.',
    z.string().check(z.meta({ examples: ['not_found', 'bad_request'] })),
  ),
  hint: about('What to do next.', text),
  field: z.optional(
    about(
      'The parameter, header, form field or body member at fault; nested members are joined with dots, as in `packets.0.envelope`.',
      text,
    ),
  ),
  subject: z.optional(
    about('A name from the configuration that makes the hint concrete, such as a recipient.', text),
  ),
  requestId: about('Identifies this request in the log of the gateway.', id),
})

/** Whether the same request may succeed later without a change. */
export const isTransient = (code: Code): boolean => {
  const { status } = CATALOGUE[code]
  return status === 408 || status === 429 || status === 503 || status === 507
}
