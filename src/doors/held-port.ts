/** A port that another process may hold: opening it is retried, and nothing waits for it. */
import { asNocturneError, systemCode } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'

const RETRY_MS = 5_000

interface PortServer {
  readonly port: number
  close(graceMs: number): Promise<void>
}

export interface HeldPort<S extends PortServer> {
  /** Undefined while the port is not open here. */
  server(): S | undefined
  close(graceMs: number): Promise<void>
}

export interface PortOptions {
  readonly logger: Pick<Logger, 'info' | 'warn'>
  /** What is logged when it is open, and the first time it cannot be opened. */
  readonly texts: { readonly open: string; readonly away: string }
  readonly urlOf: (port: number) => string
}

export function holdPort<S extends PortServer>(
  start: () => Promise<S>,
  { logger, texts, urlOf }: PortOptions,
): HeldPort<S> {
  let server: S | undefined
  let retry: NodeJS.Timeout | undefined
  let isClosed = false
  const open = async (isFirst: boolean): Promise<void> => {
    try {
      server = await start()
      if (isClosed) await server.close(0)
      else logger.info(texts.open, { url: urlOf(server.port) })
    } catch (error) {
      const system = systemCode(error)
      if (isFirst) {
        logger.warn(texts.away, {
          code: asNocturneError(error).code,
          ...(system !== undefined && { system }),
        })
      }
      if (!isClosed) retry = setTimeout(() => void open(false), RETRY_MS).unref()
    }
  }
  const opening = open(true)
  return {
    server: () => server,
    close: async (graceMs) => {
      isClosed = true
      clearTimeout(retry)
      await opening
      await server?.close(graceMs)
    },
  }
}

/** For a URL: an IPv6 address stands in brackets. */
export const hostOf = (host: string): string => (host.includes(':') ? `[${host}]` : host)
