import { createHash } from 'node:crypto'
import { NocturneError } from '../../lib/errors.js'
import { newId } from '../../lib/ids.js'
import type { Actor, Ledger } from '../../ledger/log/index.js'
import type { NoteTable } from '../../state/cases/index.js'
import type { Db, State, Tx } from '../../state/index.js'
import type { CaseTable } from '../../state/night/index.js'
import { aboutCase, readCase, transfersOf, wholeOf } from '../rows.js'

export interface NoteParts {
  readonly state: Pick<State, 'db'>
  readonly ledger: Pick<Ledger, 'record' | 'proof'>
  /** Puts the notice that somebody noted something into the outbox. */
  readonly announceNote: (tx: Tx, row: CaseTable, note: NoteTable) => Promise<void>
  readonly now: () => number
}

export interface Noted {
  readonly row: NoteTable
  /** Undefined when the same message had come before; then nothing was added. */
  readonly receipt: string | undefined
}

/** All notes on a case are fetched with one request. */
const MAX_NOTES = 100

/**
 * @param author `message` is one OpenPGP message in base64, sealed to the facility and the group
 * @throws NocturneError `case_state` for a recalled case, `too_many_notes`
 */
export async function addNote(
  { state, ledger, announceNote, now }: NoteParts,
  author: {
    readonly id: string
    readonly actor: Actor
    readonly certificate: string
    readonly message: string
  },
  of: Pick<CaseTable, 'id'>,
): Promise<Noted> {
  const sha256 = createHash('sha256').update(author.message).digest('hex')
  const before = await findByMessage(state.db, sha256)
  if (before?.author === author.id) return { row: before, receipt: undefined }
  const { value, receipts } = await ledger.record(async (tx) => {
    if (await findByMessage(tx, sha256)) throw new NocturneError('report_under_way')
    const row = await readCase(tx, of.id)
    if (row.state === 'recalled') throw new NocturneError('case_state', { subject: row.state })
    // Notes on a part are those on the whole case: they are about the same images.
    const { count } = await tx
      .selectFrom('case_notes')
      .select((e) => e.fn.countAll<number>().as('count'))
      .where('case_id', '=', wholeOf(row))
      .executeTakeFirstOrThrow()
    if (count >= MAX_NOTES) throw new NocturneError('too_many_notes')
    const note: NoteTable = {
      ...{ id: newId(now()), case_id: wholeOf(row), code: row.code, author: author.id },
      ...{ message: author.message, certificate: author.certificate, noted_at: now() },
      sha256,
    }
    await tx.insertInto('case_notes').values(note).execute()
    await announceNote(tx, row, note)
    const [transfer] = await transfersOf(tx, row.id)
    const about = aboutCase(row, transfer, { note: note.id })
    return {
      value: note,
      events: [{ type: 'note.added', outcome: 0, actor: author.actor, ...about }],
    }
  })
  return { row: value, receipt: await ledger.proof(receipts[0].index) }
}

const findByMessage = (db: Db | Tx, sha256: string): Promise<NoteTable | undefined> =>
  db.selectFrom('case_notes').selectAll().where('sha256', '=', sha256).executeTakeFirst()

/**
 * Oldest first. The event is durable before a message is sent; without a note there is none.
 *
 * @throws NocturneError `ledger_unavailable`
 */
export async function readNotes(
  { state: { db }, ledger }: Pick<NoteParts, 'state' | 'ledger'>,
  actor: Actor,
  row: CaseTable,
): Promise<readonly NoteTable[]> {
  const notes = await db
    .selectFrom('case_notes')
    .selectAll()
    .where('case_id', '=', wholeOf(row))
    .orderBy('id')
    .execute()
  if (notes.length === 0) return []
  await ledger.record(async (tx) => {
    const [transfer] = await transfersOf(tx, row.id)
    const about = aboutCase(row, transfer, { notes: notes.length })
    return { value: undefined, events: [{ type: 'note.read', outcome: 0, actor, ...about }] }
  })
  return notes
}

/** Deletes the notes on a case whose retention has passed. Returns their number. */
export async function expireNotes(tx: Tx, caseId: string): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('case_notes')
    .where('case_id', '=', caseId)
    .executeTakeFirst()
  return Number(numDeletedRows)
}
