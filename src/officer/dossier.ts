/** The facts of a suspected breach, 45 CFR 164.402 to 164.410. */
import { csvRecord } from '../lib/csv.js'
import type { Evidence, TransferEvidence } from './evidence.js'
import { EXPOSURES, placedOf, SHORT } from './exposure.js'
import type { Exposure, Placed } from './exposure.js'
import type { KeyPeriod } from './key-history.js'
import { drawNight } from './night.js'
import { pdfOf } from '../lib/pdf/document.js'
import type { Page } from '../lib/pdf/document.js'
import { drawOrigin, instant, listed, mapped, periodOf, plural, runsOf, short } from './report.js'
import type { ReportContext } from './report.js'
import { surveyOf } from './survey.js'
import type { Survey } from './survey.js'

/** One line per item and reader, as they are read. */
export async function* dossierCsv(evidence: Evidence): AsyncGenerator<string> {
  yield csvRecord([
    ...['patient', 'transfer', 'item', 'kind', 'modality', 'profile', 'pixels_at_risk', 'bytes'],
    ...[
      'ciphertext_sha256',
      'exposure',
      'available_at',
      'sealed_to',
      'could_open',
      'fetched_by',
      'times',
    ],
    ...['first_fetched', 'last_fetched', 'bytes_sent', 'keys', 'addresses', 'acknowledged_by'],
    ...['acknowledged_at', 'ledger_entry'],
  ])
  for await (const placed of placedOf(evidence))
    for (const line of linesOf(placed)) yield csvRecord(line)
}

function linesOf({
  transfer,
  item,
  patient,
  exposure,
  couldOpen,
}: Placed): readonly (readonly string[])[] {
  const about = [
    ...[patient ?? '', transfer.transfer, String(item.item), item.kind, item.modality ?? ''],
    ...[item.profile ?? '', String(item.pixelsAtRisk), String(item.size), item.ciphertext ?? ''],
    ...[EXPOSURES[exposure], transfer.availableAt ?? '', transfer.sealedTo.join(' ')],
    couldOpen.join(' '),
  ]
  const { acknowledged } = transfer
  const nobody = Array<string>(7).fill('')
  if (item.fetched.length === 0)
    return [[...about, ...nobody, acknowledged?.by ?? '', acknowledged?.at ?? '', '']]
  return item.fetched.map((one) => {
    const opened = transfer.openedBy.find(({ by }) => by === one.reader)
    return [
      ...about,
      ...[one.reader, String(one.times), one.first, one.last, String(one.bytes)],
      ...[one.fingerprints.join(' '), one.addresses.join(' ')],
      ...[opened?.by ?? '', opened?.at ?? '', String(one.index)],
    ]
  })
}

export function keysCsv({ keys }: Evidence): string {
  const head = [
    'principal',
    'fingerprint',
    'in_effect_from',
    'until',
    'last_shown_to_open',
    'ledger_entry',
  ]
  const rows = keys.map((key) => [
    ...[key.principal, key.fingerprint, key.from, key.until ?? ''],
    ...[key.checkedAt ?? '', String(key.index)],
  ])
  return [head, ...rows].map(csvRecord).join('')
}

export async function* dossierPdf(
  evidence: Evidence,
  context: ReportContext,
): AsyncGenerator<Uint8Array> {
  const survey = await surveyOf(evidence)
  const subtitle = `${evidence.scope.facility}, ${periodOf(evidence)}`
  const foot = `Breach dossier, ${subtitle} - ${context.gateway}, ledger entry ${context.event}`
  yield* pdfOf('Breach dossier: facts from the log', subtitle, foot, (page) => {
    drawFacts(page, evidence, survey)
    drawIndividuals(page, survey)
    drawTransfers(page, evidence)
    drawOpenable(page, evidence, survey)
    drawNight(page, evidence)
    drawKeys(page, evidence)
    drawNotes(page)
    drawOrigin(page, evidence, context)
  })
}

