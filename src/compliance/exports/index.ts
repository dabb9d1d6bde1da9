/** An assessment for people: tagged PDF, a workbook in the columns of the audit protocol, CSV. */
export { assessmentPdf } from './pdf.js'
export type { PdfContext } from './pdf.js'
export { assessmentCsv } from './rows.js'
export { assessmentWorkbook } from './workbook.js'
