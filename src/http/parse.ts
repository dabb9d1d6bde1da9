/**
 * Validates requests against the schemas of the reference. A malformed request is 400, and the
 * answer names the field. A well-formed request that cannot be accepted is 422, which other rooms
 * decide.
 */
import type { Request } from 'express'
import type * as z from 'zod/mini'
import { NocturneError } from '../lib/errors.js'

/**
 * Parses the query string. Unknown and repeated names are refused, so that typing errors are
 * noticed.
 *
 * @throws NocturneError `bad_request`
 */
export const parseQuery = <T extends z.ZodMiniObject>(schema: T, request: Request): z.output<T> =>
  parse(schema, request.query)

/**
 * Parses the JSON body; `absent` is used if there is none.
 *
 * @throws NocturneError `bad_request`
 */
export function parseBody<T extends z.ZodMiniObject>(
  schema: T,
  request: Request,
  absent?: Readonly<Record<string, never>>,
): z.output<T> {
  const body: unknown = request.body ?? absent
  if (body === undefined) throw new NocturneError('bad_request', { field: 'body' })
  return parse(schema, body)
}

/** The cause is omitted, because it would quote what was sent. */
function parse<T extends z.ZodMiniObject>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  // An unknown name may be anything, even a patient's name, so the allowed names are reported
  // instead.
  if (issue?.code === 'unrecognized_keys')
    throw new NocturneError('bad_request', {
      subject: `the known names are ${Object.keys(schema.shape).join(', ')}`,
    })
  const path = issue?.path.map(String) ?? []
  throw new NocturneError('bad_request', { field: path.length === 0 ? 'body' : path.join('.') })
}
