import { CATALOGUE, NocturneError } from '../lib/errors.js'
import { placeText } from '../lib/place.js'

/** `partial`: done, but not whole; something was held, refused, missing or left out. */
export const EXIT = { done: 0, failed: 1, usage: 2, partial: 3, later: 4 } as const

/**
 * The error that users of the command see: a sentence and a hint, in lower case without a final
 * period. `code` is one of ours or the gateway's. Texts name options, local paths and configured
 * names; never a value from a file or a token.
 */
export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly code: string
  readonly hint: string
  readonly exit: 1 | 2 | 3 | 4
  /** Further lines under the error, such as the problems of a site. */
  readonly details: readonly string[]

  constructor(
    message: string,
    options: {
      readonly hint: string
      readonly code?: string
      readonly exit?: 1 | 2 | 3 | 4
      readonly details?: readonly string[]
      readonly cause?: unknown
    },
  ) {
    super(withoutToken(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code ?? 'usage'
    this.hint = options.hint
    this.exit = options.exit ?? EXIT.failed
    this.details = options.details ?? []
  }
}

/** A token that was given in place of a file or a command is not repeated. */
const withoutToken = (text: string): string => text.replace(/noct_[\w-]{8,}/g, 'noct_...')

/** A usage error: exit status 2. */
export function usageError(message: string, hint: string): CommandError {
  return new CommandError(message, { hint, code: 'usage', exit: EXIT.usage })
}

/** A local file cannot be read; names the file. */
export function fileError(path: string, cause: unknown): CommandError {
  const { title, hint } = CATALOGUE.file_unreadable
  return new CommandError(`${title}: ${path}`, { hint, code: 'file_unreadable', cause })
}

/** A catalogue error about something the user named: the same text, followed by the name. */
export function about(subject: string, error: unknown): unknown {
  if (!(error instanceof NocturneError)) return error
  return new CommandError(`${error.message}: ${subject}`, {
    hint: error.hint,
    code: error.code,
    cause: error,
  })
}

interface SiteProblems {
  readonly problems: readonly { readonly path: string; readonly problem: string }[]
}

const holdsProblems = (error: Error): error is Error & SiteProblems =>
  'problems' in error && Array.isArray(error.problems)

/** An error as it appears in a command's JSON document. */
export interface ErrorJson {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly details?: readonly string[]
}

export function toErrorJson(error: unknown): ErrorJson {
  const { code, message, hint, details } = toCommandError(error)
  return { code, message, hint, ...(details.length > 0 && { details }) }
}

/**
 * Converts anything that was thrown into an error that can be shown. Of errors that are not ours,
 * no text is shown.
 */
export function toCommandError(error: unknown): CommandError {
  if (error instanceof CommandError) return error
  if (error instanceof NocturneError) {
    const { code, hint, subject, place } = error
    return new CommandError(
      subject === undefined ? error.message : `${error.message}: ${subject}`,
      {
        hint,
        code,
        exit: code === 'usage' ? EXIT.usage : EXIT.failed,
        details: [
          ...(place ? [placeText(place)] : []),
          ...(holdsProblems(error)
            ? error.problems.map(({ path, problem }) => `${path}: ${problem}`)
            : []),
        ],
        cause: error,
      },
    )
  }
  return new CommandError(`the command failed unexpectedly (${describe(error)})`, {
    hint: 'run it again; if it fails again, report it with the version from nocturne --version',
    code: 'internal',
    cause: error,
  })
}

/** The class and system code only: a library's message may quote its input. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error
  return 'code' in error && typeof error.code === 'string' && /^[A-Z_0-9]+$/.test(error.code)
    ? `${error.name} ${error.code}`
    : error.name
}
