/**
 * What people do about an assessment: state, plan, finish; and the assessments that were made, each
 * kept whole.
 */
import { createHash } from 'node:crypto'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import { canonicalJson } from '../lib/json.js'
import type { Json } from '../lib/json.js'
import type { Actor, Ledger, Receipt } from '../ledger/log/index.js'
import type { Db, State } from '../state/index.js'
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
  /** Newest first, at most so many. */
  assessments(limit: number): Promise<readonly KeptAssessment[]>
  /** @throws NocturneError `not_found` */
  assessment(id: string): Promise<KeptAssessment>
  /** @throws NocturneError `not_found` for a row that is not in the protocol, `bad_request` */
  state(
    statement: NewStatement,
    actor: Actor,
  ): Promise<{ readonly id: string; readonly receipt: Receipt }>
  /** @throws the same */
  plan(action: NewAction, actor: Actor): Promise<{ readonly id: string; readonly receipt: Receipt }>
  /** @throws NocturneError `not_found` for an action that is not open */
  finish(id: string, evidence: string, actor: Actor): Promise<Receipt>
  keep(
    assessment: Assessment,
    actor: Actor,
  ): Promise<{ readonly id: string; readonly receipt: Receipt }>
}

export function createDesk(parts: {
  readonly state: State
  readonly ledger: Ledger
  readonly now: () => number
}): Desk {
  const { state, ledger, now } = parts
  const { db } = state
  return {
    statements: () => readStatements(db),
    actions: () => readActions(db),
    assessments: (limit) => readAssessments(db, limit),
    assessment: async (id) => {
      const row = await db
        .selectFrom('assessments')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst()
      if (!row) throw new NocturneError('not_found')
      return keptOf(row)
    },
    state: async (statement, actor) => {
      const { row, says, attachments } = statement
      if (!isRow(row)) throw new NocturneError('not_found')
      const until = readDay(statement.until)
      const text = readText(statement.text)
      const id = newId(now())
      const { receipts } = await ledger.record(async (tx) => {
        await tx
          .insertInto('statements')
          .values({
            ...{ id, protocol_row: row, says, text, attachments: attachments.join(' '), until },
            ...{ created_at: now(), created_by: actor.id },
          })
          .execute()
        const detail = { row, says, until, digest: sha256(text), attachments: [...attachments] }
        return {
          value: undefined,
          events: [{ type: 'statement.made', outcome: 0, actor, related: id, detail }],
        }
      })
      return { id, receipt: receipts[0] }
    },
    plan: async ({ row, owner, due: day, text: given }, actor) => {
      if (!isRow(row)) throw new NocturneError('not_found')
      const due = readDay(day)
      const text = readText(given)
      const id = newId(now())
      const { receipts } = await ledger.record(async (tx) => {
        await tx
          .insertInto('actions')
          .values({
            ...{ id, protocol_row: row, owner, due, text },
            ...{ created_at: now(), done_at: null, evidence: null },
          })
          .execute()
        const detail = { row, owner, due, digest: sha256(text) }
        return {
          value: undefined,
          events: [{ type: 'action.planned', outcome: 0, actor, related: id, detail }],
        }
      })
      return { id, receipt: receipts[0] }
    },
    finish: async (id, given, actor) => {
      const evidence = readText(given)
      const { receipts } = await ledger.record(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('actions')
          .set({ done_at: now(), evidence })
          .where('id', '=', id)
          .where('done_at', 'is', null)
          .executeTakeFirst()
        if (Number(numUpdatedRows) === 0) throw new NocturneError('not_found')
        const detail = { digest: sha256(evidence) }
        return {
          value: undefined,
          events: [{ type: 'action.done', outcome: 0, actor, related: id, detail }],
        }
      })
      return receipts[0]
    },
    keep: async (assessment, actor) => {
      const id = newId(now())
      const document = canonicalJson(assessment as unknown as Json)
      const { receipts } = await ledger.record(async (tx) => {
        await tx
          .insertInto('assessments')
          .values({
            ...{ id, profile: assessment.profile, document },
            ...{ made_at: now(), made_by: actor.id },
          })
          .execute()
        const states = countStates(assessment.findings)
        const detail = { profile: assessment.profile, digest: sha256(document), states }
        return {
          value: undefined,
          events: [{ type: 'assessment.made', outcome: 0, actor, related: id, detail }],
        }
      })
      return { id, receipt: receipts[0] }
    },
  }
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
