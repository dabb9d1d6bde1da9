/** Critical results on a machine with a key: a command or a page raises, opens and answers them. */
import { hexOf } from '../lib/bytes.js'
import { sha256Of } from '../protocol/signed.js'
import type { OpeningKey, WritingKey } from '../protocol/signed.js'
import {
  criticalDocument,
  readBackDocument,
  readCriticalStatement,
  readReadBackStatement,
  wordsOf,
  writeCriticalStatement,
  writeReadBackStatement,
} from '../protocol/critical.js'
import type {
  ContactRole,
  CriticalDocument,
  CriticalLevel,
  ReadBackDocument,
} from '../protocol/critical.js'
import type { CriticalWhole } from '../protocol/http/critical.js'
import { commitmentOf, proofOfWords } from './proof.js'

export interface Finding {
  readonly level: CriticalLevel
  readonly text: string
  readonly authorName: string | undefined
}

export interface FindingCase extends Pick<
  CriticalDocument,
  'gateway' | 'case' | 'code' | 'studies' | 'signedAt'
> {
  readonly reader: string
}

export interface Composed {
  readonly statement: string
  readonly signature: string
  readonly message: Uint8Array
}

export async function composeFinding(
  { seal, sign }: WritingKey,
  { gateway, case: id, code, studies, signedAt, reader }: FindingCase,
  { level, text, authorName }: Finding,
): Promise<Composed> {
  const common = { gateway, case: id, level, author: reader, signedAt }
  const salt = hexOf(crypto.getRandomValues(new Uint8Array(32)))
  const document: CriticalDocument = {
    ...{ v: 1, type: 'nocturne-critical', code, text, studies, salt },
    ...common,
    ...(authorName !== undefined && { authorName }),
  }
  const message = await seal(inOctets(document))
  const commitment = await commitmentOf(await proofOfWords(salt, text))
  const statement = writeCriticalStatement({
    ...{ ...common, commitment },
    sha256: await sha256Of(message),
  })
  return { statement, signature: await sign(statement), message }
}

/** The finding, if it is what its reader signed. */
export async function readFinding(
  key: OpeningKey,
  gateway: string,
  view: CriticalWhole,
  sealed: Uint8Array,
): Promise<CriticalDocument | undefined> {
  const statement = readCriticalStatement(view.statement)
  const isStated =
    statement?.sha256 === (await sha256Of(sealed)) &&
    statement.case === view.case &&
    statement.author === view.author &&
    statement.gateway === gateway &&
    (await key.verify(view.statement, view.signature, view.certificate, new Date(view.raisedAt)))
  if (!isStated) return undefined
  const document = documentOf(await key.open(sealed, view.certificate), criticalDocument)
  const isSame =
    document?.case === view.case &&
    document.author === view.author &&
    document.level === statement.level &&
    document.gateway === gateway
  return isSame ? document : undefined
}

/** The newest read-back, if it is what the facility signed; undefined as well without any. */
export async function readNewestReadBack(
  key: OpeningKey,
  gateway: string,
  view: CriticalWhole,
  sealed: Uint8Array,
): Promise<{ readonly id: string; readonly document: ReadBackDocument } | undefined> {
  const newest = view.answers.findLast(({ kind }) => kind === 'read-back')
  if (!newest) return undefined
  const { statement, signature, certificate, at } = newest
  const isStated =
    readReadBackStatement(statement)?.sha256 === (await sha256Of(sealed)) &&
    (await key.verify(statement, signature, certificate, new Date(at)))
  if (!isStated) return undefined
  const document = documentOf(await key.open(sealed, certificate), readBackDocument)
  const isSame = document?.critical === view.id && document.gateway === gateway
  return isSame ? { id: newest.id, document } : undefined
}

export interface ReadBack {
  readonly gateway: string
  readonly signedAt: string
  readonly role: ContactRole
  readonly text: string
}

/** With a proof if the words are those of the finding, so that no reader has to compare. */
export async function composeReadBack(
  { seal, sign }: WritingKey,
  { id: critical, facility }: Pick<CriticalWhole, 'id' | 'facility'>,
  finding: CriticalDocument,
  { gateway, signedAt, role, text }: ReadBack,
): Promise<Composed & { readonly proof?: string }> {
  const document: ReadBackDocument = { v: 1, type: 'nocturne-read-back', gateway, critical, text }
  const message = await seal(inOctets(document))
  const sha256 = await sha256Of(message)
  const statement = writeReadBackStatement({ gateway, critical, facility, role, sha256, signedAt })
  const isSame = wordsOf(text) === wordsOf(finding.text)
  return {
    ...{ statement, signature: await sign(statement), message },
    ...(isSame && { proof: await proofOfWords(finding.salt, text) }),
  }
}

const inOctets = (document: object): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(document))

function documentOf<T>(
  content: Uint8Array,
  schema: { safeParse(value: unknown): { readonly data?: T | undefined } },
): T | undefined {
  try {
    return schema.safeParse(JSON.parse(new TextDecoder().decode(content))).data
  } catch {
    return undefined
  }
}
