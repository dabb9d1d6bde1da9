import type { EventInput } from '../ledger/log/index.js'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import { readCriticalStatement } from '../protocol/critical.js'
import type { CriticalStatement, NewCritical } from '../protocol/critical.js'
import type { Asker } from '../cases/index.js'
import type { CaseTable, CriticalResultTable } from '../state/night/index.js'
import { compare, phone, readBack } from './answer.js'
import { chainFor } from './chain.js'
import { checkSealed, checkSigned } from './check.js'
import { aboutCritical } from './contract.js'
import type { Critical, CriticalParts } from './contract.js'
import {
  answersOf,
  countCriticals,
  criticalByMessage,
  expireCriticals,
  findCritical,
  insertCritical,
  isAnyMissed,
  listCriticals,
  openCriticalsOf,
  takeMissed,
} from './rows.js'

export function createCritical(parts: CriticalParts): Critical {
  const { db } = parts.state
  return {
    raise: (author, row, transfer, sent) => raise(parts, author, { row, transfer }, sent),
    find: (id, tx) => findCritical(tx ?? db, id),
    list: (range) => listCriticals(db, range),
    answers: (id) => answersOf(db, id),
    openOf: (cases, tx) => openCriticalsOf(tx ?? db, cases),
    expire: expireCriticals,
    counts: () => countCriticals(db, parts.now()),
    read: (asker, row, message) => read(parts, asker, row, message),
    readBack: (facility, row, sent) => readBack(parts, facility, row, sent),
    compare: (reader, row, signed) => compare(parts, reader, row, signed),
    phone: (reader, row, signed) => phone(parts, reader, row, signed),
    runDue: () => runDue(parts),
  }
}

interface Place {
  readonly row: CaseTable
  readonly transfer: string
}

/**
 * Allowed in every state of the case, and while a colleague holds it: a finding that cannot wait
 * does not wait for a claim.
 */
async function raise(
  parts: CriticalParts,
  author: Asker,
  place: Place,
  sent: NewCritical,
): ReturnType<Critical['raise']> {
  const { state, ledger } = parts
  const read = readCriticalStatement(sent.statement)
  const isAbout = read?.case === place.row.id && read.author === author.id
  // Checked first: a client whose response was lost may retry after its clock has been changed.
  const before = isAbout ? await criticalByMessage(state.db, read.sha256) : undefined
  if (before?.author === author.id && before.case_id === place.row.id)
    return { row: before, receipt: undefined }
  const checked = await checkSigned(parts, sent, isAbout ? read : undefined, author.id)
  const facility = await parts.facilityRecipient(place.row.facility)
  await checkSealed(parts, sent.message, checked.statement.sha256, [facility])
  const row = rowOf(parts, place, sent, checked)
  const { receipts } = await ledger.record(async (tx) => {
    if (await criticalByMessage(tx, row.sha256)) throw new NocturneError('report_under_way')
    await insertCritical(tx, row)
    const chain = chainFor(parts.rulesOf(row.facility), row.level)
    await parts.escalate(tx, { case: row.case_id, critical: row.id }, chain)
    const detail = { due: new Date(row.due_at).toISOString(), sha256: row.sha256 }
    const { actor } = author
    const about = aboutCritical(row, detail)
    return { value: undefined, events: [{ type: 'critical.raised', outcome: 0, actor, ...about }] }
  })
  return { row, receipt: await ledger.proof(receipts[0].index) }
}

function rowOf(
  { rulesOf, now }: CriticalParts,
  { row, transfer }: Place,
  { statement, signature, message }: NewCritical,
  checked: { readonly statement: CriticalStatement; readonly certificate: string },
): CriticalResultTable {
  const { level, author, sha256, commitment } = checked.statement
  const at = now()
  return {
    id: newId(at),
    case_id: row.id,
    code: row.code,
    facility: row.facility,
    group_id: row.group_id,
    transfer,
    patient: row.patient,
    level,
    state: 'raised',
    author,
    statement,
    signature,
    certificate: checked.certificate,
    sha256,
    commitment,
    message,
    raised_at: at,
    due_at: at + rulesOf(row.facility).withinMs[level],
    missed_at: null,
    closed_at: null,
    closed_for: null,
  }
}

async function read(
  { ledger }: CriticalParts,
  { actor }: Asker,
  row: CriticalResultTable,
  message: string,
): Promise<Buffer> {
  if (message === '') throw new NocturneError('content_expired')
  await ledger.note({ type: 'critical.read', outcome: 0, actor, ...aboutCritical(row) })
  return Buffer.from(message, 'base64')
}

async function runDue(parts: CriticalParts): Promise<number> {
  const { state, ledger, now, system } = parts
  if (!(await isAnyMissed(state.db, now()))) return 0
  return ledger.recordAny(async (tx) => {
    const events: EventInput[] = []
    for (const row of await takeMissed(tx, now())) {
      const detail = { due: new Date(row.due_at).toISOString() }
      const about = aboutCritical(row, detail)
      events.push({ type: 'critical.missed', outcome: 8, actor: system, ...about })
      await parts.announce(tx, { what: 'missed', row })
    }
    return events
  })
}
