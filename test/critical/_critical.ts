/**
 * Critical results with the real cases room, real keys, and a clock that a test moves. Notices are
 * collected in place of an outbox.
 */
import { randomBytes } from 'node:crypto'
import type { Asker } from '../../src/cases/index.js'
import { commitmentOf, createCritical, proofOfWords } from '../../src/critical/index.js'
import type { Critical, CriticalNotice, CriticalRules } from '../../src/critical/index.js'
import {
  writeComparison,
  writeCriticalStatement,
  writePhoneCall,
  writeReadBackStatement,
} from '../../src/protocol/critical.js'
import type {
  CriticalLevel,
  CriticalStatement,
  NewCritical,
  NewReadBack,
  PhoneCall,
} from '../../src/protocol/critical.js'
import type { SignedRequest } from '../../src/protocol/signed.js'
import { isSealedTo } from '../../src/seal/index.js'
import {
  newKey,
  readPrivateKey,
  signDetached,
  toRecipient,
  verifyDetached,
} from '../../src/seal/keys/index.js'
import type { PrivateKey, Recipient } from '../../src/seal/keys/index.js'
import type { CaseTable, CriticalResultTable } from '../../src/state/night/index.js'
import { sealSigned } from '../../src/cli/reader/seal-back.js'
import { sha256 } from '../whole-way/_reader.js'
import { openNight, reader, SENDER, SYSTEM } from '../cases/_night.js'
import type { Night } from '../cases/_night.js'

export const GATEWAY = 'gateway.test'
export const FACILITY: Asker = { id: 'facility-a', actor: SENDER }
export const FINDING = 'Large left pneumothorax, tension.'
const MINUTE_MS = 60_000
/** Of all findings: rooms that are opened again know those from before. */
const salt = randomBytes(32).toString('hex')

export const RULES: CriticalRules = {
  contacts: [{ person: 'desk-a' }, { person: 'chief-a' }],
  failSafe: { person: 'operator-1' },
  withinMs: { minutes: 30 * MINUTE_MS, hours: 360 * MINUTE_MS, days: 4_320 * MINUTE_MS },
}

interface Holder {
  readonly key: PrivateKey
  readonly certificate: string
  readonly recipient: Recipient
}

/** Made once: keys take longer than everything else here. */
export async function newHolders(): Promise<ReadonlyMap<string, Holder>> {
  const holders = new Map<string, Holder>()
  for (const id of ['reader-1', 'reader-2', 'facility-a', 'facility-b']) {
    const { privateKey, certificate } = await newKey({ name: id })
    const key = await readPrivateKey(privateKey)
    holders.set(id, { key, certificate, recipient: await toRecipient(id, certificate, new Date()) })
  }
  return holders
}

export interface CriticalNight extends Night {
  readonly critical: Critical
  readonly told: CriticalNotice[]
  /** A case that is waiting to be read. */
  newCase(
    more?: Parameters<Night['send']>[0],
  ): Promise<{ readonly row: CaseTable; readonly transfer: string }>
  /** A finding as a reader's machine sends it; `more` changes the statement before it is signed. */
  finding(
    row: CaseTable,
    more?: Partial<CriticalStatement> & { readonly sealedTo?: string },
  ): Promise<NewCritical>
  raise(level?: CriticalLevel): Promise<CriticalResultTable>
  /** Typed at the facility: with a proof if the words are those of the finding. */
  readBack(row: CriticalResultTable, text: string, hasProof?: boolean): Promise<NewReadBack>
  call(row: CriticalResultTable, more?: Partial<PhoneCall>): Promise<SignedRequest>
  comparison(row: CriticalResultTable, matches: boolean): Promise<SignedRequest>
  now(id: string): Promise<CriticalResultTable>
}

