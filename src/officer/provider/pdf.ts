/** The audit of a reading group, printed. */
import { pdfOf } from '../../lib/pdf/document.js'
import type { Page } from '../../lib/pdf/document.js'
import { instant, short } from '../report.js'
import type { Step } from './activity.js'
import { listOf, textOf } from '../entries.js'
import type { ProviderFacts } from './collect.js'
import { lastDayOf } from './files.js'
import { pointsOf } from './points.js'

export interface ProviderContext {
  readonly gateway: string
  readonly ledgerKey: string
  /** Index of the event that records this audit. */
  readonly event: number
  readonly askedBy: string
}

export function providerPdf(
  facts: ProviderFacts,
  context: ProviderContext,
): AsyncIterable<Uint8Array> {
  const { group, from, until } = facts.scope
  const title = `Audit of reading group ${group}`
  const subtitle = `${context.gateway}, from ${instant(from)} up to, but not including, ${instant(until)}`
  const foot = `${title}, ${new Date(from).getUTCFullYear()} - ledger entry ${context.event}`
  return pdfOf(title, subtitle, foot, (page) => {
    drawPoints(page, facts)
    drawContract(page, facts)
    drawReaders(page, facts)
    drawActivity(page, facts)
    drawService(page, facts)
    drawSample(page, facts)
    drawOrigin(page, facts, context)
  })
}

function drawPoints(page: Page, facts: ProviderFacts): void {
  const { transfers, readers } = facts
  page.facts([
    ['Transfers', `${transfers.available} became available, ${transfers.fetched} were fetched`],
    ['Opened', `${transfers.acknowledged} by signed statement of a reader`],
    ['Broken off by a sender', String(transfers.abandoned)],
    ['Readers', readers.map(({ reader }) => reader).join(', ')],
  ])
  page.heading('What calls for attention')
  page.table(
    [
      { title: 'Rule or row', share: 0.18 },
      { title: 'Who', share: 0.22 },
      { title: 'What', share: 0.6 },
    ],
    pointsOf(facts).map(({ cite, subject, text }) => [cite, subject, text]),
    'Nothing was found that calls for attention.',
  )
}

function drawContract(page: Page, { agreements }: ProviderFacts): void {
  page.heading('Agreements')
  page.table(
    [
      { title: 'Type', share: 0.12 },
      { title: 'Signed', share: 0.14 },
      { title: 'Review by', share: 0.14 },
      { title: 'In force until', share: 0.18 },
      { title: 'SHA-256 of the document', share: 0.42, isCode: true },
    ],
    agreements.map((one) => [
      ...[textOf(one, 'type'), textOf(one, 'signed'), textOf(one, 'review')],
      ...[until(one), textOf(one, 'document')],
    ]),
    'The register contains no agreement with this group in this year.',
  )
}

const until = ({ until: last, endedAt }: ProviderFacts['agreements'][number]): string =>
  endedAt === undefined
    ? (last ?? 'no end')
    : `ended on ${new Date(endedAt).toISOString().slice(0, 10)}`

function drawReaders(page: Page, { readers }: ProviderFacts): void {
  page.heading('Readers: privileges, training, devices')
  page.table(
    [
      { title: 'Reader', share: 0.16 },
      { title: 'In the group today', share: 0.12 },
      { title: 'Privileges (facility: modalities, until)', share: 0.4 },
      { title: 'Training valid until', share: 0.14 },
      { title: 'Devices', share: 0.18 },
    ],
    readers.map((one) => [
      ...[one.reader, one.isMember ? 'yes' : 'no'],
      one.privileges
        .map(
          (entry) =>
            `${textOf(entry, 'facility')}: ${listOf(entry, 'modalities').join(' ')} ${textOf(entry, 'reads')}, ${entry.until ?? 'no end'}`,
        )
        .join('\n') || 'none',
      lastDayOf(one.training) || 'none',
      one.devices.map((d) => `${textOf(d, 'type')}: ${textOf(d, 'state')}`).join('\n') || 'none',
    ]),
  )
  page.heading('Keys')
  page.table(
    [
      { title: 'Reader', share: 0.16 },
      { title: 'Fingerprint', share: 0.36, isCode: true },
      { title: 'In effect from', share: 0.16 },
      { title: 'Until', share: 0.16 },
      { title: 'Last shown to open', share: 0.16 },
    ],
    readers.flatMap(({ reader, keys }) =>
      keys.map((key) => [
        ...[reader, key.fingerprint, instant(key.from)],
        key.until === undefined ? 'in effect' : instant(key.until),
        key.checkedAt === undefined ? 'never' : instant(key.checkedAt),
      ]),
    ),
    'No key of these readers was in effect.',
  )
}

