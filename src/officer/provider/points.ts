/** What calls for attention in the audit of a reading group, each point with its reason. Pure. */
import { plural } from '../report.js'
import { textOf } from '../entries.js'
import type { ProviderFacts, ReaderFacts } from './collect.js'

export interface Point {
  readonly cite: string
  readonly subject: string
  readonly text: string
}

export function pointsOf(facts: ProviderFacts): readonly Point[] {
  const { scope, agreements, readers, critical, incidents, actions, gates } = facts
  const { group } = scope
  const last = new Date(scope.until - 1).toISOString().slice(0, 10)
  const point = (cite: string, subject: string, text: string): Point => ({ cite, subject, text })
  const isCovered = agreements.some(({ until, endedAt }) => isOpen(until, endedAt, facts, last))
  return [
    ...(agreements.length === 0
      ? [point('164.308(b)(1)', group, 'no agreement was in force in the year')]
      : isCovered
        ? []
        : [point('164.308(b)(1)', group, `no agreement is in force on ${last}`)]),
    ...readers.flatMap((reader) => pointsOfReader(reader, facts, last)),
    ...(critical.missed > 0
      ? [point('', group, `${plural(critical.missed, 'critical result')} not read back in time`)]
      : []),
    ...(facts.clockMissed > 0
      ? [point('', group, `${plural(facts.clockMissed, 'target')} missed`)]
      : []),
    ...Object.entries(gates).map(([verdict, count]) =>
      point('164.308(a)(4)', group, `the gates ${verdict} ${plural(count, 'action')}`),
    ),
    ...incidents.map((one) =>
      point('164.308(a)(6)', one.subject, `incident discovered on ${textOf(one, 'discovered')}`),
    ),
    ...actions.map(({ row, owner, due }) => point(row, owner, `open action, due ${due}`)),
  ]
}

const isOpen = (
  until: string | undefined,
  endedAt: number | undefined,
  { scope }: ProviderFacts,
  last: string,
): boolean => (until ?? '9999') >= last && (endedAt ?? Infinity) >= scope.until

function pointsOfReader(
  { reader, isMember, privileges, training, devices, keys, activity }: ReaderFacts,
  facts: ProviderFacts,
  last: string,
): readonly Point[] {
  const point = (cite: string, text: string): Point => ({ cite, subject: reader, text })
  const covers = (entries: ReaderFacts['training']) =>
    entries.some(({ until, endedAt }) => isOpen(until, endedAt, facts, last))
  const { offDuty, unclaimed, failedSignIns, incomplete, refused } = activity
  const inUse = devices.filter((one) => textOf(one, 'state') === 'in-use')
  const unproven = keys.filter(({ checkedAt }) => checkedAt === undefined)
  const counted = (cite: string, n: number, text: string) =>
    n > 0 ? [point(cite, `${n} ${text}`)] : []
  return [
    ...(isMember && !covers(training) ? [point('164.308(a)(5)', 'no valid training')] : []),
    ...(isMember && !covers(privileges) ? [point('164.308(a)(3)', 'no privilege in force')] : []),
    ...(isMember && inUse.length === 0 ? [point('164.310(c)', 'no device registered')] : []),
    ...(isMember && keys.length === 0 ? [point('164.312(d)', 'no key in effect')] : []),
    ...unproven.map((key) =>
      point('164.312(d)', `key ${key.fingerprint.slice(0, 16)} was never shown to open`),
    ),
    ...counted('164.308(a)(4)', offDuty, 'downloads outside duty hours'),
    ...counted('164.308(a)(4)', unclaimed, 'downloads of cases that the reader had not claimed'),
    ...counted('164.308(a)(5)', failedSignIns, 'failed sign-ins'),
    ...counted('164.312(a)(1)', refused, 'requests refused'),
    ...counted('164.312(c)(1)', incomplete, 'downloads that broke off'),
  ]
}
