/** Critical results on a reader's or a facility's machine: raised, opened, and answered. */
import { createHash, randomBytes } from 'node:crypto'
import { commitmentOf, proofOfWords } from '../../critical/index.js'
import { caseView } from '../../protocol/http/cases.js'
import {
  criticalChangedAnswer,
  criticalWholeAnswer,
  criticalsAnswer,
} from '../../protocol/http/critical.js'
import type { CriticalChanged, CriticalView, CriticalWhole } from '../../protocol/http/critical.js'
import { reportRecipientsAnswer } from '../../protocol/http/reports.js'
import {
  MAX_CRITICAL_BYTES,
  criticalDocument,
  readBackDocument,
  readCriticalStatement,
  readReadBackStatement,
  wordsOf,
  writeComparison,
  writeCriticalStatement,
  writePhoneCall,
  writeReadBackStatement,
} from '../../protocol/critical.js'
import type {
  ContactRole,
  CriticalDocument,
  CriticalLevel,
  ReadBackDocument,
} from '../../protocol/critical.js'
import { signDetached, verifyDetached } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { retry } from '../retry.js'
import { fetchToMemory } from './download.js'
import { aboutStudies, documentIn, openSigned, recipientsOf, sealSigned } from './seal-back.js'
import type { OpeningWork, Reporting } from './seal-back.js'