function drawFacts(page: Page, evidence: Evidence, survey: Survey): void {
  const { scope } = evidence
  const shown: readonly Exposure[] =
    scope.reader === undefined ? ['opened', 'fetched', 'sealed'] : ['opened', 'fetched', 'openable']
  page.facts([
    ['Facility', scope.facility],
    ['Period', periodOf(evidence)],
    ...(scope.reader === undefined
      ? []
      : [['Reader', `${scope.reader}: what this reader fetched, or had a key for`] as const]),
    ...(scope.transfer === undefined ? [] : [['Transfer', scope.transfer] as const]),
    ['Individuals', `${survey.individuals.length}, as keyed handles`],
    ['Transfers', String(evidence.transfers.length)],
    [
      'Items',
      `${survey.items}: ${shown.map((one) => `${survey.exposures[one]} ${SHORT[one]}`).join(', ')}`,
    ],
    [
      'Refused in the period',
      `${evidence.refusals} requests and sign-ins, at the gateway as a whole`,
    ],
  ])
  page.heading('The four factors of 164.402(2)')
  page.facts(factorsOf(survey))
}

function drawIndividuals(page: Page, { individuals }: Survey): void {
  page.heading('Individuals (164.410(c)(1))')
  page.table(
    [
      { title: 'Patient (keyed handle)', share: 0.41, isCode: true },
      { title: 'Items', share: 0.07 },
      { title: 'Kinds of information', share: 0.25 },
      { title: 'Exposure', share: 0.27 },
    ],
    mapped(individuals, ({ patient, items, kinds, exposure }) => [
      ...[patient, String(items), kindsOf(kinds), EXPOSURES[exposure]],
    ]),
    'No item in this scope is attributed to a patient.',
  )
}

function drawTransfers(page: Page, { transfers }: Evidence): void {
  page.heading('Transfers, and who fetched them')
  page.table(
    [
      { title: 'Transfer', share: 0.2, isCode: true },
      { title: 'Available (UTC)', share: 0.12 },
      { title: 'Items', share: 0.06 },
      { title: 'Fetched by', share: 0.28 },
      { title: 'With the key', share: 0.18, isCode: true },
      { title: 'Opened: signed statement', share: 0.16 },
    ],
    mapped(transfers, transferCells),
  )
}

/**
 * Not fetched is not the same as not readable: the store holds the ciphertext, and a key opens it.
 */
function drawOpenable(page: Page, evidence: Evidence, { unfetched }: Survey): void {
  const { reader } = evidence.scope
  page.heading('Sealed to a key, but not fetched: could have been opened')
  if (unfetched.length === 0) page.paragraph('Every item in this scope was fetched.')
  else
    page.table(
      [
        { title: 'Transfer', share: 0.26, isCode: true },
        { title: 'Items not fetched', share: 0.24 },
        { title: 'Patients (keyed handles)', share: 0.2, isCode: true },
        { title: 'Holders of a key for it', share: 0.3 },
      ],
      mapped(unfetched, ({ transfer, items, patients, couldOpen }) => [
        transfer.transfer,
        listed(runsOf(items), ', '),
        listed([...patients].map(short), '\n'),
        couldOpen.map((one) => (/^[0-9a-f]{40,}$/.test(one) ? short(one) : one)).join(', '),
      ]),
    )
  if (reader !== undefined)
    page.paragraph(
      `Outside this period, ${plural(evidence.sealedOutside, 'further transfer')} of the facility ${evidence.sealedOutside === 1 ? 'is' : 'are'} sealed to a key of ${reader}: whoever has that key and the sealed data can open ${evidence.sealedOutside === 1 ? 'it' : 'them'} too. Extend the period to list ${evidence.sealedOutside === 1 ? 'it' : 'them'}.`,
    )
}

