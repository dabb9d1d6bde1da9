/**
 * Waits until the rooms can be opened. After a power cut the stores may start later than the
 * gateway, so it waits for them: it is alive, reports what it is waiting for, and refuses
 * everything else. An error that waiting cannot resolve ends the start.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { asNocturneError, NocturneError } from '../lib/errors.js'
import type { Code } from '../lib/errors.js'
import { describeUnexpected } from '../lib/logger.js'
import type { Logger } from '../lib/logger.js'

/**
 * Errors that resolve once the operator fixes something elsewhere, and what to fix. The hints in
 * the catalogue are written for clients.
 */
const ADVICE: Partial<Record<Code, string>> = {
  database_unavailable:
    'start the database, or check the connection to it: database in nocturne.yaml, network, DNS, free disk space',
  store_unavailable:
    "start the object store, or check the connection to it: store in nocturne.yaml, its credentials, network, DNS, this machine's clock",
  store_full: 'free space in the object store',
  store_replaced:
    'mount the disk of the object store, or configure the right store; if it is lost, run nocturne audit restore --acknowledge-loss',
}

const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 5_000
/** The log gets a line at least this often while the start is waiting. */
const LINE_MS = 60_000

export interface OpeningReadiness {
  readonly ready: false
  /** Null while nothing has failed and the start is in progress. */
  readonly waitsFor: {
    readonly code: Code
    readonly problem: string
    readonly hint: string
    readonly seconds: number
  } | null
}

export interface Opening {
  /**
   * Runs one step of the start, and repeats it until what it needs is available.
   *
   * @throws an error that waiting cannot resolve; the signal's reason when the start is aborted.
   */
  step<T>(work: () => Promise<T>): Promise<T>
  readiness(): OpeningReadiness
}

export function createOpening(logger: Logger, signal: AbortSignal): Opening {
  let waiting: { readonly code: Code; readonly since: number; toldAt: number } | undefined

  const wait = (error: NocturneError): void => {
    const now = performance.now()
    const { code } = error
    if (waiting?.code !== code) waiting = { code, since: now, toldAt: -Infinity }
    if (now - waiting.toldAt < LINE_MS) return
    waiting.toldAt = now
    logger.warn('waiting to start; /readyz says what to do', {
      ...describeUnexpected(error),
      code,
      durationMs: Math.round(now - waiting.since),
    })
  }

  return {
    step: async (work) => {
      for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
        signal.throwIfAborted()
        try {
          const done = await work()
          if (waiting) logger.info('start resumed', { code: waiting.code })
          waiting = undefined
          return done
        } catch (thrown) {
          const error = rootOf(thrown)
          if (ADVICE[error.code] === undefined) throw thrown
          wait(error)
        }
        await sleep(pauseMs, undefined, { signal })
      }
    },
    readiness: () => {
      if (!waiting) return { ready: false, waitsFor: null }
      const { code, since } = waiting
      const seconds = Math.floor((performance.now() - since) / 1_000)
      const { message: problem } = new NocturneError(code)
      return {
        ready: false,
        waitsFor: { code, problem, hint: ADVICE[code] ?? '', seconds },
      }
    },
  }
}

/** If the ledger could not be written, the reason is in its cause. */
function rootOf(thrown: unknown): NocturneError {
  const error = asNocturneError(thrown)
  return error.code === 'ledger_unavailable' && error.cause instanceof NocturneError
    ? error.cause
    : error
}
