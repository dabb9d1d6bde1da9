/** What the worker writes, seals and opens with the private key: reports, findings, notes. */
import {
  composeFinding,
  composeReadBack,
  readFinding,
  readNewestReadBack,
} from '../../../critical/browser.js'
import { NocturneError } from '../../../lib/errors.js'
import { writeComparison, writePhoneCall } from '../../../protocol/critical.js'
import type { CriticalDocument } from '../../../protocol/critical.js'
import { MAX_REPORT_BYTES, writeReportAcknowledgement } from '../../../protocol/report.js'
import type { ReportDocument } from '../../../protocol/report.js'
import { composeReport, readReport } from '../../../reports/browser.js'
import {
  openSignedMessage,
  sealSignedWeb,
  signDetached,
  toRecipient,
  verifyDetached,
} from '../../../seal/browser.js'
import type { PrivateKey, Recipient } from '../../../seal/browser.js'
import { identify } from './identify.js'
import type {
  Compare,
  ConfirmReport,
  Identify,
  LogCall,
  OpenDraft,
  OpenNote,
  ReadFinding,
  ReadReport,
  SealDraft,
  SealNote,
  SealedStatement,
  TypeBack,
  WriteFinding,
  WriteReport,
  WritingRequest,
  WritingResults,
} from './messages.js'
import type { Signed } from './signed.js'

type About = Pick<ReportDocument, 'studies' | 'modality'>
type Named = SealNote['recipients']

interface DeskHands {
  readonly key: () => PrivateKey
  readonly about: (transfers: readonly string[]) => About
  readonly open: (sealed: Uint8Array) => Promise<Uint8Array>
}

export class WritingDesk {
  readonly #key: () => PrivateKey
  /** Studies and modalities of transfers whose manifests were opened. */
  readonly #about: (transfers: readonly string[]) => About
  /** The newest read-back of each critical result, as it was opened here. */
  readonly #readBacks = new Map<string, string>()
  /** Digests of the reports, and the findings, that were opened here. */
  readonly #reports = new Map<string, string>()
  readonly #findings = new Map<string, CriticalDocument>()

  /** Opens a message that nobody signed. */
  readonly #open: (sealed: Uint8Array) => Promise<Uint8Array>

  constructor(hands: DeskHands) {
    this.#key = hands.key
    this.#about = hands.about
    this.#open = hands.open
  }

  /** @throws NocturneError */
  do(request: WritingRequest): Promise<WritingResults[keyof WritingResults]> {
    switch (request.do) {
      case 'report':
        return this.#report(request)
      case 'finding':
        return this.#finding(request)
      case 'read report':
        return this.#readReport(request)
      case 'read finding':
        return this.#readFinding(request)
      case 'compare':
        return this.#compare(request)
      case 'call':
        return this.#call(request)
      case 'seal draft':
        return this.#sealDraft(request)
      case 'open draft':
        return this.#openDraft(request)
      case 'seal note':
        return this.#sealNote(request)
      case 'open note':
        return this.#openNote(request)
      case 'confirm report':
        return this.#confirmReport(request)
      case 'type back':
        return this.#typeBack(request)
      case 'identify':
        return this.#identify(request)
    }
  }

