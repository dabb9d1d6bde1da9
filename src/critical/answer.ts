/** The answers to a critical result: read-back, comparison, phone call. */
import type { Asker } from '../cases/index.js'
import type { EventInput } from '../ledger/log/index.js'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import { CLOCK_ALLOWANCE_MS } from '../protocol/clock.js'
import { readComparison, readPhoneCall, readReadBackStatement } from '../protocol/critical.js'
import type { NewReadBack } from '../protocol/critical.js'
import type { SignedRequest } from '../protocol/signed.js'
import type { Tx } from '../state/index.js'
import type { CriticalAnswerTable, CriticalResultTable } from '../state/night/index.js'
import { chainFor, comparingChain } from './chain.js'
import { checkSealed, checkSigned, digestOf } from './check.js'
import { aboutCritical } from './contract.js'
import type { Answered, CriticalParts } from './contract.js'
import { commitmentOf } from './proof.js'
import { answerByStatement, answersOf, insertAnswer, stepCritical } from './rows.js'
import type { CriticalStep } from './states.js'

/**
 * The facility's key signs that a person typed this text. With a proof that the words are those of
 * the finding, it ends here; otherwise a reader compares.
 */
export async function readBack(
  parts: CriticalParts,
  asker: Asker,
  row: CriticalResultTable,
  sent: NewReadBack,
): Promise<Answered> {
  const before = await repeated(parts, row, sent)
  if (before) return before
  const read = readReadBackStatement(sent.statement)
  const isAbout = read?.critical === row.id && read.facility === row.facility
  const { statement, certificate } = await checkSigned(
    parts,
    sent,
    isAbout ? read : undefined,
    row.facility,
  )
  const readers = await parts.readerRecipients(row.group_id)
  await checkSealed(parts, sent.message, statement.sha256, readers)
  const hasProof = sent.proof !== undefined
  if (sent.proof !== undefined && (await commitmentOf(sent.proof)) !== row.commitment)
    throw new NocturneError('critical_invalid', { field: 'proof' })
  const answer = answerOf(parts, asker, row, sent, {
    kind: 'read-back',
    role: statement.role,
    result: hasProof ? 'matches' : 'waiting',
    certificate,
    message: sent.message,
  })
  return record(parts, asker, row, { answer, step: hasProof ? 'words' : 'read-back' })
}

/** A reader has opened the newest read-back and compared it with the finding. */
export async function compare(
  parts: CriticalParts,
  asker: Asker,
  row: CriticalResultTable,
  signed: SignedRequest,
): Promise<Answered> {
  const before = await repeated(parts, row, signed)
  if (before) return before
  const read = readComparison(signed.statement)
  const newest = (await answersOf(parts.state.db, row.id)).findLast(
    ({ kind }) => kind === 'read-back',
  )
  const isAbout =
    read?.critical === row.id && read.reader === asker.id && read.readBack === newest?.id
  const { statement, certificate } = await checkSigned(
    parts,
    signed,
    isAbout ? read : undefined,
    asker.id,
  )
  const answer = answerOf(parts, asker, row, signed, {
    kind: 'comparison',
    role: null,
    result: statement.matches ? 'matches' : 'differs',
    certificate,
    message: null,
  })
  return record(parts, asker, row, { answer, step: statement.matches ? 'agree' : 'differ' })
}

/** Readers may call first and write it down afterwards. */
const EARLIEST_CALL_MS = 24 * 3_600_000

/** A call without read-back is recorded as an attempt, and ends nothing. */
export async function phone(
  parts: CriticalParts,
  asker: Asker,
  row: CriticalResultTable,
  signed: SignedRequest,
): Promise<Answered> {
  const before = await repeated(parts, row, signed)
  if (before) return before
  const read = readPhoneCall(signed.statement)
  const isAbout = read?.critical === row.id && read.reader === asker.id
  const { statement, certificate } = await checkSigned(
    parts,
    signed,
    isAbout ? read : undefined,
    asker.id,
  )
  const called = Date.parse(statement.calledAt)
  if (called > parts.now() + CLOCK_ALLOWANCE_MS || called < row.raised_at - EARLIEST_CALL_MS)
    throw new NocturneError('critical_invalid', { field: 'calledAt' })
  const answer = answerOf(parts, asker, row, signed, {
    kind: 'phone',
    role: statement.role,
    result: statement.readBack ? 'matches' : 'not-read-back',
    certificate,
    message: null,
  })
  const detail = { called: statement.calledAt }
  return record(parts, asker, row, {
    answer,
    detail,
    step: statement.readBack ? 'phone' : undefined,
  })
}

/** The same statement again: the client did not receive the response. */
async function repeated(
  { state }: CriticalParts,
  row: CriticalResultTable,
  { statement }: SignedRequest,
): Promise<Answered | undefined> {
  const answer = await answerByStatement(state.db, digestOf(statement))
  return answer?.critical === row.id ? { row, answer, receipt: undefined } : undefined
}

const answerOf = (
  { now }: CriticalParts,
  { id: answeredBy }: Asker,
  row: CriticalResultTable,
  { statement, signature }: SignedRequest,
  more: Pick<CriticalAnswerTable, 'kind' | 'role' | 'result' | 'certificate' | 'message'>,
): CriticalAnswerTable => ({
  id: newId(now()),
  critical: row.id,
  answered_by: answeredBy,
  statement,
  signature,
  sha256: digestOf(statement),
  answered_at: now(),
  ...more,
})

interface Answering {
  readonly answer: CriticalAnswerTable
  /** Undefined for an attempt that changes nothing. */
  readonly step: CriticalStep | undefined
  readonly detail?: NonNullable<EventInput['detail']>
}

const TYPES = {
  'read-back': 'critical.readback',
  comparison: 'critical.compared',
  phone: 'critical.phoned',
} as const

async function record(
  parts: CriticalParts,
  { actor }: Asker,
  before: CriticalResultTable,
  { answer, step, detail }: Answering,
): Promise<Answered> {
  const { ledger } = parts
  const { value: row, receipts } = await ledger.record(async (tx) => {
    if (await answerByStatement(tx, answer.sha256)) throw new NocturneError('report_under_way')
    await insertAnswer(tx, answer)
    const after = step === undefined ? before : await take(parts, tx, before, step)
    const about = aboutCritical(after, {
      answer: answer.id,
      result: answer.result,
      state: after.state,
      ...(answer.role !== null && { role: answer.role }),
      ...detail,
    })
    const isGood = answer.result === 'matches' || answer.result === 'waiting'
    const outcome = isGood ? 0 : 4
    return { value: after, events: [{ type: TYPES[answer.kind], outcome, actor, ...about }] }
  })
  return { row, answer, receipt: await ledger.proof(receipts[0].index) }
}

async function take(
  parts: CriticalParts,
  tx: Tx,
  { id, case_id, facility }: CriticalResultTable,
  step: CriticalStep,
): Promise<CriticalResultTable> {
  const row = await stepCritical(tx, id, step, parts.now())
  const about = { case: case_id, critical: id }
  await parts.withdraw(tx, id)
  const rules = parts.rulesOf(facility)
  if (row.state === 'closed') {
    await parts.calm(tx, about)
    await parts.announce(tx, { what: 'closed', row })
  } else if (row.state === 'comparing')
    await parts.escalate(tx, about, comparingChain(rules, row.author, row.level))
  else await parts.escalate(tx, about, chainFor(rules, row.level))
  return row
}
