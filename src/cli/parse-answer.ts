import type * as z from 'zod/mini'
import { CommandError } from './command-error.js'

/**
 * The answer as its type; members that the schema does not name stay, for `--json`.
 * @throws CommandError when it is something else
 */
export function parseAnswer<T extends z.ZodMiniType>(schema: T, answer: unknown): z.output<T> {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  throw new CommandError('the answer is not that of a gateway', {
    hint: 'check --gateway, and that this nocturne is as new as the gateway',
    code: 'gateway_unreachable',
    cause: parsed.error,
  })
}
