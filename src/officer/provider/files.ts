/** The audit of a reading group as CSV and JSON. */
import { csvRecord } from '../../lib/csv.js'
import type { Json } from '../../lib/json.js'
import type { RegisterEntry } from '../../compliance/index.js'
import type { Step } from './activity.js'
import { textOf } from '../entries.js'
import type { ProviderFacts } from './collect.js'
import { pointsOf } from './points.js'

const ACTIVITY = [
  'signIns',
  'failedSignIns',
  'refused',
  'claims',
  'downloads',
  'offDuty',
  'unclaimed',
  'incomplete',
  'acknowledged',
  'reports',
] as const

export function readersCsv({ readers }: ProviderFacts): string {
  const head = ['reader', 'member_now', 'privileges', 'training_until', 'devices', 'keys']
  const rows = readers.map((one) => [
    ...[one.reader, one.isMember ? 'yes' : 'no', String(one.privileges.length)],
    ...[lastDayOf(one.training), String(one.devices.length)],
    one.keys.map(({ fingerprint }) => fingerprint).join(' '),
    ...ACTIVITY.map((name) => String(one.activity[name])),
  ])
  return [[...head, ...ACTIVITY.map(snake)], ...rows].map(csvRecord).join('')
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)

export const lastDayOf = (entries: readonly RegisterEntry[]): string =>
  entries
    .map(({ until }) => until ?? '')
    .sort()
    .at(-1) ?? ''

export function sampleCsv({ sample }: ProviderFacts): string {
  const steps = ['available', 'claimed', 'fetched', 'acknowledged'] as const
  const head = steps.flatMap((step) => [`${step}_at`, `${step}_by`, `${step}_entry`])
  const cells = (step: Step | undefined) =>
    step ? [step.at, step.by, String(step.index)] : ['', '', '']
  const rows = sample.map((path) => [
    ...[path.transfer, path.facility],
    ...steps.flatMap((step) => cells(path[step])),
  ])
  return [['transfer', 'facility', ...head], ...rows].map(csvRecord).join('')
}

/** The facts in short. The ledger holds the digest of its canonical JSON. */
export function documentOf(facts: ProviderFacts): Readonly<Record<string, Json>> {
  const { scope, size, readers, transfers, critical, clockMissed, gates, sample } = facts
  return {
    format: 'nocturne-provider-audit/v1',
    ...{ group: scope.group, ledgerSize: size, clockMissed },
    from: new Date(scope.from).toISOString(),
    until: new Date(scope.until).toISOString(),
    points: pointsOf(facts).map((point) => ({ ...point })),
    agreements: facts.agreements.map((one) => ({
      ...{ entry: one.id, type: textOf(one, 'type'), signed: textOf(one, 'signed') },
      ...{ until: one.until ?? null, document: textOf(one, 'document') },
    })),
    readers: readers.map((one) => ({
      ...{ reader: one.reader, isMember: one.isMember },
      privileges: one.privileges.map(({ id, until }) => ({ entry: id, until: until ?? null })),
      training: one.training.map(({ id, until }) => ({ entry: id, until: until ?? null })),
      devices: one.devices.map(({ id }) => id),
      keys: one.keys.map(({ fingerprint, from, until, checkedAt }) => ({
        ...{ fingerprint, from, until: until ?? null, checkedAt: checkedAt ?? null },
      })),
      activity: { ...one.activity },
    })),
    transfers: { ...transfers },
    critical: { ...critical },
    gates: { ...gates },
    turnaround: facts.turnaround.map((one) => ({ ...one })),
    incidents: facts.incidents.map(({ subject }) => subject),
    actions: facts.actions.map(({ id }) => id),
    sample: sample.map(({ transfer }) => transfer),
  }
}
