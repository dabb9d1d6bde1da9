import { pino } from 'pino'
import type { DestinationStream } from 'pino'

/**
 * The only fields a log line may have. Anything else does not compile, and is dropped at run time
 * as well: no header, file name, query string, DICOM value or error text ever reaches a log.
 */
export interface LogFields {
  readonly requestId?: string
  readonly method?: string
  /** The route's template, never the requested address. */
  readonly route?: string
  readonly status?: number
  readonly durationMs?: number
  readonly bytes?: number
  readonly items?: number
  readonly transfer?: string
  readonly code?: string
  /** The system's own code of a failed call: ENOSPC, ECONNREFUSED, 23505. */
  readonly system?: string
  readonly principal?: string
  /** Id from the configuration. */
  readonly sink?: string
  /** Why a sink accepts nothing: one of our own words. */
  readonly problem?: string
  /** Id of a rule. */
  readonly alert?: string
  readonly facility?: string
  readonly group?: string
  readonly url?: string
  readonly version?: string
  readonly count?: number
  readonly signal?: string
  /** File and line of our own code in which an unexpected error was raised. */
  readonly at?: string
  readonly error?: string
}

const ALLOWED: ReadonlySet<string> = new Set<keyof LogFields>([
  'requestId',
  'method',
  'route',
  'status',
  'durationMs',
  'bytes',
  'items',
  'transfer',
  'code',
  'system',
  'principal',
  'sink',
  'problem',
  'alert',
  'facility',
  'group',
  'url',
  'version',
  'count',
  'signal',
  'at',
  'error',
])

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

export interface Logger {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}

/**
 * JSON lines on standard error, or on `destination` in tests. Messages are literals of our own
 * code.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const log = pino({ level, base: null }, destination ?? pino.destination(2))
  const write =
    (to: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: LogFields = {}) => {
      log[to](
        Object.fromEntries(Object.entries(fields).filter(([key]) => ALLOWED.has(key))),
        message,
      )
    }
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

/**
 * What may be logged about an unexpected error: its class, its system code, and the first line of
 * our own code in its stack. Its message may quote a request, so it is omitted.
 */
export function describeUnexpected(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error }
  const root = error.cause instanceof Error ? error.cause : error
  const at = /\((?:file:\/\/)?[^()\s]*?\/(?:src|dist)\/([\w./-]+:\d+):\d+\)/.exec(
    root.stack ?? '',
  )?.[1]
  const system = 'code' in root && typeof root.code === 'string' ? root.code : undefined
  return { error: root.name, ...(system && { system }), ...(at && { at }) }
}
