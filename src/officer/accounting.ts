/** Accounting of disclosures, 45 CFR 164.528. */
import { csvRecord } from '../lib/csv.js'
import { inSlices } from '../lib/pace.js'
import type { Evidence, Fetched, ItemEvidence, TransferEvidence } from './evidence.js'
import { pdfOf } from '../lib/pdf/document.js'
import { drawOrigin, instant, mapped, organisationOf, periodOf, plural, short } from './report.js'
import type { ReportContext } from './report.js'

/** What was disclosed about one patient, in one transfer, to one reader. */
interface Disclosure {
  readonly patient: string | undefined
  readonly transfer: TransferEvidence
  readonly reader: string
  readonly items: readonly ItemEvidence[]
  readonly first: Fetched
  readonly last: string
  /** 164.528(b)(3): number of disclosures, of the item disclosed most often. */
  readonly times: number
  readonly addresses: readonly string[]
}

/** Nocturne transfers studies to their readers; there is no other purpose. */
const PURPOSE = 'Treatment: remote reading of an imaging study'
const EXEMPTION = 'Treatment: exempt from the accounting, 164.528(a)(1)(i)'

/** One line per disclosure, as they are read. */
export async function* accountingCsv(
  evidence: Evidence,
  context: Pick<ReportContext, 'organisations'>,
): AsyncGenerator<string> {
  yield csvRecord([
    ...['date', 'last_date', 'times', 'recipient', 'recipient_group', 'recipient_addresses'],
    ...['recipient_organisation', 'recipient_postal_address'],
    ...['description', 'purpose', 'exemption', 'facility', 'patient', 'transfer', 'items'],
    ...['acknowledged_at', 'ledger_entry'],
  ])
  for await (const one of inSlices(await disclosuresOf(evidence))) {
    const organisation = organisationOf(context, one.reader, one.transfer.group)
    yield csvRecord([
      ...[one.first.first, one.last, String(one.times), one.reader, one.transfer.group],
      ...[one.addresses.join(' '), organisation?.name ?? '', organisation?.address ?? ''],
      ...[descriptionOf(one), PURPOSE, EXEMPTION, evidence.scope.facility],
      ...[one.patient ?? '', one.transfer.transfer, one.items.map(({ item }) => item).join(' ')],
      ...[acknowledgedAt(one), String(one.first.index)],
    ])
  }
}

export const countDisclosures = async (evidence: Evidence): Promise<number> =>
  (await disclosuresOf(evidence)).length

export async function* accountingPdf(
  evidence: Evidence,
  context: ReportContext,
): AsyncGenerator<Uint8Array> {
  const { scope } = evidence
  const disclosures = await disclosuresOf(evidence)
  const patients = new Set(disclosures.map(({ patient }) => patient))
  const subtitle = `${scope.facility}, ${periodOf(evidence)}`
  const foot = `Accounting of disclosures, ${subtitle} - ${context.gateway}, ledger entry ${context.event}`
  yield* pdfOf('Accounting of disclosures', subtitle, foot, (page) => {
    page.facts([
      ['Facility', scope.facility],
      ['Period', periodOf(evidence)],
      ['Patient', scope.patients === undefined ? 'all' : scope.patients.join('\n') || 'none known'],
      [
        'Disclosures',
        `${plural(disclosures.length, 'line')}, of ${plural(patients.size, 'patient')}`,
      ],
    ])
    page.heading('How to read it')
    page.bullets([
      "A disclosure is listed when the gateway began to send sealed data that the recipient's key opens. Data that was sealed to somebody but never fetched was not disclosed and is not listed.",
      'Everything that passes through Nocturne is sent to be read, which is treatment. Disclosures for treatment, payment and health care operations are exempt from the accounting (164.528(a)(1)(i)). They are listed nevertheless and marked as exempt; the facility decides whether another purpose applies to a disclosure.',
      'Several disclosures of one transfer to one recipient share a line, with the first date, the last date and their number (164.528(b)(3)).',
      'Patients are shown as keyed handles: to find the handle of a patient, an officer runs "nocturne audit patient". Recipients are shown by their names at the gateway, with the organisation and address that the register gives for them or for their group.',
      'A document (a requisition, a worksheet, a prior report) names no patient: it is listed under the patient of the instances that it was sent with, or of its case. If these belong to several patients, it is listed for each of them as a document that may be about another.',
      ...issuerNotes(disclosures, context),
    ])
    page.heading('Disclosures')
    page.table(
      [
        { title: 'Date (UTC)', share: 0.12 },
        { title: 'Recipient', share: 0.15 },
        { title: 'What was disclosed', share: 0.22 },
        { title: 'Purpose', share: 0.18 },
        { title: 'Patient', share: 0.13, isCode: true },
        { title: 'Transfer', share: 0.13, isCode: true },
        { title: 'Entry', share: 0.07 },
      ],
      mapped(disclosures, (one) => [
        one.times > 1
          ? `${instant(one.first.first)}\n${one.times} times, last ${instant(one.last)}`
          : instant(one.first.first),
        recipientOf(one, context),
        descriptionOf(one),
        `${PURPOSE}\nExempt: 164.528(a)(1)(i)`,
        one.patient === undefined ? 'no patient named' : short(one.patient),
        one.transfer.transfer,
        String(one.first.index),
      ]),
      noneFound(context),
    )
    drawOrigin(page, evidence, context)
  })
}

