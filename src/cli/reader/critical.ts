/** Critical results on a reader's or a facility's machine: raised, opened, and answered. */
import {
  composeFinding,
  composeReadBack,
  readFinding,
  readNewestReadBack,
} from '../../critical/browser.js'
import type { Finding } from '../../critical/browser.js'
import type { OpeningKey, WritingKey } from '../../protocol/signed.js'
import { caseView } from '../../protocol/http/cases.js'
import {
  criticalChangedAnswer,
  criticalWholeAnswer,
  criticalsAnswer,
} from '../../protocol/http/critical.js'
import type { CriticalChanged, CriticalView, CriticalWhole } from '../../protocol/http/critical.js'
import { reportRecipientsAnswer } from '../../protocol/http/reports.js'
import type { ReportRecipientsAnswer } from '../../protocol/http/reports.js'
import { MAX_CRITICAL_BYTES, writeComparison, writePhoneCall } from '../../protocol/critical.js'
import type { ContactRole, CriticalDocument, ReadBackDocument } from '../../protocol/critical.js'
import { signDetached, verifyDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { CommandError } from '../command-error.js'
import { retry } from '../retry.js'
import { fetchToMemory } from './download.js'
import { aboutStudies, openSigned, recipientsOf, sealSigned } from './seal-back.js'
import type { OpeningWork, Reporting } from './seal-back.js'

/** @throws CommandError `cannot_open` for a key that does not open the case, and of the gateway */
export async function raiseCritical(
  work: Reporting,
  name: string,
  finding: Finding,
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
  const { gateway, case: id, code } = found
  const { statement, signature, message } = await composeFinding(
    await writingKey(key, found),
    { gateway, case: id, code, studies, reader, signedAt: new Date().toISOString() },
    finding,
  )
  const body = { statement, signature, message: Buffer.from(message).toString('base64') }
  // Repeating this is safe: the same message is one critical result.
  const answer = await retry(work, () => client.post(`/v1/cases/${id}/critical`, body))
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
  const document = await readFinding(openingKey(work), work.gateway, view, sealed)
  if (!document) throw invalid(view)
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
  if (!view.answers.some(({ kind }) => kind === 'read-back'))
    throw new CommandError(`nobody has read ${view.code} back`, {
      code: 'not_found',
      hint: 'call the facility, and log it with `nocturne critical phone`',
    })
  const sealed = await fetchMessage(work, `/v1/critical/${view.id}/readback`)
  const found = await readNewestReadBack(openingKey(work), work.gateway, view, sealed)
  if (!found) throw invalid(view)
  return found
}

async function writingKey(
  key: PrivateKey,
  found: Pick<ReportRecipientsAnswer, 'recipients'>,
): Promise<WritingKey> {
  const recipients = await recipientsOf(found)
  return {
    seal: (content) => sealSigned(Buffer.from(content), key, recipients),
    sign: (statement) => signDetached(statement, key, new Date()),
  }
}

const openingKey = ({ keys }: OpeningWork): OpeningKey => ({
  open: (sealed, certificate) =>
    openSigned(Buffer.from(sealed), keys, certificate, 'the critical result'),
  verify: verifyDetached,
})

const fetchMessage = (work: OpeningWork, path: string): Promise<Buffer> =>
  fetchToMemory({
    ...work,
    path,
    what: 'the sealed message',
    size: MAX_CRITICAL_BYTES,
    onBytes: () => undefined,
  })

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
  const { message, ...composed } = await composeReadBack(
    await writingKey(keys[0], found),
    view,
    finding,
    { gateway, role, text, signedAt: new Date().toISOString() },
  )
  const body = { ...composed, message: Buffer.from(message).toString('base64') }
  const answer = await post(work, `/v1/critical/${view.id}/readback`, body)
  return { answer, isSame: composed.proof !== undefined }
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
