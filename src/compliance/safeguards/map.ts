/**
 * The way of a study through the site, from origin to distant site: what protects it at each
 * station, what is weak there, and what to do about it. Pure.
 */
import type { SiteConfig } from '../../config/index.js'
import { dayOf } from '../check.js'
import type { CertificateFacts, Facts } from '../facts.js'
import { agreementOf, inForce, isSet, notEnded, textOf } from '../in-force.js'
import { weaknessesOf } from '../weaknesses.js'
import type { Weakness } from '../weaknesses.js'
import { ofGateway, ofGroup, ofOrigin, ofStore } from './concerns.js'

/** What connecting to a door of the gateway showed. */
export interface DoorFacts {
  readonly door: string
  readonly address: string
  readonly wants: 'TLS' | 'plain'
  /** Protocol and cipher, `plain`, or `no answer`. */
  readonly found: string
}

export interface Station {
  readonly role: 'origin' | 'medium' | 'distant'
  readonly title: string
  readonly facts: readonly (readonly [string, string])[]
  readonly weak: readonly Pick<Weakness, 'check' | 'problem' | 'hint'>[]
}

/** One page: a facility, a group, or the store. */
export interface SafeguardPage {
  readonly kind: 'facility' | 'group' | 'store'
  readonly id: string
  readonly stations: readonly Station[]
}

export interface SafeguardMap {
  readonly format: 'nocturne-safeguards/v1'
  readonly gateway: string
  /** RFC 3339. */
  readonly at: string
  readonly doors: readonly DoorFacts[]
  readonly pages: readonly SafeguardPage[]
}

export interface MapSources {
  readonly config: Pick<
    SiteConfig,
    'gateway' | 'store' | 'doors' | 'facilities' | 'groups' | 'witnesses' | 'sinks' | 'backup'
  >
  readonly facts: Facts
  readonly doors: readonly DoorFacts[]
}

export function mapOf(sources: MapSources): SafeguardMap {
  const { config, facts, doors } = sources
  const weak = weaknessesOf(facts)
  const gateway = gatewayStation(sources, weak)
  const facilities = config.facilities.map(({ id }) => originStation(sources, id, weak))
  const groups = config.groups.map(({ id }) => distantStation(sources, id, weak))
  const named = (stations: readonly Station[], ids: readonly string[]) =>
    stations.filter(({ title }) => ids.includes(title))
  return {
    format: 'nocturne-safeguards/v1',
    ...{ gateway: config.gateway.name, at: new Date(facts.at).toISOString(), doors },
    pages: [
      ...config.facilities.map(({ id, groups: to }) => ({
        ...{ kind: 'facility' as const, id },
        stations: [...named(facilities, [id]), gateway, ...named(groups, to)],
      })),
      ...config.groups.map(({ id }) => {
        const from = config.facilities.filter((one) => one.groups.includes(id))
        const ids = from.map((one) => one.id)
        return {
          ...{ kind: 'group' as const, id },
          stations: [...named(facilities, ids), gateway, ...named(groups, [id])],
        }
      }),
      {
        ...{ kind: 'store' as const, id: config.store.kind },
        stations: [gateway, ...restStations(sources, weak)],
      },
    ],
  }
}

const certificateOf = ({ facts }: MapSources, id: string): CertificateFacts | undefined =>
  facts.configuration?.certificates.find(({ principal }) => principal === id)

const keyText = (certificate: CertificateFacts | undefined): string =>
  certificate === undefined
    ? 'unknown'
    : `${certificate.algorithm}, ${certificate.fingerprint.slice(0, 16)}, ${
        certificate.problem ??
        (certificate.usableUntil === undefined
          ? 'without an end'
          : `until ${dayOf(certificate.usableUntil)}`)
      }`

const agreementText = ({ facts }: MapSources, party: string): string => {
  const { registers, at } = facts
  const isOwn = notEnded(registers?.entries.organisation ?? [], at).some(
    (one) => one.subject === party && isSet(one, 'own'),
  )
  if (isOwn) return 'not needed: the organisation runs this gateway'
  const found = agreementOf(registers?.entries.agreement ?? [], party, at)
  return found ? `signed ${textOf(found, 'signed')}, until ${found.until ?? 'no end'}` : 'none'
}

function originStation(sources: MapSources, id: string, weak: readonly Weakness[]): Station {
  const facility = sources.config.facilities.find((one) => one.id === id)
  const peers = sources.config.doors.dimse?.peers.filter((one) => one.facility === id) ?? []
  return {
    ...{ role: 'origin', title: id, weak: ofOrigin(weak, id) },
    facts: [
      ['Agreement', agreementText(sources, id)],
      ['Key that quarantine and reports are sealed to', keyText(certificateOf(sources, id))],
      ['Headers', `profile ${facility?.profile.name ?? ''}`],
      ['Images that may show text', facility?.profile.pixels ?? ''],
      ['Documents', facility?.documents ?? ''],
      [
        'TLS client certificate',
        (facility?.clientCertificates ?? []).length > 0 ? 'required' : 'not required',
      ],
      [
        'C-STORE',
        peers.length === 0
          ? 'not used'
          : peers
              .map((one) =>
                one.certificate === undefined ? one.aeTitle : `${one.aeTitle}, with a certificate`,
              )
              .join(', '),
      ],
    ],
  }
}