function noneFound({ elsewhere }: ReportContext): string {
  if (!elsewhere) return 'There are no disclosures in this period.'
  return `There are no disclosures in this period for this Patient ID under this issuer. ${elsewhereText(elsewhere)}`
}

const elsewhereText = ({ patients, disclosures }: NonNullable<ReportContext['elsewhere']>) =>
  `The same Patient ID occurs under ${plural(patients, 'other issuer')}, with ${plural(disclosures, 'disclosure')} in this period, not listed here. Ask without an issuer to list them.`

/** The same ID under two issuers may belong to two people. */
function issuerNotes(
  disclosures: readonly Disclosure[],
  { elsewhere, isByPatientId }: ReportContext,
): readonly string[] {
  const handles = new Set(disclosures.map(({ patient }) => patient))
  return [
    ...(elsewhere ? [elsewhereText(elsewhere)] : []),
    ...(isByPatientId && handles.size > 1
      ? [
          'Several keyed handles are listed because the Patient ID was used under several issuers or in several transfers. The same ID under two issuers may belong to two people: compare the handles.',
        ]
      : []),
  ]
}

/** 164.528(b)(2)(ii): the recipient's name and, if known, address. */
function recipientOf({ reader, transfer, addresses }: Disclosure, context: ReportContext): string {
  const organisation = organisationOf(context, reader, transfer.group)
  return [
    `${reader}, group ${transfer.group}`,
    ...(organisation
      ? [organisation.name, organisation.address]
      : ['no organisation in the register']),
    addresses.join(', '),
  ].join('\n')
}

async function disclosuresOf({ transfers, scope }: Evidence): Promise<readonly Disclosure[]> {
  const found: Disclosure[] = []
  for await (const transfer of inSlices(transfers))
    for (const one of await disclosuresIn(transfer, scope.patients)) found.push(one)
  return found.sort((a, b) => a.first.index - b.first.index)
}

async function disclosuresIn(
  transfer: TransferEvidence,
  wanted: readonly string[] | undefined,
): Promise<readonly Disclosure[]> {
  const groups = new Map<
    string,
    { patient: string | undefined; reader: string; items: ItemEvidence[]; fetched: Fetched[] }
  >()
  for await (const item of inSlices(transfer.items))
    for (const patient of patientsOf(item, wanted))
      for (const fetched of item.fetched) {
        const key = `${patient ?? ''} ${fetched.reader}`
        const group = groups.get(key) ?? {
          ...{ patient, reader: fetched.reader, items: [], fetched: [] },
        }
        group.items.push(item)
        group.fetched.push(fetched)
        groups.set(key, group)
      }
  return [...groups.values()].flatMap(({ patient, reader, items, fetched }) => {
    const [first, ...rest] = fetched.toSorted((a, b) => a.index - b.index)
    if (!first) return []
    const all = [first, ...rest]
    const last = all.reduce((most, one) => (one.last > most ? one.last : most), first.last)
    const times = all.reduce((most, one) => Math.max(most, one.times), 0)
    const addresses = [...new Set(all.flatMap((one) => one.addresses))]
    return [{ patient, transfer, reader, items, first, last, times, addresses }]
  })
}

/** A document that may concern several patients is listed for each of them. */
function patientsOf(
  { patient, mayConcern }: ItemEvidence,
  wanted: readonly string[] | undefined,
): readonly (string | undefined)[] {
  const listed = mayConcern.filter((one) => !wanted || wanted.includes(one))
  return listed.length > 0 ? listed : [patient]
}

/** 164.528(b)(2)(iii): a brief description. */
function descriptionOf({ items, transfer }: Disclosure): string {
  const instances = items.filter(({ kind }) => kind === 'instance')
  const modalities = [...new Set(instances.map(({ modality }) => modality ?? 'unknown modality'))]
  const documents = items.length - instances.length
  const shared = items.filter(({ mayConcern }) => mayConcern.length > 0).length
  const atRisk = instances.filter(({ pixelsAtRisk }) => pixelsAtRisk).length
  return [
    instances.length > 0 &&
      `${plural(instances.length, 'DICOM instance')} (${modalities.join(', ')}), headers de-identified`,
    atRisk > 0 && `${atRisk} of them may show text in the image`,
    documents > 0 && `${plural(documents, 'document')} such as a requisition, not de-identified`,
    shared > 0 && `${shared} of them may be about another patient`,
    `priority ${transfer.priority}`,
  ]
    .filter((part) => part !== false)
    .join('; ')
}

const acknowledgedAt = ({ transfer, reader }: Disclosure): string =>
  transfer.openedBy.find(({ by }) => by === reader)?.at ?? ''
