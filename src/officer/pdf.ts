/** Pages for people: headings, paragraphs and tables that go on over pages, by pdfkit. */
import type PDFDocument from 'pdfkit'

export interface Column {
  readonly title: string
  /** Share of the page's width; all columns together make 1. */
  readonly share: number
  readonly isCode?: boolean
}

export interface Page {
  heading(text: string): void
  paragraph(text: string): void
  bullets(texts: readonly string[]): void
  /** Names on the left, what they are on the right. */
  facts(facts: readonly (readonly [string, string])[]): void
  table(columns: readonly Column[], rows: Iterable<readonly string[]>): void
}

const MARGIN = 42
const FOOTER = 26
const INK = '#1b1f27'
const SOFT = '#5a6372'
const LINE = '#d5dae1'
const SHADE = '#eef1f5'
const ACCENT = '#2b4a8b'
const CELL = { x: 4, y: 3.5 }

/**
 * @param foot - stands at the foot of every page, beside its number.
 */
export async function* pdfOf(
  title: string,
  subtitle: string,
  foot: string,
  draw: (page: Page) => void,
): AsyncGenerator<Uint8Array> {
  // Loaded when somebody asks for a report: it is a tenth of what a gateway does before it is ready.
  const { default: Document } = await import('pdfkit')
  const doc = new Document({
    size: 'LETTER',
    layout: 'landscape',
    margins: { top: MARGIN, left: MARGIN, right: MARGIN, bottom: MARGIN + FOOTER },
    lang: 'en',
    displayTitle: true,
    info: { Title: title, Subject: subtitle, Producer: 'Nocturne', Creator: 'Nocturne' },
    autoFirstPage: false,
  })
  let number = 0
  doc.on('pageAdded', () => {
    number += 1
    drawFoot(doc, foot, number)
  })
  doc.addPage()
  doc.font('Helvetica-Bold').fontSize(8).fillColor(ACCENT)
  doc.text('NOCTURNE', { characterSpacing: 1.2 })
  doc.font('Helvetica-Bold').fontSize(19).fillColor(INK).text(plain(title))
  doc.font('Helvetica').fontSize(10.5).fillColor(SOFT).text(plain(subtitle))
  doc.moveDown(0.8)
  draw(pageOn(doc))
  doc.end()
  for await (const chunk of doc as AsyncIterable<Uint8Array>) yield chunk
}

type Doc = InstanceType<typeof PDFDocument>

function pageOn(doc: Doc): Page {
  const body = () => doc.font('Helvetica').fontSize(9.5).fillColor(INK)
  return {
    heading: (text) => {
      keep(doc, 70)
      doc.moveDown(0.7)
      doc.font('Helvetica-Bold').fontSize(12.5).fillColor(INK).text(plain(text), MARGIN)
      doc.moveDown(0.3)
    },
    paragraph: (text) => {
      body().text(plain(text), MARGIN, doc.y, { width: widthOf(doc), lineGap: 1.5 })
      doc.moveDown(0.5)
    },
    bullets: (texts) => {
      for (const text of texts) {
        const height = body().heightOfString(plain(text), { width: widthOf(doc) - 14 })
        keep(doc, height)
        const y = doc.y
        doc.text('\u2022', MARGIN + 2, y, { lineBreak: false })
        doc.text(plain(text), MARGIN + 14, y, { width: widthOf(doc) - 14, lineGap: 1.5 })
        doc.moveDown(0.25)
      }
      doc.moveDown(0.3)
    },
    facts: (facts) => {
      for (const [name, text] of facts) {
        const width = widthOf(doc) - 150
        keep(doc, body().heightOfString(plain(text), { width }))
        const y = doc.y
        doc.fillColor(SOFT).text(plain(name), MARGIN, y, { width: 140 })
        const after = doc.y
        doc.fillColor(INK).text(plain(text), MARGIN + 150, y, { width })
        doc.y = Math.max(after, doc.y) + 2
      }
      doc.moveDown(0.4)
    },
    table: (columns, rows) => {
      drawTable(doc, columns, rows)
    },
  }
}

function drawTable(doc: Doc, columns: readonly Column[], rows: Iterable<readonly string[]>): void {
  const width = widthOf(doc)
  const widths = columns.map(({ share }) => share * width)
  const font = (column: Column | undefined, isHead: boolean) =>
    doc
      .font(isHead ? 'Helvetica-Bold' : column?.isCode === true ? 'Courier' : 'Helvetica')
      .fontSize(isHead ? 7.8 : column?.isCode === true ? 7 : 7.8)
  const heightOf = (cells: readonly string[], isHead: boolean) =>
    Math.max(
      ...columns.map((column, i) =>
        font(column, isHead).heightOfString(plain(cells[i] ?? ''), {
          width: (widths[i] ?? 0) - 2 * CELL.x,
        }),
      ),
    ) +
    2 * CELL.y
  const drawRow = (cells: readonly string[], isHead: boolean, isShaded: boolean) => {
    const height = heightOf(cells, isHead)
    const top = doc.y
    if (isHead || isShaded) doc.rect(MARGIN, top, width, height).fill(isHead ? LINE : SHADE)
    let x = MARGIN
    for (const [i, column] of columns.entries()) {
      font(column, isHead).fillColor(INK)
      doc.text(plain(cells[i] ?? ''), x + CELL.x, top + CELL.y, {
        width: (widths[i] ?? 0) - 2 * CELL.x,
      })
      x += widths[i] ?? 0
    }
    doc.y = top + height
  }
  const titles = columns.map(({ title }) => title)
  keep(doc, 60)
  drawRow(titles, true, false)
  let count = 0
  for (const cells of rows) {
    if (doc.y + heightOf(cells, false) > bottomOf(doc)) {
      doc.addPage()
      drawRow(titles, true, false)
    }
    drawRow(cells, false, count % 2 === 1)
    count += 1
  }
  doc
    .moveTo(MARGIN, doc.y)
    .lineTo(MARGIN + width, doc.y)
    .lineWidth(0.5)
    .stroke(LINE)
  doc.x = MARGIN
  doc.moveDown(0.6)
}

function drawFoot(doc: Doc, foot: string, number: number): void {
  const { top, bottom } = doc.page.margins
  // Below the margin a text would begin another page.
  doc.page.margins.bottom = 0
  const y = doc.page.height - MARGIN
  doc.font('Helvetica').fontSize(7.5).fillColor(SOFT)
  doc.text(plain(foot), MARGIN, y, { width: widthOf(doc) - 60, lineBreak: false })
  doc.text(`Page ${number}`, MARGIN, y, { width: widthOf(doc), align: 'right', lineBreak: false })
  doc.page.margins.bottom = bottom
  doc.x = MARGIN
  doc.y = top
}

const widthOf = (doc: Doc): number => doc.page.width - 2 * MARGIN
const bottomOf = (doc: Doc): number => doc.page.height - MARGIN - FOOTER

/** Begins another page unless so much is left of this one. */
function keep(doc: Doc, height: number): void {
  if (doc.y + height > bottomOf(doc)) doc.addPage()
}

/** What the fonts that every viewer has can show; nothing that a ledger holds needs more. */
const plain = (text: string): string =>
  text.replace(/[^\n\u0020-\u007e\u00a0-\u00ff\u2013\u2014\u2019\u2022]/gu, '?')
