/**
 * The report as a FHIR R4 transaction Bundle: DiagnosticReport with its patient, order and
 * observations.
 */
import type { FinishedReport } from './finished.js'
import { agreementLine, nameOf, sectionsOf, statusTitle } from './finished.js'
import { toText } from './text.js'

const STATUS = { preliminary: 'preliminary', final: 'final', addendum: 'appended' } as const
const SEX: Readonly<Record<string, string>> = { M: 'male', F: 'female', O: 'other' }

/** JSON. Entries refer to each other by urn:uuid. */
export function toFhir(report: FinishedReport, pdf: Buffer | undefined): string {
  const { id } = report
  const [patient, study, result] = ['1', '2', '3'].map((n) => `urn:uuid:${idWith(id, n)}`)
  const entries = [
    [patient, patientOf(report)],
    [study, studyOf(report, patient)],
    [result, resultOf(report, { patient, study }, pdf)],
  ] as const
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: entries.map(([fullUrl, resource]) => ({
      fullUrl,
      resource,
      request: { method: 'POST', url: resource.resourceType },
    })),
  })
}

const studyOf = ({ identity }: FinishedReport, patient: string | undefined) => ({
  resourceType: 'ImagingStudy',
  status: 'available',
  subject: { reference: patient },
  identifier: [
    { system: 'urn:dicom:uid', value: `urn:oid:${identity.study}` },
    ...accessionOf(identity),
  ],
  ...(identity.description && { description: identity.description }),
})

function resultOf(
  report: FinishedReport,
  of: { readonly patient: string | undefined; readonly study: string | undefined },
  pdf: Buffer | undefined,
) {
  const { id, identity, document, facility, isPartial } = report
  const conclusion = document.sections.impression?.trim()
  return {
    resourceType: 'DiagnosticReport',
    identifier: [
      { system: 'urn:ietf:rfc:3986', value: `urn:uuid:${id}` },
      ...accessionOf(identity),
    ],
    status: isPartial === true && document.status === 'final' ? 'partial' : STATUS[document.status],
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0074', code: 'RAD' }] },
    ],
    code: {
      coding: [
        { system: 'http://loinc.org', code: '18748-4', display: 'Diagnostic imaging study' },
      ],
      text: statusTitle(report),
    },
    subject: { reference: of.patient },
    effectiveDateTime: effective(report),
    issued: document.signedAt,
    performer: [{ display: facility }],
    resultsInterpreter: [{ display: document.authorName ?? document.author }],
    imagingStudy: [{ reference: of.study }],
    ...(conclusion && {
      conclusion: [agreementLine(report), conclusion].filter(Boolean).join('\n'),
    }),
    presentedForm: [
      { contentType: 'text/plain', data: Buffer.from(toText(report)).toString('base64') },
      ...(pdf ? [{ contentType: 'application/pdf', data: pdf.toString('base64') }] : []),
    ],
    text: { status: 'generated', div: narrative(report) },
  }
}

function patientOf({ identity }: FinishedReport) {
  const [family = '', given = ''] = (identity.patientName.split('=')[0] ?? '').split('^')
  const birth = /^(\d{4})(\d\d)(\d\d)$/.exec(identity.birthDate)
  const sex = SEX[identity.sex]
  return {
    resourceType: 'Patient',
    identifier: [
      {
        ...(identity.issuer && { assigner: { display: identity.issuer } }),
        value: identity.patientId,
      },
    ],
    name: [
      {
        text: nameOf(identity.patientName),
        ...(family && { family }),
        ...(given && { given: [given] }),
      },
    ],
    ...(birth && { birthDate: birth.slice(1).join('-') }),
    ...(sex && { gender: sex }),
  }
}

/** The order to which the report belongs, if it is known. */
const accessionOf = ({ accession }: FinishedReport['identity']) =>
  accession === ''
    ? []
    : [
        {
          type: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'ACSN' }],
          },
          system: 'urn:nocturne:accession',
          value: accession,
        },
      ]

const effective = ({ identity, document }: FinishedReport): string =>
  identity.studyDate.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3') || document.signedAt

const narrative = (report: FinishedReport): string => {
  const parts = sectionsOf(report).map(
    ({ title, text }) => `<p><b>${escaped(title)}</b><br/>${escaped(text)}</p>`,
  )
  const body = [`<p>${escaped(statusTitle(report))}</p>`, ...parts].join('')
  return `<div xmlns="http://www.w3.org/1999/xhtml">${body}</div>`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
}
const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (one) => ENTITIES[one] ?? one).replace(/\n/g, '<br/>')

/** A distinct UUID for each entry, the same every time. */
const idWith = (id: string, digit: string): string => `${id.slice(0, -1)}${digit}`
