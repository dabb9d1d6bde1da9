/** Connects the rooms that work at night: cases, critical results, duty, and notification. */
import { createCases, createProofs } from '../cases/index.js'
import type { Cases, Proofs } from '../cases/index.js'
import type { NoteParts } from '../cases/notes/index.js'
import type { SiteConfig } from '../config/index.js'
import { createCritical } from '../critical/index.js'
import type { Critical } from '../critical/index.js'
import type { Directory } from '../directory/index.js'
import type { Roster } from '../duty/index.js'
import { SYSTEM } from '../lib/actors.js'
import type { Ledger } from '../ledger/log/index.js'
import { createNotify } from '../notify/index.js'
import type { Channel, Notify, SendOne } from '../notify/index.js'
import { createPriors } from '../priors/index.js'
import type { Priors } from '../priors/index.js'
import { reportExpiry } from '../reports/index.js'
import { isProof } from '../seal/proof/index.js'
import type { Recipient, VerifyDetached } from '../seal/keys/index.js'
import type { State, Tx } from '../state/index.js'
import type { Transfers } from '../transfer/index.js'
import { announce, announceCritical, criticalRulesOf, peopleWith, rosterOf } from './announce.js'
import { quietUntil } from './quiet.js'

export interface NightParts {
  readonly config: Pick<SiteConfig, 'facilities' | 'groups' | 'people' | 'cases' | 'gateway'>
  readonly state: State
  readonly ledger: Ledger
  readonly directory: Directory
  readonly holdTransfers: Transfers['claims']['hold']
  readonly countOutcomes: Transfers['countOutcomes']
  readonly hasUnopened: Transfers['hasUnopened']
  readonly isAnyArriving: Transfers['expiry']['isAnyArriving']
  readonly senders: ReadonlyMap<Channel, SendOne>
  /** Whether any of the person's browsers is subscribed to Web Push. */
  readonly hasPush: (tx: Tx, person: string) => Promise<boolean>
  readonly origin: () => string
  /** Shared by all gateways of the site. */
  readonly secret: Uint8Array
  readonly verifyDetached: VerifyDetached
  readonly isSealedTo: (message: Uint8Array, recipient: Recipient) => Promise<boolean>
  readonly sealTo: (reader: string, content: Uint8Array) => Promise<Buffer>
  readonly now: () => number
}

export interface Night {
  /** The roster of a group at a given time; undefined for a group without a roster. */
  readonly rosterOf: (group: string, at: number) => Promise<Roster | undefined>
  readonly cases: Cases
  readonly critical: Critical
  readonly proofs: Proofs
  readonly notify: Notify
  readonly priors: Priors
  /** The other side of the case is told, with the note. */
  readonly announceNote: NoteParts['announceNote']
}

export function createNight(parts: NightParts): Night {
  const { config, state, ledger, directory, now } = parts
  const notify = createNotify({
    ...{ state, ledger, now, senders: parts.senders, system: SYSTEM },
    channelsOf: (tx, person) => channelsOf(parts, tx, person),
    quietUntil: (tx, person) => quietUntil(config, tx, person, now()),
    operators: () => peopleWith(config, 'operator'),
  })
  const announcing = {
    ...{ config, notify, now, origin: parts.origin },
    criticalOf: (tx: Tx, id: string) => critical.find(id, tx),
  }
  const priors = createPriors({ state, ledger, now })
  const cases = createCases({
    ...{ state, ledger, now, system: SYSTEM },
    holdTransfers: parts.holdTransfers,
    countOutcomes: parts.countOutcomes,
    hasUnopened: parts.hasUnopened,
    isAnyArriving: parts.isAnyArriving,
    hasUnreadReport: (tx, id) => reportExpiry.isAnyUnread(tx, id),
    openCriticals: (ids) => critical.openOf(ids),
    priorsOf: (transfers) => priors.of(transfers),
    claimMs: config.cases.claimMinutes * 60_000,
    rulesOf: (id) => {
      const group = config.groups.find((one) => one.id === id)
      return { clock: group?.clock ?? [], escalate: group?.escalate ?? [] }
    },
    reads: (person, group) => directory.principal(person)?.groups.includes(group) === true,
    announce: (tx, notice) => announce(announcing, tx, notice),
    withdraw: (tx, id) => notify.withdraw(tx, id),
  })
  const critical: Critical = createCritical({
    ...{ state, ledger, now, system: SYSTEM, gateway: config.gateway.name },
    rulesOf: (facility) => criticalRulesOf(config, facility),
    certificateOf: (id) => directory.principal(id)?.certificate ?? '',
    facilityRecipient: (id) => directory.facilityRecipient(id),
    readerRecipients: (group) => directory.usableRecipientsOf(group),
    verifyDetached: parts.verifyDetached,
    isSealedTo: parts.isSealedTo,
    escalate: (tx, about, chain) => cases.escalate(tx, about, chain),
    calm: (tx, about) => cases.calm(tx, about),
    announce: (tx, notice) => announceCritical(announcing, tx, notice),
    withdraw: (tx, id) => notify.withdraw(tx, id),
  })
  const { secret, sealTo } = parts
  const proofs = createProofs({ gateway: config.gateway.name, secret, sealTo, isProof, now })
  return {
    cases,
    critical,
    proofs,
    notify,
    priors,
    rosterOf: (id, at) => rosterOf(config, state.db, id, at),
    announceNote: async (tx, row, { id: note, author }) => {
      await announce(announcing, tx, { what: 'noted', row, note, author })
    },
  }
}

async function channelsOf(
  { config, senders, hasPush }: NightParts,
  tx: Tx,
  person: string,
): Promise<readonly Channel[]> {
  const hooks = [...senders.keys()].filter((one) => one.startsWith('webhook:'))
  const email = config.people.find(({ id }) => id === person)?.contact?.email
  return [
    ...hooks,
    ...(email === undefined ? [] : (['mail'] as const)),
    ...((await hasPush(tx, person)) ? (['push'] as const) : []),
  ]
}
