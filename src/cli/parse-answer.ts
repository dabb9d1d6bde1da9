import type * as z from 'zod/mini'
import { CommandError } from './command-error.js'

/**
 * The answer as its type; members that are not in the schema are kept, for `--json`.
 * @throws CommandError when the answer does not match
 */
export function parseAnswer<T extends z.ZodMiniType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new CommandError('the answer did not come from a compatible gateway', {
    hint: 'check --gateway, and that this nocturne is not older than the gateway',
    code: 'gateway_unreachable',
    cause: parsed.error,
  })
}
