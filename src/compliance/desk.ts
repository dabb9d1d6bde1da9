/**
 * What people do with an assessment: state, plan, finish. Also keeps every assessment made, in
 * full.
 */
import { createHash } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import type { Actor, EventInput, Ledger, Receipt } from '../ledger/log/index.js'
import type { Db, State, Tx } from '../state/index.js'
import { protocolRows } from './citations.js'
import { readDay, readText } from './desk-form.js'
import type { NewAction, NewStatement } from './desk-form.js'
import type { Action } from './kinds.js'
import { PROPOSED } from './proposed.js'
import { countStates } from './run.js'
import type { Assessment, Statement } from './run.js'

export interface KeptAssessment {
  readonly id: string
  readonly profile: string
  readonly madeAt: number
  readonly madeBy: string
  readonly assessment: Assessment
}

export interface Desk {
  statements(): Promise<readonly Statement[]>
  actions(): Promise<readonly Action[]>
  /** Newest first, at most `limit`. */
  assessments(limit: number): Promise<readonly KeptAssessment[]>
  /** @throws NocturneError `not_found` */
  assessment(id: string): Promise<KeptAssessment>
  /** @throws NocturneError `not_found` for a row that is not in the protocol, `bad_request` */
  state(
    statement: NewStatement,
    actor: Actor,
  ): Promise<{ readonly id: string; readonly receipt: Receipt }>
  /**
   * @throws NocturneError as `state`
   */
  plan(action: NewAction, actor: Actor): Promise<{ readonly id: string; readonly receipt: Receipt }>
  /**
   * @throws NocturneError `not_found` for an action that does not exist or is finished
   */
  finish(id: string, evidence: string, actor: Actor): Promise<Receipt>
  keep(
    assessment: Assessment,
    actor: Actor,
  ): Promise<{ readonly id: string; readonly receipt: Receipt }>
}

interface DeskRooms {
  readonly state: State
  readonly ledger: Ledger
  readonly now: () => number
}

export function createDesk(rooms: DeskRooms): Desk {
  const { db } = rooms.state
  return {
    statements: () => readStatements(db),
    actions: () => readActions(db),
    assessments: (limit) => readAssessments(db, limit),
    assessment: (id) => readAssessment(db, id),
    state: (statement, actor) => addStatement(rooms, statement, actor),
    plan: (action, actor) => addAction(rooms, action, actor),
    finish: (id, evidence, actor) => finishAction(rooms, id, evidence, actor),
    keep: (assessment, actor) => keepAssessment(rooms, assessment, actor),
  }
}

type Added = Awaited<ReturnType<Desk['state']>>

/** A change and its event, recorded in one transaction. */
interface Change {
  readonly type: EventInput['type']
  readonly id: string
  readonly actor: Actor
  readonly detail: NonNullable<EventInput['detail']>
  readonly apply: (tx: Tx) => Promise<unknown>
}

async function recordChange(
  { ledger }: DeskRooms,
  { type, id, actor, detail, apply }: Change,
): Promise<Added> {
  const { receipts } = await ledger.record(async (tx) => {
    await apply(tx)
    return {
      value: undefined,
      events: [{ type, outcome: 0, actor, related: id, detail }],
    }
  })
  return { id, receipt: receipts[0] }
}

async function addStatement(
  rooms: DeskRooms,
  statement: NewStatement,
  actor: Actor,
): Promise<Added> {
  const { row, says, attachments } = statement
  if (!isRow(row)) throw new NocturneError('not_found')
  const until = readDay(statement.until)
  const text = readText(statement.text)
  const at = rooms.now()
  const id = newId(at)
  return recordChange(rooms, {
    ...{ type: 'statement.made', id, actor },
    detail: { row, says, until, digest: sha256(text), attachments: [...attachments] },
    apply: (tx) =>
      tx
        .insertInto('statements')
        .values({
          ...{ id, protocol_row: row, says, text, attachments: attachments.join(' '), until },
          ...{ created_at: at, created_by: actor.id },
        })
        .execute(),
  })
}

