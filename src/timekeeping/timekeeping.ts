import type { Actor, Ledger } from '../ledger/log/index.js'
import { newId } from '../lib/ids.js'
import type { State } from '../state/index.js'
import type { DoubtedSpanTable } from '../state/tables/index.js'
import { doubtOf } from './doubt.js'
import type { Doubt } from './doubt.js'
import { markOf, moveMark, readSpans, setMark, writeSpan, endSpans } from './rows.js'

export interface TimekeepingParts {
  readonly state: Pick<State, 'db' | 'transaction'>
  readonly ledger: Pick<Ledger, 'record'>
  readonly now: () => number
  /** Milliseconds of a clock that nobody sets. */
  readonly steady: () => number
  /** When the newest event of the ledger was recorded. */
  readonly lastEventAt: () => Promise<number | undefined>
  /** Of the newest checkpoint that a majority of the witnesses has cosigned. */
  readonly witnessedAt: () => Promise<number | undefined>
  /** Undefined where it is the same clock. */
  readonly serverTime: () => Promise<number | undefined>
}

export interface Timekeeping {
  /**
   * Compares the clock with everything that vouches for it. Undefined: nothing speaks against it.
   * Writes nothing.
   *
   * @throws NocturneError `database_unavailable`
   */
  doubt(): Promise<Doubt | undefined>
  /** As `doubt`, and keeps on record what was found. */
  observe(): Promise<Doubt | undefined>
  /**
   * For a period that began when the clock showed `at`: when it began indeed. While the clock was
   * behind, periods began in the past; they count from the moment that the clock was trusted again.
   */
  beginnings(): Promise<(at: number) => number>
  /** The operator confirms that the clock is right. An event. */
  confirm(actor: Actor): Promise<void>
}

interface Compared {
  readonly doubt: Doubt | undefined
  readonly shown: number
  readonly ticks: number
  readonly mark: number
  /** The mark on record, if there is one. */
  readonly known: number | undefined
}

interface Baseline {
  readonly at: number
  readonly steady: number
}

/** One that this process has seen begin. */
interface OpenDoubt {
  readonly id: string
  /** The clock and the steady clock since which neither was set. */
  since: { readonly shown: number; readonly steady: number }
  readFrom: number
  readUntil: number
}

/** Further than this from the steady clock, the clock was set. */
const SET_MS = 60_000
/** The mark and the ends of spans move in steps, so that few rounds write. */
const STEP_MS = 60_000
const SPAN_MS = 10 * 60_000

export function createTimekeeping(parts: TimekeepingParts): Timekeeping {
  const { state, now, steady } = parts
  let baseline: Baseline | undefined
  let open: OpenDoubt | undefined

  const compare = async (): Promise<Compared> => {
    const [known, witnessed, database] = await Promise.all([
      markOf(state.db),
      parts.witnessedAt(),
      parts.serverTime(),
    ])
    const shown = now()
    const ticks = steady()
    const mark = known ?? (await parts.lastEventAt()) ?? shown
    baseline ??= { at: mark, steady: ticks }
    const expected = baseline.at + (ticks - baseline.steady)
    const tried = open ? triedIn(open, shown, ticks) : 0
    const doubt = doubtOf({ shown, mark, expected, tried, witnessed, database })
    if (!doubt) baseline = { at: shown, steady: ticks }
    return { doubt, shown, ticks, mark, known }
  }

  const observe = async (): Promise<Doubt | undefined> => {
    const { doubt, shown, ticks, mark, known } = await compare()
    if (!doubt) {
      if (open || shown - mark > STEP_MS || known === undefined)
        await state.transaction(async (tx) => {
          await moveMark(tx, shown)
          await endSpans(tx, shown)
        })
      open = undefined
      return undefined
    }
    if (known === undefined) await state.transaction((tx) => moveMark(tx, mark))
    open ??= {
      ...{ id: newId(shown), since: { shown, steady: ticks } },
      ...{ readFrom: shown, readUntil: -Infinity },
    }
    await coverReading(state, open, doubt)
    return doubt
  }

  return {
    doubt: async () => (await compare()).doubt,
    observe,
    beginnings: async () => {
      const spans = await readSpans(state.db)
      return (at) => spans.reduce((begun, span) => Math.max(begun, endOf(span, at)), at)
    },
    confirm: async (actor) => {
      const shown = now()
      await recordConfirmed(parts, actor, shown)
      baseline = { at: shown, steady: steady() }
    },
  }
}

/** When the clock was trusted again after it showed `at`, if it was not trusted then. */
const endOf = ({ read_from, read_until, ended_at }: DoubtedSpanTable, at: number): number =>
  read_from <= at && at <= read_until ? (ended_at ?? Infinity) : at

async function recordConfirmed(
  { ledger }: TimekeepingParts,
  actor: Actor,
  shown: number,
): Promise<void> {
  await ledger.record(async (tx) => {
    const before = await markOf(tx)
    await setMark(tx, shown)
    await endSpans(tx, shown)
    const detail = {
      shown: new Date(shown).toISOString(),
      ...(before !== undefined && { recorded: new Date(before).toISOString() }),
    }
    return {
      value: undefined,
      events: [{ type: 'clock.confirmed', outcome: 0, actor, detail }],
    }
  })
}

/** Marks the reading, and those of the next minutes, as not trusted. */
async function coverReading(
  state: TimekeepingParts['state'],
  open: OpenDoubt,
  { reason, shown }: Doubt,
): Promise<void> {
  if (shown >= open.readFrom && shown <= open.readUntil - SPAN_MS / 2) return
  const read_from = Math.min(open.readFrom, shown)
  const read_until = Math.max(open.readUntil, shown + SPAN_MS)
  await state.transaction((tx) => writeSpan(tx, { id: open.id, reason, read_from, read_until }))
  open.readFrom = read_from
  open.readUntil = read_until
}

/** Begins anew when the clock is set once more. */
function triedIn(open: OpenDoubt, shown: number, ticks: number): number {
  const { since } = open
  const tried = ticks - since.steady
  if (Math.abs(shown - since.shown - tried) <= SET_MS) return tried
  open.since = { shown, steady: ticks }
  return 0
}
