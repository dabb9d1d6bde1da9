import type { FinishedReport } from './finished.js'
import { agreementLine, authorLine, sectionsOf, statusTitle } from './finished.js'
import { factsOf } from './text.js'

const MARGIN = 54

/**
 * The report as PDF. Its fonts cover Latin-1: any other character is shown as a box, and the last
 * line says so, because a character that is missing without notice can change the meaning of a
 * sentence. The same report gives the same octets, so that a RIS or PACS that gets it twice sees
 * one.
 */
export async function toPdf(report: FinishedReport): Promise<Buffer> {
  const { default: Document } = await import('pdfkit')
  const doc = new Document({
    size: 'A4',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN },
    lang: 'en',
    info: {
      ...{ Title: statusTitle(report), Producer: 'Nocturne', Creator: 'Nocturne' },
      CreationDate: new Date(report.document.signedAt),
    },
  })
  const chunks: Buffer[] = []
  const whole = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (chunk: Buffer) => chunks.push(chunk))
    doc.on('end', () => resolve(Buffer.concat(chunks)))
    doc.on('error', reject)
  })
  const show = latin()
  const head = () => {
    doc.font('Helvetica-Bold').fontSize(15).text(statusTitle(report)).moveDown(0.6)
  }
  doc.on('pageAdded', head)
  head()
  doc.font('Helvetica').fontSize(10)
  for (const [name, value] of factsOf(report)) doc.text(`${name}: ${show.text(value)}`)
  const agreement = agreementLine(report)
  if (agreement !== undefined) doc.moveDown().font('Helvetica-Bold').text(agreement)
  for (const { title, text } of sectionsOf(report)) {
    doc.moveDown().font('Helvetica-Bold').fontSize(10.5).text(title)
    doc.font('Helvetica').fontSize(10.5).text(show.text(text))
  }
  doc
    .moveDown()
    .font('Helvetica')
    .fontSize(9)
    .text(show.text(authorLine(report)))
  doc.text(`Case ${report.document.code}, report ${report.id}`)
  if (show.isLossy())
    doc.text(
      'Characters that this page cannot show appear as boxes [#]: read the text or the structured report.',
    )
  doc.end()
  return whole
}

function latin(): { text(value: string): string; isLossy(): boolean } {
  let isLossy = false
  return {
    text: (value) =>
      value.replace(
        /[^\n\r\t\u0020-\u007e\u00a0-\u00ff\u2013\u2014\u2018\u2019\u201c\u201d\u2022\u20ac]/gu,
        () => {
          isLossy = true
          return '[#]'
        },
      ),
    isLossy: () => isLossy,
  }
}