export interface Finding {
  readonly level: CriticalLevel
  readonly text: string
  readonly authorName: string | undefined
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** @throws CommandError `cannot_open` for a key that does not open the case, and of the gateway */
export async function raiseCritical(
  work: Reporting,
  name: string,
  { level, text, authorName }: Finding,
): Promise<CriticalChanged> {
  const { client, key, reader } = work
  const found = parseAnswer(
    reportRecipientsAnswer,
    await client.json({ path: `/v1/cases/${name}/report-recipients` }),
  )
  const view = parseAnswer(caseView, await client.json({ path: `/v1/cases/${name}` }))
  const { studies } = await aboutStudies(
    work,
    view.transfers.map(({ id }) => id),
  )
  const common = {
    ...{ gateway: found.gateway, case: found.case, level, author: reader },
    signedAt: new Date().toISOString(),
  }
  const salt = randomBytes(32).toString('hex')
  const document: CriticalDocument = {
    ...{ v: 1, type: 'nocturne-critical', code: found.code, text, studies, salt },
    ...common,
    ...(authorName !== undefined && { authorName }),
  }
  const content = Buffer.from(JSON.stringify(document))
  const message = await sealSigned(content, key, await recipientsOf(found))
  const statement = writeCriticalStatement({
    ...common,
    sha256: digestOf(message),
    commitment: commitmentOf(proofOfWords(salt, text)),
  })
  const signature = await signDetached(statement, key, new Date())
  const body = { statement, signature, message: message.toString('base64') }
  // Repeating this is safe: the same message is one critical result.
  const answer = await retry(work, () => client.post(`/v1/cases/${found.case}/critical`, body))
  return parseAnswer(criticalChangedAnswer, answer)
}

export async function listCritical(
  client: GatewayClient,
  isOpen: boolean,
): Promise<readonly CriticalView[]> {
  const path = isOpen ? '/v1/critical?open=true' : '/v1/critical'
  return parseAnswer(criticalsAnswer, await client.json({ path })).critical
}

/**
 * A critical result by its ID, or by the code or ID of its case: the one that is open, or the only
 * one.
 *
 * @throws CommandError `not_found`, `critical_ambiguous`
 */
export async function findCritical(client: GatewayClient, name: string): Promise<CriticalWhole> {
  const all = await listCritical(client, false)
  const named = all.filter(({ id, code, case: of }) => [id, code, of].includes(name))
  const open = named.filter(({ state }) => state !== 'closed')
  const [one, ...others] = open.length > 0 ? open : named
  if (!one)
    throw new CommandError(`there is no critical result ${name}`, {
      code: 'not_found',
      hint: 'see `nocturne critical list`',
    })
  if (others.length > 0)
    throw new CommandError(`${name} has more than one critical result`, {
      code: 'critical_ambiguous',
      hint: `name one of them: ${[one, ...others].map(({ id }) => id).join(', ')}`,
    })
  return parseAnswer(criticalWholeAnswer, await client.json({ path: `/v1/critical/${one.id}` }))
}

/**
 * Opens the finding, and checks that it is what its reader signed.
 *
 * @throws CommandError `cannot_open`, `critical_invalid`
 */
export async function openFinding(
  work: OpeningWork,
  view: CriticalWhole,
): Promise<CriticalDocument> {
  const sealed = await fetchMessage(work, `/v1/critical/${view.id}/message`)
  const statement = readCriticalStatement(view.statement)
  const isStated =
    statement?.sha256 === digestOf(sealed) &&
    statement.case === view.case &&
    statement.author === view.author &&
    statement.gateway === work.gateway &&
    (await isSigned(view, view.raisedAt))
  const document = isStated ? await open(work, view, sealed, criticalDocument) : undefined
  const isSame =
    document?.case === view.case &&
    document.author === view.author &&
    document.level === statement?.level &&
    document.gateway === work.gateway
  if (!isSame) throw invalid(view)
  return document
}

/**
 * Opens the newest read-back.
 *
 * @throws CommandError `cannot_open`, `critical_invalid`; `not_found` when there is none
 */
export async function openReadBack(
  work: OpeningWork,
  view: CriticalWhole,
): Promise<{ readonly id: string; readonly document: ReadBackDocument }> {
  const newest = view.answers.findLast(({ kind }) => kind === 'read-back')
  if (!newest)
    throw new CommandError(`nobody has read ${view.code} back`, {
      code: 'not_found',
      hint: 'call the facility, and log it with `nocturne critical phone`',
    })
  const sealed = await fetchMessage(work, `/v1/critical/${view.id}/readback`)
  const isStated =
    readReadBackStatement(newest.statement)?.sha256 === digestOf(sealed) &&
    (await isSigned(newest, newest.at))
  const document = isStated ? await open(work, newest, sealed, readBackDocument) : undefined
  if (document?.critical !== view.id || document.gateway !== work.gateway) throw invalid(view)
  return { id: newest.id, document }
}

interface Signed {
  readonly statement: string
  readonly signature: string
  readonly certificate: string
}

const isSigned = ({ statement, signature, certificate }: Signed, at: string): Promise<boolean> =>
  verifyDetached(statement, signature, certificate, new Date(at))

const fetchMessage = (work: OpeningWork, path: string): Promise<Buffer> =>
  fetchToMemory({
    ...work,
    path,
    what: 'the sealed message',
    size: MAX_CRITICAL_BYTES,
    onBytes: () => undefined,
  })

const open = async <T>(
  { keys }: OpeningWork,
  { certificate }: Signed,
  sealed: Buffer,
  schema: Parameters<typeof documentIn<T>>[1],
): Promise<T | undefined> =>
  documentIn(await openSigned(sealed, keys, certificate, 'the critical result'), schema)

const invalid = ({ code }: Pick<CriticalView, 'code'>) =>
  new CommandError(`the critical result on ${code} is not what was signed`, {
    code: 'critical_invalid',
    hint: 'do not use it; call the other side, and tell the operator',
  })

/** @returns whether the words are those of the finding, so that no reader has to compare */
export async function sendReadBack(
  work: OpeningWork,
  view: CriticalWhole,
  finding: CriticalDocument,
  { role, text }: { readonly role: ContactRole; readonly text: string },
): Promise<{ readonly answer: CriticalChanged; readonly isSame: boolean }> {
  const { client, gateway, keys } = work
  const found = parseAnswer(
    reportRecipientsAnswer,
    await client.json({ path: `/v1/critical/${view.id}/recipients` }),
  )
  const document: ReadBackDocument = {
    ...{ v: 1, type: 'nocturne-read-back', gateway, critical: view.id, text },
  }
  const content = Buffer.from(JSON.stringify(document))
  const message = await sealSigned(content, keys[0], await recipientsOf(found))
  const statement = writeReadBackStatement({
    ...{ gateway, critical: view.id, facility: view.facility, role },
    sha256: digestOf(message),
    signedAt: new Date().toISOString(),
  })
  const isSame = wordsOf(text) === wordsOf(finding.text)
  const body = {
    ...{ statement, signature: await signDetached(statement, keys[0], new Date()) },
    message: message.toString('base64'),
    ...(isSame && { proof: proofOfWords(finding.salt, text) }),
  }
  return { answer: await post(work, `/v1/critical/${view.id}/readback`, body), isSame }
}

/** @param readBack the answer that was compared */
export async function sendComparison(
  work: OpeningWork,
  view: CriticalWhole,
  readBack: string,
  { reader, matches }: { readonly reader: string; readonly matches: boolean },
): Promise<CriticalChanged> {
  const { gateway, keys } = work
  const statement = writeComparison({
    ...{ gateway, critical: view.id, readBack, reader, matches },
    signedAt: new Date().toISOString(),
  })
  const signature = await signDetached(statement, keys[0], new Date())
  return post(work, `/v1/critical/${view.id}/compare`, { statement, signature })
}

export interface Call {
  readonly reader: string
  readonly role: ContactRole
  readonly calledAt: string
  readonly readBack: boolean
}

export async function sendPhoneCall(
  work: OpeningWork,
  view: CriticalWhole,
  call: Call,
): Promise<CriticalChanged> {
  const { gateway, keys } = work
  const signedAt = new Date().toISOString()
  const statement = writePhoneCall({ gateway, critical: view.id, signedAt, ...call })
  const signature = await signDetached(statement, keys[0], new Date())
  return post(work, `/v1/critical/${view.id}/phone`, { statement, signature })
}

/** Repeating this is safe: the same statement is one answer. */
const post = async (
  work: OpeningWork,
  path: string,
  body: Readonly<Record<string, unknown>>,
): Promise<CriticalChanged> =>
  parseAnswer(criticalChangedAnswer, await retry(work, () => work.client.post(path, body)))