const COUNTED = [
  ['Sign-ins', 'signIns'],
  ['Failed', 'failedSignIns'],
  ['Refused', 'refused'],
  ['Claims', 'claims'],
  ['Downloads', 'downloads'],
  ['Off duty', 'offDuty'],
  ['No claim', 'unclaimed'],
  ['Broken off', 'incomplete'],
  ['Opened', 'acknowledged'],
  ['Reports', 'reports'],
] as const

function drawActivity(page: Page, { readers }: ProviderFacts): void {
  page.heading('Activity')
  page.table(
    [{ title: 'Reader', share: 0.2 }, ...COUNTED.map(([title]) => ({ title, share: 0.08 }))],
    readers.map(({ reader, activity }) => [
      reader,
      ...COUNTED.map(([, name]) => String(activity[name])),
    ]),
  )
}

function drawService(page: Page, facts: ProviderFacts): void {
  const { critical, clockMissed, turnaround } = facts
  page.heading('Turnaround and critical results')
  page.facts([
    ['Critical results', `${critical.raised} raised, ${critical.readBack} read back`],
    ['Not read back in time', String(critical.missed)],
    ['Targets missed', String(clockMissed)],
  ])
  page.table(
    [
      { title: 'Facility', share: 0.24 },
      { title: 'Priority', share: 0.14 },
      { title: 'Step', share: 0.16 },
      { title: 'Cases', share: 0.1 },
      { title: 'Median (s)', share: 0.12 },
      { title: '90 % within (s)', share: 0.12 },
      { title: 'Missed', share: 0.12 },
    ],
    turnaround.map((one) => [
      ...[one.facility, one.priority, one.kind, String(one.cases)],
      ...[String(one.medianSeconds ?? ''), String(one.p90Seconds ?? ''), String(one.missed)],
    ]),
    'No case of the group became available in this period.',
  )
}

function drawSample(page: Page, { sample, size }: ProviderFacts): void {
  const cell = (step: Step | undefined) =>
    step === undefined ? 'not recorded' : `${instant(step.at)}\nentry ${step.index}, ${step.by}`
  page.heading('Sample')
  page.paragraph(
    `Of all transfers of the group in this period, those for which the SHA-256 of the root of the checkpoint below, a space and the transfer's ID is smallest. Nobody could choose them in advance, and anybody can draw them again from the log of ${size} entries. "nocturne audit proof NUMBER" prints the signed proof of one entry; verify.html in the pack checks all of them without a network.`,
  )
  page.table(
    [
      { title: 'Transfer', share: 0.16, isCode: true },
      { title: 'Available', share: 0.21 },
      { title: 'Claimed', share: 0.21 },
      { title: 'Fetched', share: 0.21 },
      { title: 'Opened', share: 0.21 },
    ],
    sample.map((path) => [
      ...[short(path.transfer), cell(path.available), cell(path.claimed)],
      ...[cell(path.fetched), cell(path.acknowledged)],
    ]),
    'There was nothing to sample.',
  )
}

function drawOrigin(page: Page, facts: ProviderFacts, context: ProviderContext): void {
  page.heading('Source')
  page.facts([
    ['Made for', `${context.askedBy}; this audit is entry ${context.event} of the log`],
    ['Key of the log', context.ledgerKey],
    ['Checkpoint', facts.checkpoint.trim().split('\n').slice(1, 3).join('  ')],
  ])
  page.paragraph(
    "This page is not signed. It reports what the log and the registers contain; times are by the gateway's clock. A download counts as unclaimed when the reader was not the last to claim the case. Sign-ins and refusals name no group: those of its readers count.",
  )
}
