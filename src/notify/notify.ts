import type { Actor, EventInput, Ledger } from '../ledger/log/index.js'
import type { State, Tx } from '../state/index.js'
import type { OutboxTable } from '../state/night/index.js'
import type { SendFailure, SendOne } from './channels.js'
import type { Notice } from './notice.js'
import { mergeDeferred } from './digest.js'
import { isPressing } from './notice.js'
import { backlog, enqueue, isAnyDue, leaseDue, settle, withdraw } from './outbox.js'
import type { Addressed, Channel, OnChannel } from './outbox.js'

export interface NotifyParts {
  readonly state: State
  readonly ledger: Pick<Ledger, 'record'>
  /** By channel; a channel without an entry is not available. */
  readonly senders: ReadonlyMap<Channel, SendOne>
  /** The channels on which a person wants to be notified of such an event. */
  readonly channelsOf: (tx: Tx, person: string, notice: Notice) => Promise<readonly Channel[]>
  /** When the person's quiet hours end, if they are in them and not on duty. */
  readonly quietUntil: (tx: Tx, person: string) => Promise<number | undefined>
  /** The people notified when a channel is failing. */
  readonly operators: () => readonly string[]
  readonly system: Actor
  readonly now: () => number
}

export interface Notify {
  /**
   * Call inside the transaction of the change. Returns the people it reaches now: if there are
   * none, escalate. Those in their quiet hours get it afterwards, unless it is pressing.
   */
  tell(
    tx: Tx,
    people: readonly string[],
    notice: Notice,
    about?: NoticeAbout,
  ): Promise<readonly string[]>
  withdraw(tx: Tx, caseId: string): Promise<void>
  readonly channels: readonly Channel[]
  /**
   * Attempts once what is due, on all channels or on one. A receiver that does not answer delays
   * only its own channel if each has rounds of its own; those are bounded to 20 attempts at a time.
   *
   * @returns the number of attempts.
   */
  sendDue(on?: OnChannel): Promise<number>
  /** Notices that are not sent yet, and those of them whose last attempt failed. */
  backlog(): Promise<{ readonly waiting: number; readonly failing: number }>
}

export interface NoticeAbout {
  /** The case or critical result with which the notice is withdrawn. */
  readonly caseId?: string
  /** Nobody else is left to be told: if all of them are in their quiet hours, they are woken. */
  readonly isLast?: boolean
}

/** After this many consecutive failures a channel is reported on the other channels. */
const FAILING_ATTEMPTS = 3

export function createNotify(parts: NotifyParts): Notify {
  const { state, now } = parts
  return {
    tell: (tx, people, notice, about) => tell(parts, tx, { people, notice, ...about }),
    withdraw: (tx, caseId) => withdraw(tx, caseId, now()),
    backlog: () => backlog(state.db),
    channels: [...parts.senders.keys()],
    async sendDue(on) {
      if (!(await isAnyDue(state.db, now(), on))) return 0
      const rows = await state.transaction(async (tx) => {
        await mergeDeferred(tx, now())
        return leaseDue(tx, now(), on)
      })
      await Promise.all(rows.map((row) => sendOne(parts, row)))
      return rows.length
    },
  }
}

async function tell(
  parts: NotifyParts,
  tx: Tx,
  {
    people,
    notice,
    caseId,
    isLast = false,
    except,
  }: NoticeAbout & {
    readonly people: readonly string[]
    readonly notice: Notice
    readonly except?: string
  },
): Promise<readonly string[]> {
  const now = parts.now()
  const addressed: Addressed[] = []
  for (const person of new Set(people)) {
    const quietUntil = isPressing(notice) ? undefined : await parts.quietUntil(tx, person)
    for (const channel of await parts.channelsOf(tx, person, notice))
      if (channel !== except && parts.senders.has(channel))
        addressed.push({ person, channel, notice, caseId, dueAt: quietUntil ?? now })
  }
  const isAwake = ({ dueAt }: Addressed): boolean => dueAt <= now
  const wakes = isLast && !addressed.some(isAwake)
  const all = wakes ? addressed.map((one) => ({ ...one, dueAt: now })) : addressed
  await enqueue(tx, all, now)
  return [...new Set(all.filter(isAwake).map(({ person }) => person))]
}

async function sendOne(parts: NotifyParts, row: OutboxTable): Promise<void> {
  const notice = JSON.parse(row.body) as Notice
  const send = parts.senders.get(row.channel as Channel)
  const failure: SendFailure | undefined = send
    ? await send({ id: row.id, person: row.person, notice })
    : { code: 'channel-removed', isFinal: true }
  if (failure === undefined || !isReportable(row, failure)) {
    await parts.state.transaction((tx) => settleOne(parts, tx, row, failure))
    return
  }
  await parts.ledger.record(async (tx) => {
    await settleOne(parts, tx, row, failure)
    const people = [row.person, ...parts.operators()]
    await tell(parts, tx, {
      people,
      notice: failingNotice(row, parts.now()),
      except: row.channel,
    })
    return { value: undefined, events: [failedEvent(parts, row, failure)] }
  })
}

const isReportable = (row: OutboxTable, { isFinal }: SendFailure): boolean =>
  isFinal || row.attempts === FAILING_ATTEMPTS

async function settleOne(
  { now }: NotifyParts,
  tx: Tx,
  row: OutboxTable,
  failure: SendFailure | undefined,
): Promise<void> {
  await settle(tx, row, failure?.code, now())
  if (failure?.isFinal !== true) return
  await tx.updateTable('outbox').set({ withdrawn_at: now() }).where('id', '=', row.id).execute()
}

/** Sent once an hour per channel, however many notices are waiting on it. */
const failingNotice = ({ channel }: OutboxTable, now: number): Notice => ({
  key: `failing|${channel}|${Math.floor(now / 3_600_000)}`,
  event: 'channel.failing',
  at: new Date(now).toISOString(),
})

const failedEvent = (
  { system }: NotifyParts,
  { channel, person, attempts, case_id }: OutboxTable,
  { code }: SendFailure,
): EventInput => ({
  type: 'notice.failed',
  outcome: 8,
  actor: system,
  detail: { channel, person, attempts, code, ...(case_id !== null && { case: case_id }) },
})
