/**
 * Asks witnesses for cosignatures: sends each the newest checkpoint, with a proof that it extends
 * the one they cosigned last. When a majority has cosigned, the checkpoint with their signatures is
 * stored, and receipts contain it.
 *
 * Witnesses never delay patient care: a missing answer raises an alarm and is requested again.
 */
import { SYSTEM } from '../../lib/actors.js'
import { NocturneError } from '../../lib/errors.js'
import type { State } from '../../state/index.js'
import { cosignedAt, parseCosignerKey } from './cosignature.js'
import { createCursor } from '../published/cursor.js'
import type { Cursor } from '../published/cursor.js'
import { parseCount, toBase64 } from '../verify/encoding.js'
import type { EventInput, EventType } from '../log/events.js'
import type { Ledger } from '../log/ledger.js'
import { nodeCrypto } from '../verify/node-crypto.js'
import { formatNote, parseNote } from '../verify/note.js'
import type { Note, NoteSignature, VerifierKey } from '../verify/note.js'
import { majority } from './policy.js'
import { readHead } from '../log/read.js'

export interface WitnessConfig {
  readonly name: string
  /** Submission prefix (c2sp.org/tlog-witness). */
  readonly url: string
  /** The witness's verifier key. */
  readonly key: string
}

/** Sends a request to a witness. Rejects when there is no timely answer, or it is too long. */
export type Submit = (
  url: string,
  body: string,
) => Promise<{ readonly status: number; readonly type: string; readonly body: string }>

/**
 * `disagrees`: the witness has seen a different or longer history, or does not accept our
 * signature.
 */
export type WitnessState = 'cosigned' | 'unreachable' | 'disagrees'

export interface Witnessing {
  /** Asks every witness once. Undefined while another gateway is doing so. */
  round(): Promise<ReadonlyMap<string, WitnessState> | undefined>
  /**
   * The newest checkpoint cosigned by a majority; `at` is the earliest time that they state, in
   * milliseconds since 1970.
   */
  witnessed(): Promise<{ readonly size: number; readonly at: number } | undefined>
}

export interface WitnessingOptions {
  readonly state: State
  readonly ledger: Ledger
  readonly witnesses: readonly WitnessConfig[]
  readonly submit: Submit
  readonly holder: string
  readonly now: () => number
}

interface Known {
  readonly name: string
  readonly url: string
  readonly key: VerifierKey
  readonly cursor: Cursor
}

interface Answered {
  readonly state: WitnessState
  readonly signature?: NoteSignature
  /** In seconds since 1970. */
  readonly time?: number
}

const ALARMS: Readonly<Record<WitnessState, EventType>> = {
  cosigned: 'witness.regained',
  unreachable: 'witness.lost',
  disagrees: 'witness.disagreed',
}

/**
 * @throws NocturneError `site_invalid` for an invalid witness key
 */
export async function createWitnessing(options: WitnessingOptions): Promise<Witnessing> {
  const { state, ledger, holder, now } = options
  const lease = createCursor(state, 'witnessing', holder, now)
  const witnesses = await Promise.all(options.witnesses.map((one) => knownOf(one, options)))
  const states = new Map<string, WitnessState>()

  /**
   * Records only changes as events: each event leads to a new checkpoint, so an event per failure
   * would cause the next one.
   */
  const alarm = async (name: string, next: WitnessState): Promise<void> => {
    const before = states.get(name) ?? 'cosigned'
    states.set(name, next)
    if (before === next) return
    const event: EventInput = {
      type: ALARMS[next],
      // PS3.15 A.5.3.11: a major failure when the protection itself may have failed.
      outcome: next === 'cosigned' ? 0 : next === 'disagrees' ? 12 : 4,
      actor: SYSTEM,
      detail: { witness: name },
    }
    await ledger.note(event)
  }

  const round = async (): Promise<ReadonlyMap<string, WitnessState> | undefined> => {
    if ((await lease.take()) === undefined) return undefined
    try {
      const { size, checkpoint } = await readHead(state.db)
      const note = parseNote(checkpoint)
      if (!note) throw new NocturneError('ledger_broken')
      const asked = await Promise.all(
        witnesses.map((one) => ask(options, one, { size, checkpoint, note })),
      )
      await keep(state, note, size, asked, majority(witnesses.length))
      const result = new Map(
        witnesses.map(({ name }, i) => [name, asked[i]?.state ?? 'unreachable']),
      )
      for (const [name, next] of result) await alarm(name, next)
      return result
    } finally {
      await lease.release().catch(() => undefined)
    }
  }

  return {
    round,
    witnessed: async () => {
      const row = await state.db
        .selectFrom('ledger_witnessed')
        .select(['size', 'at'])
        .where('id', '=', 1)
        .executeTakeFirst()
      return row
    },
  }
}