async function addAction(
  rooms: DeskRooms,
  { row, owner, due: day, text: given }: NewAction,
  actor: Actor,
): Promise<Added> {
  if (!isRow(row)) throw new NocturneError('not_found')
  const due = readDay(day)
  const text = readText(given)
  const at = rooms.now()
  const id = newId(at)
  return recordChange(rooms, {
    ...{ type: 'action.planned', id, actor },
    detail: { row, owner, due, digest: sha256(text) },
    apply: (tx) =>
      tx
        .insertInto('actions')
        .values({
          ...{ id, protocol_row: row, owner, due, text },
          ...{ created_at: at, done_at: null, evidence: null },
        })
        .execute(),
  })
}

async function finishAction(
  rooms: DeskRooms,
  id: string,
  given: string,
  actor: Actor,
): Promise<Receipt> {
  const evidence = readText(given)
  const { receipt } = await recordChange(rooms, {
    ...{ type: 'action.done', id, actor },
    detail: { digest: sha256(evidence) },
    apply: async (tx) => {
      const { numUpdatedRows } = await tx
        .updateTable('actions')
        .set({ done_at: rooms.now(), evidence })
        .where('id', '=', id)
        .where('done_at', 'is', null)
        .executeTakeFirst()
      if (Number(numUpdatedRows) === 0) throw new NocturneError('not_found')
    },
  })
  return receipt
}

async function keepAssessment(
  rooms: DeskRooms,
  assessment: Assessment,
  actor: Actor,
): Promise<Added> {
  const at = rooms.now()
  const id = newId(at)
  const { profile } = assessment
  const document = canonicalJson(assessment as unknown as Json)
  const states = countStates(assessment.findings)
  return recordChange(rooms, {
    ...{ type: 'assessment.made', id, actor },
    detail: { profile, digest: sha256(document), states },
    apply: (tx) =>
      tx
        .insertInto('assessments')
        .values({ id, profile, document, made_at: at, made_by: actor.id })
        .execute(),
  })
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const isRow = (row: string): boolean =>
  protocolRows().some(({ id }) => id === row) || PROPOSED.some(({ id }) => id === row)

async function readStatements(db: Db): Promise<readonly Statement[]> {
  const rows = await db.selectFrom('statements').selectAll().orderBy('created_at').execute()
  return rows.map((row) => ({
    id: row.id,
    row: row.protocol_row,
    says: row.says as Statement['says'],
    text: row.text,
    attachments: row.attachments === '' ? [] : row.attachments.split(' '),
    until: row.until,
    by: row.created_by,
    at: row.created_at,
  }))
}

async function readActions(db: Db): Promise<readonly Action[]> {
  const rows = await db.selectFrom('actions').selectAll().orderBy('created_at').execute()
  return rows.map((row) => ({
    id: row.id,
    row: row.protocol_row,
    owner: row.owner,
    due: row.due,
    text: row.text,
    createdAt: row.created_at,
    doneAt: row.done_at ?? undefined,
    evidence: row.evidence ?? undefined,
  }))
}

async function readAssessment(db: Db, id: string): Promise<KeptAssessment> {
  const row = await db.selectFrom('assessments').selectAll().where('id', '=', id).executeTakeFirst()
  if (!row) throw new NocturneError('not_found')
  return keptOf(row)
}

async function readAssessments(db: Db, limit: number): Promise<readonly KeptAssessment[]> {
  const rows = await db
    .selectFrom('assessments')
    .selectAll()
    .orderBy('made_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(keptOf)
}

const keptOf = (row: {
  readonly id: string
  readonly profile: string
  readonly made_at: number
  readonly made_by: string
  readonly document: string
}): KeptAssessment => ({
  ...{ id: row.id, profile: row.profile, madeAt: row.made_at, madeBy: row.made_by },
  assessment: JSON.parse(row.document) as Assessment,
})
