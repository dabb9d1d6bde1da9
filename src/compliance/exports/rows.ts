/**
 * Arranges an assessment in the columns of the OCR audit protocol, followed by the site's answers.
 */
import { csvRecord } from '../../lib/csv.js'
import { catalogueOf } from '../catalogue.js'
import type { Assessment, Finding } from '../run.js'

/** The protocol's own columns come first, under their original names. */
export const COLUMNS = [
  'Audit Type',
  'Section',
  'Key Activity',
  'Established Performance Criteria',
  'Audit Inquiry',
  'Required/Addressable',
  'Row',
  'State',
  'What was found',
  'Checks',
  'Policies in force',
  'Statement',
  'Stated by',
  'Evidence (SHA-256)',
  'Ledger entries',
  'Next steps',
  'Actions',
] as const

/** The display name of each state. */
export const STATE_WORDS: Readonly<Record<Finding['state'], string>> = {
  met: 'met',
  stated: 'met by statement',
  gap: 'gap',
  unknown: 'could not be checked',
  open: 'not yet stated',
  'not-applicable': 'not applicable',
  alternative: 'met in another way',
  context: 'general',
}

export function rowsOf(assessment: Assessment): readonly (readonly string[])[] {
  const rows = new Map(catalogueOf(assessment.profile).map((row) => [row.id, row]))
  return assessment.findings.map((finding) => {
    const row = rows.get(finding.row)
    const seen = assessment.observations.filter(({ check }) => finding.checks.includes(check))
    const actions = assessment.actions.filter(({ id }) => finding.actions.includes(id))
    const { statement } = finding
    return [
      `${finding.audit.charAt(0).toUpperCase()}${finding.audit.slice(1)}`,
      finding.section,
      finding.keyActivity,
      row?.criteria ?? '',
      row?.inquiry ?? '',
      finding.ra,
      finding.row,
      STATE_WORDS[finding.state],
      finding.reason,
      seen.map(({ check, verdict }) => `${check}: ${verdict}`).join('\n'),
      finding.policies.join(', '),
      statement ? `${statement.says}: ${statement.text}` : '',
      statement ? `${statement.by}, until ${statement.until}` : '',
      seen.map(({ evidence }) => evidence.sha256).join('\n'),
      [...new Set(seen.flatMap(({ evidence }) => evidence.entries))].join(' '),
      finding.next.join('\n'),
      actions
        .map(({ text, owner, due, doneAt }) =>
          doneAt === undefined ? `${text} (${owner}, due ${due})` : `${text} (${owner}, done)`,
        )
        .join('\n'),
    ]
  })
}

export const assessmentCsv = (assessment: Assessment): string =>
  [COLUMNS, ...rowsOf(assessment)].map((row) => csvRecord([...row])).join('')