  async #report(request: WriteReport): Promise<SealedStatement> {
    const { found, reader, transfers, status, agreement, authorName, sections } = request
    const { gateway, case: id, code, part } = found
    const about = this.#about(transfers)
    const composed = await composeReport(
      await this.#writing(found.recipients),
      {
        ...{ gateway, case: id, code, reader, about, signedAt: new Date().toISOString() },
        ...(part && { part }),
      },
      { status, agreement, authorName, sections, attachments: [] },
    )
    if (composed.message.length > MAX_REPORT_BYTES)
      throw new NocturneError('report_invalid', { field: 'message' })
    return { ...composed, message: base64Of(composed.message) }
  }

  async #finding(request: WriteFinding): Promise<SealedStatement> {
    const { found, reader, transfers, level, text, authorName } = request
    const { gateway, case: id, code } = found
    const { studies } = this.#about(transfers)
    const composed = await composeFinding(
      await this.#writing(found.recipients),
      { gateway, case: id, code, studies, reader, signedAt: new Date().toISOString() },
      { level, text, authorName },
    )
    return { ...composed, message: base64Of(composed.message) }
  }

  async #readReport({ view, sealed, gateway }: ReadReport): Promise<WritingResults['read report']> {
    const document = await readReport({ gateway, ...this.#opening() }, view, sealed)
    if (!document) throw new NocturneError('report_invalid')
    this.#reports.set(view.id, view.sha256)
    return { document }
  }

  async #readFinding(request: ReadFinding): Promise<WritingResults['read finding']> {
    const { view, sealed, readBack, gateway } = request
    const finding = await readFinding(this.#opening(), gateway, view, sealed)
    if (!finding) throw new NocturneError('critical_invalid')
    this.#findings.set(view.id, finding)
    if (!readBack) return { text: finding.text, readBack: undefined }
    const newest = await readNewestReadBack(this.#opening(), gateway, view, readBack)
    if (!newest) throw new NocturneError('critical_invalid')
    this.#readBacks.set(view.id, newest.id)
    return { text: finding.text, readBack: newest.document.text }
  }

  #compare({ critical, gateway, reader, matches }: Compare): Promise<Signed> {
    const readBack = this.#readBacks.get(critical)
    if (readBack === undefined) throw new NocturneError('critical_state')
    const signedAt = new Date().toISOString()
    return this.#signed(writeComparison({ gateway, critical, readBack, reader, matches, signedAt }))
  }

  #call({ critical, gateway, reader, role, calledAt, readBack }: LogCall): Promise<Signed> {
    const signedAt = new Date().toISOString()
    return this.#signed(
      writePhoneCall({ gateway, critical, reader, role, calledAt, readBack, signedAt }),
    )
  }

  async #sealDraft({ text }: SealDraft): Promise<WritingResults['seal draft']> {
    const { certificate } = this.#key()
    const self = await toRecipient('self', certificate, new Date())
    return { message: await this.#sealed(text, [self]) }
  }

  async #openDraft({ sealed }: OpenDraft): Promise<WritingResults['open draft']> {
    return { text: await this.#text(sealed, this.#key().certificate) }
  }

  async #sealNote({ text, recipients }: SealNote): Promise<WritingResults['seal note']> {
    return { message: await this.#sealed(text, await recipientsOf(recipients)) }
  }

  async #openNote({ sealed, certificate }: OpenNote): Promise<WritingResults['open note']> {
    return { text: await this.#text(sealed, certificate) }
  }

  #confirmReport({ report, gateway, facility }: ConfirmReport): Promise<Signed> {
    const sha256 = this.#reports.get(report)
    if (sha256 === undefined) throw new NocturneError('acknowledgement_invalid')
    const openedAt = new Date().toISOString()
    return this.#signed(writeReportAcknowledgement({ gateway, report, facility, sha256, openedAt }))
  }

  async #typeBack({ view, found, role, text }: TypeBack): Promise<WritingResults['type back']> {
    const finding = this.#findings.get(view.id)
    if (!finding) throw new NocturneError('critical_state')
    const composed = await composeReadBack(await this.#writing(found.recipients), view, finding, {
      gateway: finding.gateway,
      role,
      text,
      signedAt: new Date().toISOString(),
    })
    return { ...composed, message: base64Of(composed.message) }
  }

  async #identify({ do: _, ...asked }: Identify): Promise<WritingResults['identify']> {
    return { identity: await identify(asked, this.#open) }
  }

  async #writing(named: Named) {
    const recipients = await recipientsOf(named)
    return {
      seal: (content: Uint8Array) => sealSignedWeb(content, this.#key(), recipients, new Date()),
      sign: (statement: string) => signDetached(statement, this.#key(), new Date()),
    }
  }

  #opening() {
    return {
      open: async (sealed: Uint8Array, certificate: string) =>
        (await openSignedMessage(sealed, [this.#key()], [{ certificate }], new Date())).content,
      verify: verifyDetached,
    }
  }

  async #signed(statement: string): Promise<Signed> {
    return { statement, signature: await signDetached(statement, this.#key(), new Date()) }
  }

  async #sealed(text: string, recipients: readonly Recipient[]): Promise<string> {
    const content = new TextEncoder().encode(text)
    return base64Of(await sealSignedWeb(content, this.#key(), recipients, new Date()))
  }

  async #text(sealed: Uint8Array, certificate: string): Promise<string> {
    return new TextDecoder().decode(await this.#opening().open(sealed, certificate))
  }
}

/** @throws NocturneError `recipient_unusable` if one could not open it, or is not whom it names */
async function recipientsOf(named: Named): Promise<readonly Recipient[]> {
  const recipients: Recipient[] = []
  for (const { id, certificate, fingerprint } of named) {
    const recipient = await toRecipient(id, certificate, new Date())
    if (recipient.fingerprint !== fingerprint)
      throw new NocturneError('recipient_unusable', { subject: id })
    recipients.push(recipient)
  }
  return recipients
}

function base64Of(bytes: Uint8Array): string {
  const pieces: string[] = []
  for (let at = 0; at < bytes.length; at += 0x8000)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)))
  return btoa(pieces.join(''))
}
