import type { FinishedReport } from './finished.js'
import { agreementLine, authorLine, nameOf, sectionsOf, statusTitle } from './finished.js'

/** The report as plain text in UTF-8, headed by the patient and the study. */
export function toText(report: FinishedReport): string {
  const { identity, document } = report
  const agreement = agreementLine(report)
  return [
    statusTitle(report),
    '',
    ...factsOf(report).map(([name, value]) => `${name}: ${value}`),
    '',
    ...(agreement === undefined ? [] : [agreement, '']),
    ...sectionsOf(report).flatMap(({ title, text }) => [title, text, '']),
    authorLine(report),
    `Case ${document.code}, report ${report.id}${identity.issuer ? `, issuer ${identity.issuer}` : ''}`,
    '',
  ].join('\n')
}

/** The facts at the head of a printed report. */
export function factsOf({
  identity,
  facility,
}: FinishedReport): readonly (readonly [string, string])[] {
  const facts: readonly (readonly [string, string])[] = [
    ['Patient', nameOf(identity.patientName)],
    ['Patient ID', identity.patientId],
    ['Birth date', dashed(identity.birthDate)],
    ['Sex', identity.sex],
    ['Accession number', identity.accession],
    ['Study', identity.description],
    ['Study date', dashed(identity.studyDate)],
    ['Referring physician', nameOf(identity.referringPhysician)],
    ['Facility', facility],
  ]
  return facts.filter(([, value]) => value !== '')
}

const dashed = (date: string): string => date.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3')
