/**
 * Exports an assessment for people: a tagged PDF, a workbook in the columns of the audit protocol,
 * and CSV.
 */
export { assessmentPdf } from './pdf.js'
export type { PdfContext } from './pdf.js'
export { assessmentCsv } from './rows.js'
export { assessmentWorkbook } from './workbook.js'
