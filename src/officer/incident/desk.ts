/**
 * Incidents: what the ledger says about them, their deadlines, the decision of an officer, and the
 * pack that carries the burden of proof (164.414(b)).
 */
import { createHash } from 'node:crypto'
import type { SiteConfig } from '../../config/index.js'
import type { Deadline, RegisterEntry } from '../../compliance/index.js'
import type { Directory } from '../../directory/index.js'
import { NocturneError } from '../../lib/errors.js'
import { canonicalJson } from '../../lib/json.js'
import type { Json } from '../../lib/json.js'
import { once } from '../../lib/zip.js'
import type { ZipMember } from '../../lib/zip.js'
import type { Actor, EventType } from '../../ledger/log/index.js'
import { readDecision } from '../../protocol/incident-decision.js'
import type { SignedRequest } from '../../protocol/signed.js'
import type { VerifyDetached } from '../../seal/keys/index.js'
import { listOf, midnight, textOf } from '../entries.js'
import { proofMembers, recordDocument } from '../ledger-package.js'
import type { PackageParts } from '../ledger-package.js'
import { collectIncident } from './collect.js'
import type { IncidentFacts } from './collect.js'
import {
  entityNotice,
  individualNotice,
  individualsCsv,
  keysCsv,
  sessionsCsv,
  summaryOf,
  transfersCsv,
} from './files.js'
import { incidentPdf } from './pdf.js'

export interface IncidentParts extends PackageParts {
  readonly config: Pick<SiteConfig, 'gateway' | 'facilities' | 'people' | 'witnesses' | 'groups'>
  readonly directory: Directory
  readonly verifyDetached: VerifyDetached
  /** The register of incidents. */
  readonly incidents: {
    /** @throws NocturneError `not_found` for an incident that is not in the register */
    find(id: string): Promise<RegisterEntry>
    /** Replaces the entry with one that has these fields too. */
    amend(
      entry: RegisterEntry,
      fields: Readonly<Record<string, string>>,
      actor: Actor,
    ): Promise<{ readonly id: string; readonly index: number }>
    deadlines(entry: RegisterEntry): readonly Deadline[]
  }
  readonly now: () => number
}

export interface ShownIncident {
  readonly incident: string
  readonly entry: string
  readonly data: RegisterEntry['data']
  readonly deadlines: readonly (Omit<Deadline, 'dueAt'> & { readonly due: string })[]
  readonly facts: Readonly<Record<string, Json>>
  /** SHA-256 of the canonical JSON of `facts`, and of the factors: what a decision names. */
  readonly digests: { readonly facts: string; readonly factors: string }
}

export interface IncidentDesk {
  /** Reading it is recorded. @throws NocturneError `not_found`, `report_too_large` */
  show(actor: Actor, id: string): Promise<ShownIncident>
  /** @throws NocturneError as `show` */
  pack(actor: Actor, id: string): Promise<readonly ZipMember[]>
  /**
   * @throws NocturneError `not_found`; `decision_invalid` for a statement of another form or about
   *   other facts, without the reasoning that it needs, or not signed by the officer who asks
   */
  decide(
    actor: Actor,
    id: string,
    signed: SignedRequest,
  ): Promise<{ readonly id: string; readonly receipt: string }>
}

/** What proves the facts, for the package of the ledger. */
const PROVING: readonly EventType[] = [
  'transfer.available',
  'recipient.added',
  'download.begun',
  'download.ended',
  'transfer.acknowledged',
  'report.sent',
  'transfer.claimed',
  'certificate.changed',
  'key.checked',
  'signin.succeeded',
  'token.issued',
  'token.revoked',
  'membership.confirmed',
  'membership.removed',
  'case.opened',
  'case.joined',
  'case.closed',
  'case.recalled',
  'register.added',
  'register.ended',
  'ledger.exported',
]

export function createIncidentDesk(parts: IncidentParts): IncidentDesk {
  const { ledger, incidents } = parts
  return {
    show: async (actor, id) => {
      const entry = await incidents.find(id)
      await ledger.noteRead(actor, { what: 'incident', of: entry.id })
      return shownOf(parts, entry, await factsOf(parts, entry))
    },
    pack: async (actor, id) => {
      const entry = await incidents.find(id)
      return packOf(parts, actor, entry, await factsOf(parts, entry))
    },
    decide: async (actor, id, signed) => {
      const entry = await incidents.find(id)
      const shown = shownOf(parts, entry, await factsOf(parts, entry))
      return decide(parts, actor, { entry, shown, signed })
    },
  }
}

const DAY_MS = 86_400_000

/**
 * Without a period, all that was ever sealed to the keys counts, up to now: a key opens what is
 * old, too.
 */
function factsOf(parts: IncidentParts, entry: RegisterEntry): Promise<IncidentFacts> {
  const { config, ledger, directory, now } = parts
  const [from, until] = [textOf(entry, 'from'), textOf(entry, 'until')]
  const scope = {
    readers: listOf(entry, 'readers'),
    keys: listOf(entry, 'keys'),
    from: from === '' ? 0 : midnight(from),
    until: until === '' ? now() : midnight(until) + DAY_MS,
  }
  return collectIncident(ledger, scope, {
    facilities: config.facilities.map(({ id }) => id),
    isMember: (reader, group) => directory.principal(reader)?.groups.includes(group) === true,
  })
}

