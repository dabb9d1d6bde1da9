/** Renders an assessment as a workbook with sheets for rows, evidence and actions. */
import type { ZipMember } from '../../lib/zip.js'
import type { Assessment } from '../run.js'
import { COLUMNS, rowsOf } from './rows.js'
import { workbook } from './xlsx.js'

const WIDTHS = [10, 18, 28, 50, 50, 10, 8, 16, 50, 34, 20, 40, 22, 40, 16, 50, 40]

export const assessmentWorkbook = (assessment: Assessment): readonly ZipMember[] =>
  workbook([
    { name: 'Protocol', widths: WIDTHS, header: COLUMNS, rows: rowsOf(assessment) },
    {
      name: 'Evidence',
      widths: [26, 16, 16, 60, 66, 22, 22, 20, 60],
      header: [
        ...['Check', 'Source', 'Verdict', 'What was found', 'SHA-256 of the facts'],
        ...['Collected', 'Expires', 'Ledger entries', 'Next step'],
      ],
      rows: assessment.observations.map(({ check, source, verdict, says, next, evidence }) => [
        ...[check, source, verdict, says, evidence.sha256, evidence.collected, evidence.expires],
        ...[evidence.entries.join(' '), next ?? ''],
      ]),
    },
    {
      name: 'Actions',
      widths: [38, 8, 20, 14, 60, 14, 60],
      header: ['Action', 'Row', 'Owner', 'Due', 'What', 'Done', 'Evidence'],
      rows: assessment.actions.map(({ id, row, owner, due, text, doneAt, evidence }) => [
        ...[id, row, owner, due, text],
        doneAt === undefined ? '' : new Date(doneAt).toISOString().slice(0, 10),
        evidence ?? '',
      ]),
    },
  ])
