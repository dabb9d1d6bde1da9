/**
 * A running edge: the gateway's own process on the facility's machine, and the forwarding of what
 * it seals. While the line is cut it seals to the readers that it was told last. When the gateway
 * tells others, the doors close in order and open again with them.
 */
import { join } from 'node:path'
import { createGateway } from '../gateway.js'
import type { Gateway, GatewayOverrides } from '../gateway.js'
import type { Rooms } from '../gateway/rooms.js'
import { asNocturneError } from '../lib/errors.js'
import type { Logger } from '../lib/logger.js'
import type { Identity, LineView } from '../transfer/sealed/index.js'
import { forwardWaiting } from './forward.js'
import type { Line } from './forward.js'
import { keepLine } from './line-view.js'
import { askVerified, identityOf, prepareEdge } from './open.js'
import type { Asking, PreparedEdge } from './open.js'
import { readSettings } from './settings.js'
import { isSameTold, LEDGER_KEY_FILE, replaceFile } from './site.js'

export interface EdgeParts {
  /** Absolute. */
  readonly dir: string
  readonly asking: Asking
  /** The way to the gateway as it was verified last; undefined while it is not reached. */
  readonly line: () => Line | undefined
  /** Whether the line is cut or the gateway is busy: everything has to wait. */
  readonly isAway: (error: unknown) => boolean
  readonly logger: Logger
  /** Resolves after so long, or when the edge stops. */
  readonly pause: (ms: number) => Promise<void>
  readonly now: () => number
  readonly overrides?: Omit<GatewayOverrides, 'edge' | 'logger'>
}

export interface RunningEdge {
  readonly url: string
  readonly rooms: Rooms
  readonly prepared: PreparedEdge
}

/** How soon what was sealed is on its way. */
const FORWARD_MS = 1_000
const ASK_MS = 60_000
/** A busy or unreachable gateway is asked again after this. */
const AWAY_MS = 5_000
/** What the gateway refuses may be corrected there. */
const REFUSED_MS = 600_000

/** One process at an edge, from the first contact until it stops. */
export class Edge {
  readonly #parts: EdgeParts
  readonly #refused = new Map<string, { readonly code: string; readonly at: number }>()
  #reachedAt: number | undefined
  #problem: string | undefined
  #kept = ''
  #gateway: Gateway | undefined
  #running: RunningEdge | undefined
  #askedAt = -Infinity

  constructor(parts: EdgeParts) {
    this.#parts = parts
  }

  get running(): RunningEdge | undefined {
    return this.#running
  }

  view(): LineView {
    return {
      ...(this.#reachedAt !== undefined && { reachedAt: this.#reachedAt }),
      ...(this.#problem !== undefined && { problem: this.#problem }),
      refused: [...this.#refused].map(([transfer, { code }]) => ({ transfer, code })),
    }
  }

  /**
   * Opens the doors.
   *
   * @throws NocturneError `gateway_unreachable` when the gateway was never reached; as
   *   `prepareEdge` and `createGateway`
   */
  async open(): Promise<RunningEdge> {
    const { dir, asking, overrides, logger, now } = this.#parts
    const { spool } = await readSettings(dir)
    const prepared = await prepareEdge(dir, {
      ...asking,
      ask: async () => {
        const told = await asking.ask()
        if (told) this.#reached(now())
        else this.#problem = 'gateway_unreachable'
        return told
      },
    })
    this.#askedAt = now()
    const edge = { ...prepared.options, spoolBytes: spool.limit, line: () => this.view() }
    const gateway = await createGateway(prepared.site, { ...overrides, logger, edge })
    this.#gateway = gateway
    const { url, rooms } = await gateway.start()
    // Before the first study: nothing that this edge signs would be taken over otherwise.
    identityOf(rooms, prepared.told)
    // With this key the facility verifies the log of its own edge.
    await replaceFile(join(dir, LEDGER_KEY_FILE), `${rooms.ledger.verifierKey}\n`, 0o644)
    this.#running = { url, rooms, prepared }
    return this.#running
  }

  /** One round: asks when it is time, and forwards what waits. Returns how long to pause. */
  async step(): Promise<number> {
    const { now, dir, isAway, logger } = this.#parts
    let pause = FORWARD_MS
    try {
      if (!this.#running) await this.#reopen()
      else if (now() - this.#askedAt >= (this.#problem === undefined ? ASK_MS : AWAY_MS))
        await this.#ask()
      await this.#forward()
    } catch (error) {
      const { code } = asNocturneError(error)
      const problem = codeOf(error) ?? code
      if (problem !== this.#problem)
        logger.warn('nothing is forwarded to the gateway now; what is sealed waits here', {
          code: problem,
        })
      this.#problem = problem
      pause = isAway(error) ? AWAY_MS : pause
    }
    const kept = JSON.stringify(this.view())
    if (kept !== this.#kept) await keepLine(dir, this.view()).catch(() => undefined)
    this.#kept = kept
    return pause
  }

  /** Waits for what the doors have in hand. */
  async close(graceMs?: number): Promise<void> {
    this.#running = undefined
    await this.#gateway?.close(graceMs)
    this.#gateway = undefined
  }

  #reached(at: number): void {
    this.#reachedAt = at
    if (this.#problem !== undefined) this.#parts.logger.info('the gateway answers again')
    this.#problem = undefined
  }

  /** @throws what asking throws; then the readers that were told last stay */
  async #ask(): Promise<void> {
    const { dir, asking, logger, now } = this.#parts
    this.#askedAt = now()
    const told = await askVerified(dir, asking)
    if (!told) {
      this.#problem = 'gateway_unreachable'
      return
    }
    this.#reached(now())
    const { prepared } = this.#running ?? {}
    if (prepared && isSameTold(told, prepared.told)) return
    logger.info('the gateway names other recipients or rules; the doors open again with them')
    await this.#reopen()
  }

  /** What fails here is tried again in the next round, with the doors closed until then. */
  async #reopen(): Promise<void> {
    await this.close()
    await this.open()
  }

  async #forward(): Promise<void> {
    const { line, isAway, now } = this.#parts
    const way = line()
    const running = this.#running
    if (!way || !running || this.#problem !== undefined) return
    const { rooms, prepared } = running
    const as: Identity = identityOf(rooms, prepared.told)
    for (const [transfer, { at }] of this.#refused)
      if (now() - at >= REFUSED_MS) this.#refused.delete(transfer)
    const forwarded = await forwardWaiting(rooms, as, way, {
      skips: new Set(this.#refused.keys()),
      failed: (transfer, error) => {
        if (isAway(error)) throw error
        const code = codeOf(error) ?? asNocturneError(error).code
        this.#refused.set(transfer, { code, at: now() })
        rooms.logger.error('the gateway refuses a transfer that was sealed here', {
          transfer,
          code,
        })
      },
    })
    if (forwarded > 0) this.#reachedAt = now()
  }
}

/** Errors of the line carry the gateway's code. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}

/** Runs until `signal`; ends with what the doors have in hand. */
export async function runEdge(
  parts: EdgeParts,
  signal: AbortSignal,
  opened: (edge: Edge, running: RunningEdge) => void,
): Promise<void> {
  const edge = new Edge(parts)
  try {
    const running = await edge.open()
    opened(edge, running)
    while (!signal.aborted) await parts.pause(await edge.step())
  } finally {
    await edge.close()
  }
}
