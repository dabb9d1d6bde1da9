/**
 * Requests cosignatures from the witnesses for as long as the gateway runs, and records the result
 * for /readyz.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { NocturneError, asNocturneError } from '../lib/errors.js'
import type { Ledger } from '../ledger/log/index.js'
import type { Submit, Witnessing } from '../ledger/witness/index.js'
import type { Logger } from '../lib/logger.js'

const ANSWER_MS = 10_000
const MAX_ANSWER = 64 * 1024
/** Between two checks for new entries. */
const PAUSE_MS = 5_000
/**
 * A log without new entries is cosigned again after this time, so that the age of the cosignature
 * shows that the witnesses are working.
 */
const RENEW_MS = 15 * 60_000

/**
 * Submits over HTTP.
 *
 * @throws NocturneError `gateway_unreachable`
 */
export const submitCheckpoint: Submit = async (url, body) => {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const text = await boundedText(response)
    return { status: response.status, type: response.headers.get('content-type') ?? '', body: text }
  } catch (cause) {
    throw new NocturneError('gateway_unreachable', { cause })
  }
}

async function boundedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length
    if (size > MAX_ANSWER) throw new NocturneError('gateway_unreachable')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

export interface WitnessingRooms {
  /** Whether any witnesses are configured. */
  readonly hasWitnesses: boolean
  readonly ledger: Pick<Ledger, 'checkpoint'>
  readonly witnessing: Pick<Witnessing, 'round'>
  readonly logger: Logger
  readonly now: () => number
}

/** Returns a function that stops it. Does nothing if there are no witnesses. */
export function startWitnessing(rooms: WitnessingRooms): () => Promise<void> {
  const { ledger, witnessing, logger, now } = rooms
  if (!rooms.hasWitnesses) return () => Promise.resolve()
  const stop = new AbortController()
  let [askedSize, askedAt] = [-1, -Infinity]
  let lastProblem: string | undefined

  const look = async (): Promise<void> => {
    const size = Number((await ledger.checkpoint()).split('\n')[1])
    if (size === askedSize && now() - askedAt < RENEW_MS) return
    const result = await witnessing.round()
    if (!result) return
    const missing = [...result.values()].filter((one) => one !== 'cosigned')
    const problem = missing.length === 0 ? undefined : [...missing].sort().join()
    if (problem !== lastProblem && problem !== undefined)
      logger.error('witnesses did not cosign', { count: missing.length })
    lastProblem = problem
    askedAt = now()
    // If a witness is missing, it is asked again at the next check, whether or not the log has
    // grown.
    askedSize = problem === undefined ? size : -1
  }

  const run = (async () => {
    while (!stop.signal.aborted) {
      await look().catch((error: unknown) =>
        logger.error('the witnesses could not be asked', { code: asNocturneError(error).code }),
      )
      await sleep(PAUSE_MS, undefined, { signal: stop.signal, ref: false }).catch(() => undefined)
    }
  })()
  return async () => {
    stop.abort()
    await run
  }
}