function drawKeys(page: Page, { keys }: Evidence): void {
  page.heading('Keys and when they were in effect')
  page.paragraph(
    'As recorded in the ledger. A key that was in effect when a transfer became available can open that transfer if it was sealed to the key, even after the key was replaced.',
  )
  page.table(
    [
      { title: 'Whose', share: 0.14 },
      { title: 'Fingerprint', share: 0.36, isCode: true },
      { title: 'From (UTC)', share: 0.14 },
      { title: 'Until (UTC)', share: 0.14 },
      { title: 'Last proved to work', share: 0.14 },
      { title: 'Entry', share: 0.08 },
    ],
    keys.map(keyCells),
  )
}

function drawNotes(page: Page): void {
  page.heading('Notes for the assessment')
  page.bullets([
    'This page does not say whether this is a breach: it contains facts for the assessment under 164.402(2), which the covered entity must make and keep (164.414(b), 164.530(j)).',
    'A business associate notifies the covered entity without unreasonable delay and within 60 days of discovery (164.410); individuals are notified within 60 days of discovery (164.404), and so are the media if more than 500 residents of a State are concerned (164.406); the Secretary is notified at the same time as the individuals if 500 or more are concerned, otherwise within 60 days of the end of the year (164.408).',
    'Sealed data counts as secured under the guidance on unsecured PHI (74 FR 19006) only if no key that opens it was breached with it. If a reader lost a device with such a key, use --reader: everything that was sealed to the key is listed, with what was fetched apart from what could have been opened.',
    'The headers of instances were de-identified before sealing. Documents were not; nor was text burned into pixels, unless the profile of the facility blanks it.',
  ])
}

const kindsOf = (kinds: ReadonlyMap<string, number>): string =>
  [...kinds].map(([kind, count]) => `${count} ${kind}`).join(', ')

function factorsOf(survey: Survey): readonly (readonly [string, string])[] {
  const { kinds, documents, atRisk, readers, items, fetched, exposures } = survey
  return [
    [
      '(i) nature and extent',
      `${kindsOf(kinds) || 'Nothing'}. Headers of instances were de-identified. Not de-identified: ${plural(documents, 'document')}. Images that may show text: ${plural(atRisk, 'instance')}.`,
    ],
    [
      '(ii) who received it',
      readers.size === 0 ? 'nobody, according to the log' : [...readers].join(', '),
    ],
    [
      '(iii) acquired or viewed',
      `${fetched} of ${items} items were sent, sealed; for ${exposures.opened} of them, the reader signed a statement of having opened them.`,
    ],
    ['(iv) mitigated', 'To be filled in: keys revoked, assurances given, devices recovered.'],
  ]
}

function transferCells(transfer: TransferEvidence): readonly string[] {
  const fetched = transfer.items.flatMap((item) => item.fetched)
  const readers = [...new Set(fetched.map(({ reader }) => reader))]
  const told = readers.map((reader) => {
    const his = fetched.filter((one) => one.reader === reader)
    const times = his.map(({ first }) => first).sort()
    return `${reader}: ${his.length} items from ${instant(times[0] ?? 0)}, ${[...new Set(his.flatMap(({ addresses }) => addresses))].join(', ')}`
  })
  const { openedBy, availableAt } = transfer
  return [
    transfer.transfer,
    availableAt === undefined ? 'not yet' : instant(availableAt),
    String(transfer.items.length),
    told.join('\n') || 'nobody',
    [...new Set(fetched.flatMap(({ fingerprints }) => fingerprints))].map(short).join('\n'),
    openedBy.map(({ by, at }) => `${by}, ${instant(at)}`).join('\n') || 'none',
  ]
}

const keyCells = (key: KeyPeriod): readonly string[] => [
  key.principal,
  key.fingerprint,
  instant(key.from),
  key.until === undefined ? 'in effect' : instant(key.until),
  key.checkedAt === undefined ? 'never' : instant(key.checkedAt),
  String(key.index),
]