export async function openCriticalNight(
  holders: ReadonlyMap<string, Holder>,
  ...how: Parameters<typeof openNight>
): Promise<CriticalNight> {
  const night = await openNight(...how)
  const told: CriticalNotice[] = []
  const of = (id: string): Holder => {
    const holder = holders.get(id)
    if (!holder) throw new Error(`nobody is called ${id}`)
    return holder
  }
  const time = () => new Date(night.clock.now())
  const signedAt = () => time().toISOString()
  const critical = createCritical({
    ...{ gateway: GATEWAY, state: night.state, ledger: night.ledger, system: SYSTEM },
    now: night.clock.now,
    rulesOf: () => RULES,
    certificateOf: (id) => of(id).certificate,
    facilityRecipient: (id) => Promise.resolve(of(id).recipient),
    readerRecipients: () => Promise.resolve([of('reader-1').recipient]),
    verifyDetached: (text, signature, certificate) =>
      // Signatures have the real time, which passes while the clock of the night stands.
      verifyDetached(text, signature, certificate, new Date(night.clock.now() + 60_000)),
    isSealedTo: (message, recipient) => isSealedTo(message, recipient, time()),
    escalate: (tx, about, chain) => night.cases.escalate(tx, about, chain),
    calm: (tx, about) => night.cases.calm(tx, about),
    announce: (_tx, notice) => {
      told.push(notice)
      return Promise.resolve()
    },
    withdraw: () => Promise.resolve(),
  })
  const signed = async (statement: string, by: string): Promise<SignedRequest> => ({
    statement,
    signature: await signDetached(statement, of(by).key, new Date()),
  })
  const seal = (text: string, by: string, to: string) =>
    sealSigned(Buffer.from(text), of(by).key, [of(to).recipient])
  const newCase: CriticalNight['newCase'] = async (more) => {
    const row = await night.cases.find(await night.send(more))
    const [view] = row ? await night.cases.views([row]) : []
    if (!row || !view) throw new Error('no case')
    return { row, transfer: view.transfers[0]?.id ?? '' }
  }
  const finding: CriticalNight['finding'] = async (row, more = {}) => {
    const { sealedTo = 'facility-a', ...changed } = more
    const message = await seal(FINDING, 'reader-1', sealedTo)
    const statement = writeCriticalStatement({
      ...{ gateway: GATEWAY, case: row.id, level: 'minutes', author: 'reader-1' },
      sha256: sha256(message),
      commitment: await commitmentOf(await proofOfWords(salt, FINDING)),
      signedAt: signedAt(),
      ...changed,
    })
    return { ...(await signed(statement, 'reader-1')), message: message.toString('base64') }
  }
  return {
    ...night,
    ...{ critical, told, newCase, finding },
    raise: async (level = 'minutes') => {
      const { row, transfer } = await newCase()
      const sent = await finding(row, { level })
      return (await critical.raise(reader('reader-1'), row, transfer, sent)).row
    },
    readBack: async ({ id, facility }, text, hasProof = false) => {
      const message = await seal(text, 'facility-a', 'reader-1')
      const statement = writeReadBackStatement({
        ...{ gateway: GATEWAY, critical: id, facility, role: 'nurse' },
        ...{ sha256: sha256(message), signedAt: signedAt() },
      })
      return {
        ...(await signed(statement, 'facility-a')),
        message: message.toString('base64'),
        ...(hasProof && { proof: await proofOfWords(salt, text) }),
      }
    },
    call: ({ id }, more = {}) =>
      signed(
        writePhoneCall({
          ...{ gateway: GATEWAY, critical: id, reader: 'reader-1', role: 'nurse' },
          ...{ calledAt: signedAt(), readBack: true, signedAt: signedAt(), ...more },
        }),
        'reader-1',
      ),
    comparison: async ({ id }, matches) => {
      const answers = await critical.answers(id)
      const readBack = answers.findLast(({ kind }) => kind === 'read-back')?.id ?? id
      return signed(
        writeComparison({
          ...{ gateway: GATEWAY, critical: id, readBack, reader: 'reader-1', matches },
          signedAt: signedAt(),
        }),
        'reader-1',
      )
    },
    now: async (id) => {
      const row = await critical.find(id)
      if (!row) throw new Error('no critical result')
      return row
    },
  }
}
