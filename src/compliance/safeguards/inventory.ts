/** The asset inventory as CSV: everything that stores, carries or opens a study. */
import { csvRecord } from '../../lib/csv.js'
import { notEnded, textOf } from '../in-force.js'
import type { MapSources, SafeguardMap } from './map.js'

const COLUMNS = ['kind', 'id', 'holder', 'location', 'protection', 'state', 'weak points'] as const

export function inventoryCsv(map: SafeguardMap, sources: MapSources): string {
  const rows = [...systemRows(map, sources), ...holderRows(map, sources)]
  return [COLUMNS, ...rows].map((row) => csvRecord([...row])).join('')
}

type Row = readonly string[]

const weakAt = ({ pages }: SafeguardMap, title: string): string =>
  pages
    .flatMap(({ stations }) => stations)
    .find((one) => one.title === title)
    ?.weak.map(({ problem }) => problem)
    .join('; ') ?? ''

/** What the operator runs. */
function systemRows(map: SafeguardMap, { config, facts }: MapSources): readonly Row[] {
  const { database, store } = facts.configuration ?? {}
  const ours = (kind: string, id: string, location: string, protection: string, weakOf: string) => [
    ...[kind, id, 'operator', location, protection, 'in use', weakAt(map, weakOf)],
  ]
  const { host } = config.gateway
  return [
    ours('gateway', map.gateway, host, config.gateway.tls ? 'TLS' : 'none', map.gateway),
    ...map.doors.map(({ door, address, wants, found }) => [
      ...['door', door, 'operator', address, wants, found, ''],
    ]),
    ours('database', database?.kind ?? '', 'nocturne.yaml', 'contains no items', 'database'),
    ours('store', store?.kind ?? '', 'nocturne.yaml', 'OpenPGP', 'store'),
    ours('backups', 'backups', 'backup.to', 'OpenPGP', 'backups'),
    ...config.sinks.map(({ id }) => ['sink', id, id, '', 'syslog over TLS', 'in use', '']),
  ]
}

/** What others hold. */
function holderRows(map: SafeguardMap, { config, facts }: MapSources): readonly Row[] {
  const { entries } = facts.registers ?? {}
  const party = (kind: string, id: string) => [kind, id, id, '', '', 'in use', weakAt(map, id)]
  return [
    ...config.facilities.map(({ id }) => party('facility', id)),
    ...config.groups.map(({ id }) => party('group', id)),
    ...(facts.configuration?.certificates ?? []).map((one) => [
      ...['key', one.fingerprint, one.principal, 'with its holder', one.algorithm],
      ...[one.problem ?? 'in use', ''],
    ]),
    ...notEnded(entries?.device ?? [], facts.at).map((one) => [
      ...['device', textOf(one, 'device'), one.subject, 'with its holder', textOf(one, 'type')],
      ...[textOf(one, 'state'), ''],
    ]),
    ...notEnded(entries?.vendor ?? [], facts.at).map((one) => [
      ...['vendor', one.subject, one.subject, '', textOf(one, 'service'), 'in use', ''],
    ]),
    ...config.witnesses.map(({ name, url }) => [
      ...['witness', name, name, url, 'cosigns', 'in use', ''],
    ]),
  ]
}