function gatewayStation({ config, facts, doors }: MapSources, weak: readonly Weakness[]): Station {
  const { configuration, ledger, system } = facts
  const known = <T>(value: T | undefined, text: (value: T) => string) =>
    value === undefined ? 'could not be examined' : text(value)
  return {
    ...{ role: 'medium', title: config.gateway.name, weak: ofGateway(weak) },
    facts: [
      ...doors.map(({ door, address, found }): [string, string] => [
        `Door ${door}, ${address}`,
        found,
      ]),
      ['Sealing', 'at the gateway or at the facility (nocturne edge, send --seal-here)'],
      [
        'Requests without a token',
        known(system?.endpoint, (one) => (one.refusesAnonymous ? 'refused' : 'ANSWERED')),
      ],
      [
        'Ledger',
        known(system?.ledger, (one) => (one.ok ? `${one.size} entries verify` : 'DOES NOT VERIFY')),
      ],
      ['Witnesses', config.witnesses.map(({ name }) => name).join(', ') || 'none'],
      [
        'Last witnessed',
        known(ledger, (one) => (one.witnessedAt === undefined ? 'never' : dayOf(one.witnessedAt))),
      ],
      ['Copies of the ledger', config.sinks.map(({ id }) => id).join(', ') || 'none'],
      [
        'Key policy',
        known(configuration, (one) => (one.allowRsa2048 ? 'RSA 2048 allowed' : 'strong keys only')),
      ],
    ],
  }
}

function restStations(
  { config, facts }: MapSources,
  weak: readonly Weakness[],
): readonly Station[] {
  const { configuration, ledger, system } = facts
  const hands = (kind: string) =>
    kind === 's3' || kind === 'postgres'
      ? 'its provider; see the register of vendors'
      : 'this machine'
  const wire = (isEncrypted: boolean | undefined) =>
    isEncrypted === undefined ? 'unknown' : isEncrypted ? 'encrypted, or on this machine' : 'PLAIN'
  const { database, store, backupTo } = configuration ?? {}
  return [
    {
      ...{ role: 'medium', title: 'database', weak: ofStore(weak, 'database') },
      facts: [
        ['Kind', database?.kind ?? 'unknown'],
        ['On the way', wire(database?.isEncryptedOnTheWire)],
        ['In the hands of', hands(database?.kind ?? '')],
        ['Contents', 'IDs, states and key packets; no item, name or date of a patient'],
      ],
    },
    {
      ...{ role: 'distant', title: 'store', weak: ofStore(weak, 'store') },
      facts: [
        ['Kind', store?.kind ?? 'unknown'],
        ['On the way', wire(store?.isEncryptedOnTheWire)],
        ['In the hands of', hands(config.store.kind)],
        [
          'Sample of its objects',
          system?.objects
            ? `${system.objects.sampled} read: ${system.objects.sealed} encrypted, ${system.objects.intact} unchanged`
            : 'could not be read',
        ],
      ],
    },
    {
      ...{ role: 'distant', title: 'backups', weak: ofStore(weak, 'backups') },
      facts: [
        ['Where', backupTo === undefined ? 'nowhere' : 'the folder in backup.to'],
        ['Sealed to', config.backup?.certificate === undefined ? 'recovery' : 'backup.certificate'],
        ['Newest', ledger?.lastBackup ? dayOf(ledger.lastBackup.at) : 'none'],
        ['Last restored for practice', ledger?.lastDrill ? dayOf(ledger.lastDrill.at) : 'never'],
      ],
    },
  ]
}

function distantStation(sources: MapSources, id: string, weak: readonly Weakness[]): Station {
  const { config, facts } = sources
  const readers = config.groups.find((one) => one.id === id)?.readers ?? []
  const devices = inForce(facts.registers?.entries.device ?? [], facts.at)
  return {
    ...{ role: 'distant', title: id, weak: ofGroup(weak, [id, ...readers]) },
    facts: [
      ['Agreement', agreementText(sources, id)],
      ...readers.flatMap((reader): (readonly [string, string])[] => {
        const own = devices.filter(
          (one) => one.subject === reader && textOf(one, 'state') === 'in-use',
        )
        const proven = facts.ledger?.proven[reader]
        return [
          [`Key of ${reader}`, keyText(certificateOf(sources, reader))],
          [`${reader} last showed that it opens`, proven ? dayOf(proven.at) : 'never'],
          [
            `Devices of ${reader}`,
            own
              .map(
                (one) =>
                  `${textOf(one, 'type')}, attested ${textOf(one, 'attested')}${isSet(one, 'diskEncryption') ? ', disk encrypted' : ''}`,
              )
              .join('; ') || 'none registered',
          ],
        ]
      }),
    ],
  }
}
