/**
 * Forwarding: sends every entry to every sink, in order and at least once. How far each sink was
 * told is stored in the database, so a restart continues from there, and a lease ensures that only
 * one gateway forwards to a sink.
 *
 * The steps of a batch, and what is true after a crash following each:
 * 1. Send. The sink may have it; the cursor has not moved, so it is sent again.
 * 2. Confirm. The sink has read all of it; it is still sent again.
 * 3. Advance the cursor. It is not sent again.
 *
 * A sink never delays patient care: no request waits for anything here, and memory holds at most
 * 256 entries per sink.
 */
import type { State } from '../../state/index.js'
import { createCursor } from '../published/cursor.js'
import { parseEntry } from '../log/entry.js'
import type { Ledger } from '../log/ledger.js'
import type { RecordSource } from '../records/objects.js'
import { readEntries, readHead } from '../log/read.js'
import { frameOf } from './message.js'
import type { SinkFormat } from './message.js'
import { recordStanding } from './standing.js'
import type { SyslogTarget } from './connection.js'
import { SinkError } from './sink-error.js'
import type { SinkProblem } from './sink-error.js'
import type { Send } from './syslog-tls.js'

export interface SinkConfig extends SyslogTarget {
  readonly id: string
  readonly format: SinkFormat
}

export interface SinkStatus {
  readonly id: string
  /** Number of entries that the sink has not confirmed. */
  readonly behind: number
  /** Age of the oldest unconfirmed entry. */
  readonly lagSeconds: number
  /** Why this gateway's last attempt failed. */
  readonly problem?: SinkProblem
}

export interface Forwarder {
  readonly id: string
  /**
   * Sends the next batch, unless there is none or another gateway is sending. Returns when to call
   * again, in milliseconds.
   */
  step(): Promise<number>
  /** The error of the last failed step, for the log. */
  readonly failure: () => SinkError | undefined
  /** Lets another gateway continue immediately. */
  release(): Promise<void>
}

export interface Forwarding {
  readonly forwarders: readonly Forwarder[]
  /**
   * In the order of the configuration.
   * @throws NocturneError `database_unavailable`
   */
  status(): Promise<readonly SinkStatus[]>
}

export interface ForwardingOptions {
  readonly state: State
  readonly ledger: Ledger
  readonly sinks: readonly SinkConfig[]
  readonly send: Send
  /** Known only after listening when the system chooses the port. */
  readonly source: () => RecordSource
  readonly holder: string
  readonly now: () => number
}

/**
 * Maximum entries per connection. After a failure the batch starts small and doubles with each
 * success.
 */
const BATCH = { most: 1_000, fewest: 50 } as const
const PAUSE_MS = 1_000
/** How long to wait while another gateway holds the lease. */
const ELSEWHERE_MS = 5_000
const BACKOFF_MS = { first: 1_000, most: 60_000 } as const
/** Failures before a sink counts as lost, so that a restart of the sink is not reported. */
const TRIES_BEFORE_LOST = 3

export function createForwarding(options: ForwardingOptions): Forwarding {
  const forwarders = options.sinks.map((sink) => createForwarder(options, sink))
  return {
    forwarders,
    status: () =>
      Promise.all(
        options.sinks.map(async ({ id }, i) => {
          const problem = forwarders[i]?.failure()?.problem
          return { ...(await lagOf(options, id)), ...(problem !== undefined && { problem }) }
        }),
      ),
  }
}

function createForwarder(options: ForwardingOptions, sink: SinkConfig): Forwarder {
  const { state, holder, now, send } = options
  const cursor = createCursor(state, cursorOf(sink.id), holder, now)
  let failures = 0
  let failure: SinkError | undefined
  let batch: number = BATCH.most
  /**
   * If an earlier process recorded the sink as lost, the first success in this process ends that.
   */
  let mayBeLost = true

  const forward = async (): Promise<number> => {
    const { size } = await readHead(state.db)
    if ((await positionOf(state, sink.id)) >= size) return PAUSE_MS
    const from = await cursor.take()
    if (from === undefined) return ELSEWHERE_MS
    const until = Math.min(size, from + batch)
    if (from >= until) return PAUSE_MS
    await send(sink, frames(options, sink, from, until))
    // If sending took so long that another gateway took over, this does nothing: the cursor is
    // theirs.
    await cursor.advance(until)
    failures = 0
    failure = undefined
    batch = Math.min(BATCH.most, batch * 2)
    if (mayBeLost) await recordStanding(options, sink.id, 'regained')
    mayBeLost = false
    return until < size ? 0 : PAUSE_MS
  }

  const failed = async (error: SinkError): Promise<number> => {
    failures += 1
    failure = error
    batch = BATCH.fewest
    await cursor.release()
    if (failures >= TRIES_BEFORE_LOST) {
      mayBeLost = true
      const { behind } = await lagOf(options, sink.id)
      await recordStanding(options, sink.id, 'lost', { problem: error.problem, behind })
    }
    return backoff(failures)
  }

  return {
    id: sink.id,
    failure: () => failure,
    release: () => cursor.release(),
    step: () =>
      forward().catch((error: unknown) => {
        // A failure of our own database is not the sink's fault.
        if (error instanceof SinkError) return failed(error)
        throw error
      }),
  }
}

const cursorOf = (id: string): string => `sink ${id}`

async function positionOf({ db }: Pick<State, 'db'>, id: string): Promise<number> {
  const row = await db
    .selectFrom('ledger_cursors')
    .select('position')
    .where('name', '=', cursorOf(id))
    .executeTakeFirst()
  return row?.position ?? 0
}

async function lagOf(
  { state, now }: ForwardingOptions,
  id: string,
): Promise<Pick<SinkStatus, 'id' | 'behind' | 'lagSeconds'>> {
  const position = await positionOf(state, id)
  const { size } = await readHead(state.db)
  const oldest = await state.db
    .selectFrom('events')
    .select('time')
    .where('idx', '>=', position)
    .orderBy('idx')
    .limit(1)
    .executeTakeFirst()
  const lagSeconds = oldest ? Math.max(0, Math.floor((now() - oldest.time) / 1_000)) : 0
  return { id, behind: Math.max(0, size - position), lagSeconds }
}

async function* frames(
  { state, source }: ForwardingOptions,
  { format }: SinkConfig,
  from: number,
  until: number,
): AsyncIterable<Buffer> {
  for await (const { index, bytes } of readEntries(state.db, from, until))
    yield frameOf(format, parseEntry(bytes), index, source())
}

/**
 * Doubles with each failure. The jitter keeps several gateways that lost a sink at the same time
 * from retrying at the same time.
 */
function backoff(failures: number): number {
  const longest = Math.min(BACKOFF_MS.most, BACKOFF_MS.first * 2 ** Math.min(failures - 1, 10))
  return longest / 2 + Math.random() * (longest / 2)
}