function shownOf(parts: IncidentParts, entry: RegisterEntry, facts: IncidentFacts): ShownIncident {
  const summary = summaryOf(facts)
  return {
    ...{ incident: entry.subject, entry: entry.id, data: entry.data, facts: summary },
    deadlines: parts.incidents.deadlines(entry).map(({ dueAt, ...one }) => ({
      ...one,
      due: new Date(dueAt).toISOString().slice(0, 10),
    })),
    digests: {
      facts: sha256(canonicalJson(factsToSign(summary))),
      factors: sha256(canonicalJson({ ...factorsOf(entry) })),
    },
  }
}

/** What a decision is about: not the length of the ledger, or up to when it was read. */
const factsToSign = ({ ledgerSize: _, until: __, ...facts }: ShownIncident['facts']): Json => facts

const factorsOf = (entry: RegisterEntry) => ({
  nature: textOf(entry, 'nature'),
  recipient: textOf(entry, 'recipient'),
  viewed: textOf(entry, 'viewed'),
  mitigation: textOf(entry, 'mitigation'),
})

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

async function decide(
  parts: IncidentParts,
  actor: Actor,
  asked: {
    readonly entry: RegisterEntry
    readonly shown: ShownIncident
    readonly signed: SignedRequest
  },
): Promise<{ readonly id: string; readonly receipt: string }> {
  const { config, directory, ledger, incidents, now } = parts
  const { entry, shown, signed } = asked
  const statement = readDecision(signed.statement)
  const certificate = directory.principal(actor.id)?.certificate
  const isAboutThis =
    statement?.gateway === config.gateway.name &&
    statement.incident === entry.subject &&
    statement.by === actor.id &&
    statement.facts === shown.digests.facts &&
    statement.factors === shown.digests.factors
  if (!isAboutThis) throw new NocturneError('decision_invalid')
  // 164.402(2): a low probability has to be demonstrated by all four factors.
  const isReasoned = Object.values(factorsOf(entry)).every((text) => text !== '')
  if (statement.decision !== 'breach' && !isReasoned) throw new NocturneError('decision_invalid')
  if (
    certificate === undefined ||
    !(await parts.verifyDetached(signed.statement, signed.signature, certificate))
  )
    throw new NocturneError('decision_invalid')
  const { id, index } = await incidents.amend(
    entry,
    {
      decision: statement.decision,
      decided: new Date(now()).toISOString().slice(0, 10),
      individuals: String(statement.individuals),
      ...{ statement: signed.statement, signature: signed.signature },
    },
    actor,
  )
  return { id, receipt: await ledger.proof(index) }
}

async function packOf(
  parts: IncidentParts,
  actor: Actor,
  entry: RegisterEntry,
  facts: IncidentFacts,
): Promise<readonly ZipMember[]> {
  const { ledger, config, incidents } = parts
  const discovered = textOf(entry, 'discovered')
  const document = canonicalJson(summaryOf(facts))
  const detail = { what: 'incident', entry: entry.id }
  const index = await recordDocument(ledger, actor, document, { detail })
  const [statement, signature] = [textOf(entry, 'statement'), textOf(entry, 'signature')]
  const pdf = incidentPdf(facts, {
    ...{ gateway: config.gateway.name, ledgerKey: ledger.verifierKey, event: index },
    ...{ askedBy: actor.id, incident: entry.subject, kind: textOf(entry, 'kind'), discovered },
    ...{ decision: textOf(entry, 'decision'), isSigned: signature !== '' },
    ...{ deadlines: incidents.deadlines(entry), factors: factorsOf(entry) },
  })
  return [
    { name: 'README.txt', content: once(readme(entry, index)) },
    { name: 'incident.pdf', content: pdf },
    { name: 'incident.json', content: once(document) },
    { name: 'entry.json', content: once(canonicalJson(entry.data as Json)) },
    { name: 'transfers.csv', content: transfersCsv(facts) },
    { name: 'individuals.csv', content: individualsCsv(facts) },
    { name: 'sessions.csv', content: once(sessionsCsv(facts)) },
    { name: 'keys.csv', content: once(keysCsv(facts)) },
    { name: 'notice-individual.txt', content: once(individualNotice(discovered)) },
    { name: 'notice-entity.txt', content: once(entityNotice(config.gateway.name, discovered)) },
    ...(signature === ''
      ? []
      : [
          { name: 'decision.json', content: once(statement) },
          { name: 'decision.asc', content: once(signature) },
        ]),
    ...(await proofMembers(parts, actor, PROVING)),
  ]
}

const readme = ({ subject, id }: RegisterEntry, event: number): string =>
  [
    `This is the evidence about the incident ${subject}.`,
    '',
    `incident.json has the facts in short; its SHA-256 is in entry ${event} of the audit log. entry.json is the entry of`,
    `the register, with the reasoning about the four factors; its SHA-256 is in the event register.added of ${id}.`,
    'transfers.csv has a line for each reader and transfer, individuals.csv one for each individual, as keyed handles.',
    'decision.json is the decision, if there is one, and decision.asc the signature of the officer on it, for example',
    'for gpg --verify decision.asc decision.json.',
    '',
    'Open verify.html in a browser and give it ledger.zip: it checks, without a network, that the entries were recorded',
    'in the log and have not been changed since. Each line of the CSV files names the entry that it is based on.',
    '',
    'viewed: a statement or report signed by the reader shows that it was opened.',
    'fetched: its sealed data was sent to the reader. listed: it was in a list that the reader could open.',
    'openable: it is sealed to the key; nothing more is known.',
    '',
  ].join('\r\n')
