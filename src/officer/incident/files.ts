/** The facts of an incident as CSV and JSON, and templates of notices. */
import { csvRecord } from '../../lib/csv.js'
import type { Json } from '../../lib/json.js'
import { inSlices } from '../../lib/pace.js'
import { countLines, individualsOf } from './collect.js'
import type { IncidentFacts, Possibility } from './collect.js'

/** What each possibility means, in words that hold in a letter and in court. */
export const MEANING: Readonly<Record<Possibility, string>> = {
  viewed: 'viewed: opened according to a statement or report signed by the reader',
  fetched: 'sealed data was sent to the reader; no statement of having opened it',
  listed: 'only visible in a list, without anything that identifies a patient',
  openable: 'never sent to the reader; sealed to the key',
}

const day = (time: number): string => new Date(time).toISOString()

export async function* transfersCsv({ lines }: IncidentFacts): AsyncGenerator<string> {
  yield csvRecord([
    ...['reader', 'possibility', 'facility', 'case', 'transfer', 'group', 'available_at'],
    ...['instances', 'documents', 'pixels_at_risk', 'modalities', 'viewed_at', 'viewed_entry'],
    ...['items_fetched', 'first_fetched', 'last_fetched', 'addresses', 'keys'],
  ])
  for await (const { reader, facility, possibility, transfer, viewed } of inSlices(lines)) {
    const { items } = transfer
    const instances = items.filter(({ kind }) => kind === 'instance')
    const fetched = items.flatMap((item) => item.fetched)
    yield csvRecord([
      ...[reader, possibility, facility, transfer.code ?? '', transfer.transfer, transfer.group],
      ...[transfer.availableAt ?? '', String(instances.length)],
      String(items.length - instances.length),
      String(items.filter(({ pixelsAtRisk }) => pixelsAtRisk).length),
      [...new Set(items.flatMap(({ modality }) => modality ?? []))].join(' '),
      ...[viewed?.at ?? '', viewed === undefined ? '' : String(viewed.index)],
      String(items.filter((item) => item.fetched.length > 0).length),
      fetched.map(({ first }) => first).sort()[0] ?? '',
      fetched
        .map(({ last }) => last)
        .sort()
        .at(-1) ?? '',
      [...new Set(fetched.flatMap(({ addresses }) => addresses))].join(' '),
      [...new Set(fetched.flatMap(({ fingerprints }) => fingerprints))].join(' '),
    ])
  }
}

/** Keyed handles: the facility's own machine puts the names to them. */
export async function* individualsCsv(facts: IncidentFacts): AsyncGenerator<string> {
  yield csvRecord(['facility', 'patient', 'possibility', 'transfers'])
  for await (const { facility, patient, possibility, transfers } of inSlices(individualsOf(facts)))
    yield csvRecord([facility, patient, possibility, [...transfers].join(' ')])
}

export function sessionsCsv({ sessions }: IncidentFacts): string {
  const rows = sessions.map((one) => [
    ...[one.reader, one.method, day(one.from), day(one.until), one.address ?? '', one.token],
    String(one.index),
  ])
  const head = ['reader', 'method', 'from', 'until', 'address', 'token', 'ledger_entry']
  return [head, ...rows].map(csvRecord).join('')
}

export function keysCsv({ keys }: Pick<IncidentFacts, 'keys'>): string {
  const head = ['principal', 'fingerprint', 'in_effect_from', 'until', 'last_shown_to_open']
  const rows = keys.map((key) => [
    ...[key.principal, key.fingerprint, key.from, key.until ?? '', key.checkedAt ?? ''],
    String(key.index),
  ])
  return [[...head, 'ledger_entry'], ...rows].map(csvRecord).join('')
}

/** The facts in short. The ledger holds the digest of its canonical JSON. */
export function summaryOf(facts: IncidentFacts): Readonly<Record<string, Json>> {
  const { readers, scope, size, lines, keys } = facts
  const individuals = individualsOf(facts)
  const countOf = (possibility: Possibility) =>
    individuals.filter((one) => one.possibility === possibility).length
  return {
    ...{ from: day(scope.from), until: day(scope.until), ledgerSize: size },
    readers: readers.map((id) => ({
      ...{ id, transfers: { ...countLines(facts, id) } },
      keys: keys
        .filter(({ principal }) => principal === id)
        .map(({ fingerprint, from, until }) => ({ fingerprint, from, until: until ?? null })),
    })),
    individuals: {
      ...{ total: individuals.length, viewed: countOf('viewed'), fetched: countOf('fetched') },
      ...{ listed: countOf('listed'), openable: countOf('openable') },
    },
    viewed: lines
      .filter(({ possibility }) => possibility === 'viewed')
      .map(({ reader, facility, transfer, viewed }) => ({
        ...{ reader, facility, case: transfer.code ?? null, transfer: transfer.transfer },
        ...{ at: viewed?.at ?? null, entry: viewed?.index ?? null },
      })),
  }
}

/** 164.404(c)(1): what a notice must contain. The facility fills in what only it knows. */
export const individualNotice = (discovered: string): string =>
  [
    '[Facility, postal address, date]',
    '',
    "[Name and address of the individual, from the list made on the facility's machine]",
    '',
    'Notice of an incident that concerns your health information',
    '',
    `What happened: [describe in plain language]. It happened on [date], and was discovered on ${discovered}.`,
    'What information was involved: [kinds of information, such as images, name, date of birth, diagnosis].',
    'What you can do to protect yourself: [steps].',
    'What we are doing: [investigation, mitigation, protection against further incidents].',
    'How to reach us: [toll-free telephone number, e-mail address, web site or postal address].',
    '',
    'Send it by first-class mail, or by e-mail if the individual has agreed to that (164.404(d)(1)).',
    'Without a current address for ten or more individuals: a notice on the web site for 90 days or in the media, with a',
    'toll-free number (164.404(d)(2)(ii)).',
    '',
  ].join('\r\n')

/** 164.410(c): what a business associate tells the covered entity. */
export const entityNotice = (gateway: string, discovered: string): string =>
  [
    '[Facility, contact from the register of organisations]',
    '',
    `Notification of an incident under 45 CFR 164.410, from the operator of ${gateway}`,
    '',
    `Discovered on: ${discovered}`,
    'Individuals concerned: individuals.csv, one keyed handle for each with the transfers that are about them. Your own',
    'machine puts the names to the transfers: nocturne crosswalk export.',
    'What is known and what was only possible: incident.pdf and transfers.csv. Further information follows as it becomes',
    'available (164.410(c)(2)).',
    '',
  ].join('\r\n')