async function knownOf(
  { name, url, key: text }: WitnessConfig,
  { state, holder, now }: WitnessingOptions,
): Promise<Known> {
  const key = await parseCosignerKey(text, nodeCrypto)
  if (!key) throw new NocturneError('site_invalid', { subject: `the key of witness ${name}` })
  const cursor = createCursor(state, `witness ${text}`, holder, now)
  return { name, url: `${url.replace(/\/+$/, '')}/add-checkpoint`, key, cursor }
}

interface Head {
  readonly size: number
  readonly checkpoint: string
  readonly note: Note
}

async function ask(
  { ledger, submit }: WitnessingOptions,
  witness: Known,
  head: Head,
): Promise<Answered> {
  try {
    let old = Math.min((await witness.cursor.take()) ?? 0, head.size)
    // The second attempt uses the size that the witness stated: the witness never forgets, but our
    // record may be outdated.
    for (let attempt = 0; attempt < 2; attempt++) {
      const { status, type, body } = await submit(witness.url, await bodyFor(ledger, old, head))
      if (status === 200) return await accept(witness, head, body)
      const known = type.startsWith('text/x.tlog.size') ? parseCount(body.trim()) : undefined
      if (status !== 409 || known === undefined)
        return { state: [403, 404, 409, 422].includes(status) ? 'disagrees' : 'unreachable' }
      if (known > head.size || known === old) return { state: 'disagrees' }
      old = known
    }
    return { state: 'disagrees' }
  } catch (error) {
    // A failure of our own ledger or database is not the witness's fault.
    if (error instanceof NocturneError && error.code !== 'gateway_unreachable') throw error
    return { state: 'unreachable' }
  } finally {
    await witness.cursor.release().catch(() => undefined)
  }
}

async function bodyFor(ledger: Ledger, old: number, { size, checkpoint }: Head): Promise<string> {
  const path = old === 0 || old === size ? [] : await ledger.consistency(old, size)
  return [`old ${old}`, ...path.map(toBase64), '', checkpoint].join('\n')
}

/** Accepts only a valid signature line of the witness's own key. */
async function accept({ key, cursor }: Known, head: Head, body: string): Promise<Answered> {
  const answered = parseNote(`${head.note.text}\n${body}`)
  const signature = answered?.signatures.find(
    ({ name, id }) => name === key.name && toBase64(id) === toBase64(key.id),
  )
  if (!signature) return { state: 'disagrees' }
  const time = await cosignedAt({ ...head.note, signatures: [signature] }, key, nodeCrypto)
  if (time === undefined) return { state: 'disagrees' }
  await cursor.advance(head.size)
  return { state: 'cosigned', signature, time }
}

async function keep(
  state: State,
  note: Note,
  size: number,
  asked: readonly Answered[],
  quorum: number,
): Promise<void> {
  const good = asked.flatMap(({ signature, time }) =>
    signature && time !== undefined ? [{ signature, time }] : [],
  )
  if (good.length < quorum) return
  const signatures = [...note.signatures, ...good.map(({ signature }) => signature)]
  const row = {
    size,
    checkpoint: formatNote({ text: note.text, signatures }),
    at: Math.min(...good.map(({ time }) => time)) * 1_000,
  }
  await state.transaction((tx) =>
    tx
      .insertInto('ledger_witnessed')
      .values({ id: 1, ...row })
      .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
      .execute(),
  )
}
