/**
 * Requests against the schemas of the reference. What has another form than described is 400, and
 * the answer names the field; what has the form and cannot be accepted is 422, and other rooms say
 * so.
 */
import type { Request } from 'express'
import type * as z from 'zod/mini'
import { NocturneError } from '../lib/errors.js'

/**
 * The query string. Unknown names and repeated ones are refused, so that a typing error is seen.
 * @throws NocturneError `bad_request`
 */
export const parseQuery = <T extends z.ZodMiniObject>(schema: T, request: Request): z.output<T> =>
  parse(schema, request.query)

/** The JSON body; `absent` stands for one that is left out. @throws NocturneError `bad_request` */
export function parseBody<T extends z.ZodMiniObject>(
  schema: T,
  request: Request,
  absent?: Readonly<Record<string, never>>,
): z.output<T> {
  const body: unknown = request.body ?? absent
  if (body === undefined) throw new NocturneError('bad_request', { field: 'body' })
  return parse(schema, body)
}

/** The cause stays out: it would quote what was sent. */
function parse<T extends z.ZodMiniObject>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  // A name that is not ours may be anything, a patient's among them: those that would be right are
  // told instead.
  if (issue?.code === 'unrecognized_keys')
    throw new NocturneError('bad_request', {
      subject: `known names are ${Object.keys(schema.shape).join(', ')}`,
    })
  const path = issue?.path.map(String) ?? []
  throw new NocturneError('bad_request', { field: path.length === 0 ? 'body' : path.join('.') })
}
