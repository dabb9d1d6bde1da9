/**
 * Printable reports made with pdfkit: headings, paragraphs and tables that continue across pages.
 * Tagged (ISO 32000 14.8), so that a screen reader announces headings, lists and tables as such and
 * in order; decoration is marked as an artifact.
 */
import type PDFDocument from 'pdfkit'
import { breathe } from './pace.js'

export interface Column {
  readonly title: string
  /** Share of the page width; the columns add up to 1. */
  readonly share: number
  readonly isCode?: boolean
}

export interface Page {
  heading(text: string): void
  paragraph(text: string): void
  bullets(texts: readonly string[]): void
  /** Names on the left, values on the right. */
  facts(facts: readonly (readonly [string, string])[]): void
  /** @param ifEmpty the sentence that replaces a table without rows */
  table(columns: readonly Column[], rows: readonly (readonly string[])[], ifEmpty?: string): void
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
 * @param foot - printed at the foot of every page, next to the page number.
 */
export async function* pdfOf(
  title: string,
  subtitle: string,
  foot: string,
  draw: (page: Page) => void,
): AsyncGenerator<Uint8Array> {
  // Loaded when a report is requested: it would take a tenth of a gateway's start-up time.
  const { default: Document } = await import('pdfkit')
  const doc = new Document({
    pdfVersion: '1.7',
    tagged: true,
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
  const root = doc.struct('Document', { title })
  doc.addStructure(root)
  root.add(
    doc.struct('P', {}, () => {
      doc.font('Helvetica-Bold').fontSize(8).fillColor(ACCENT)
      doc.text('NOCTURNE', { characterSpacing: 1.2 })
    }),
  )
  root.add(
    doc.struct('H1', {}, () => {
      doc.font('Helvetica-Bold').fontSize(19).fillColor(INK).text(plain(title))
    }),
  )
  root.add(
    doc.struct('P', {}, () => {
      doc.font('Helvetica').fontSize(10.5).fillColor(SOFT).text(plain(subtitle))
    }),
  )
  doc.moveDown(0.8)
  const steps: Step[] = []
  draw(pageOn(doc, root, steps))
  for (const step of steps) {
    step()
    await breathe()
  }
  root.end()
  doc.end()
  for await (const chunk of doc as AsyncIterable<Uint8Array>) yield chunk
}

type Doc = InstanceType<typeof PDFDocument>

type Element = ReturnType<Doc['struct']>

/** One piece of drawing, such as a row of a table: thousands of them must not be one turn. */
type Step = () => void

/** Notes what is to be drawn as steps. */
function pageOn(doc: Doc, root: Element, steps: Step[]): Page {
  const drawing = drawingOn(doc, root)
  return {
    heading: (text) => void steps.push(() => drawing.heading(text)),
    paragraph: (text) => void steps.push(() => drawing.paragraph(text)),
    bullets: (texts) => void steps.push(() => drawing.bullets(texts)),
    facts: (facts) => void steps.push(() => drawing.facts(facts)),
    table: (columns, rows, ifEmpty) => {
      if (rows.length === 0 && ifEmpty !== undefined) steps.push(() => drawing.paragraph(ifEmpty))
      else steps.push(...tableSteps(doc, root, columns, rows))
    },
  }
}

function drawingOn(doc: Doc, root: Element): Omit<Page, 'table'> {
  const body = () => doc.font('Helvetica').fontSize(9.5).fillColor(INK)
  const tag = (parent: Element, type: string, draw: () => void) =>
    parent.add(doc.struct(type, {}, draw))
  return {
    heading: (text) => {
      keep(doc, 70)
      doc.moveDown(0.7)
      tag(root, 'H2', () => {
        doc.font('Helvetica-Bold').fontSize(12.5).fillColor(INK).text(plain(text), MARGIN)
      })
      doc.moveDown(0.3)
    },
    paragraph: (text) => {
      tag(root, 'P', () => {
        body().text(plain(text), MARGIN, doc.y, { width: widthOf(doc), lineGap: 1.5 })
      })
      doc.moveDown(0.5)
    },
    bullets: (texts) => {
      const list = opened(doc, root, 'L')
      for (const text of texts) {
        const height = body().heightOfString(plain(text), { width: widthOf(doc) - 14 })
        keep(doc, height)
        const y = doc.y
        const item = opened(doc, list, 'LI')
        tag(item, 'Lbl', () => body().text('\u2022', MARGIN + 2, y, { lineBreak: false }))
        tag(item, 'LBody', () =>
          body().text(plain(text), MARGIN + 14, y, { width: widthOf(doc) - 14, lineGap: 1.5 }),
        )
        item.end()
        doc.moveDown(0.25)
      }
      list.end()
      doc.moveDown(0.3)
    },
    facts: (facts) => {
      for (const [name, text] of facts) {
        const width = widthOf(doc) - 150
        keep(doc, body().heightOfString(plain(text), { width }))
        const y = doc.y
        const line = opened(doc, root, 'P')
        let after = y
        tag(line, 'Span', () => {
          body().fillColor(SOFT).text(plain(name), MARGIN, y, { width: 140 })
          after = doc.y
        })
        tag(line, 'Span', () => body().text(plain(text), MARGIN + 150, y, { width }))
        line.end()
        doc.y = Math.max(after, doc.y) + 2
      }
      doc.moveDown(0.4)
    },
  }
}

/** An element that contains others; the caller that opened it ends it. */
function opened(doc: Doc, parent: Element, type: string): Element {
  const element = doc.struct(type)
  parent.add(element)
  return element
}

/** Content that screen readers skip. */
function artifact(doc: Doc, draw: () => void): void {
  doc.markContent('Artifact', { type: 'Layout' })
  draw()
  doc.endMarkedContent()
}

/** How the cells of one table are set. */
interface Layout {
  readonly columns: readonly Column[]
  readonly width: number
  /** Of each column, its padding included. */
  readonly widths: readonly number[]
}

interface Row {
  readonly cells: readonly string[]
  readonly isHead: boolean
  readonly isShaded?: boolean
}

function setFont(doc: Doc, column: Column | undefined, isHead: boolean): Doc {
  const isCode = !isHead && column?.isCode === true
  return doc
    .font(isHead ? 'Helvetica-Bold' : isCode ? 'Courier' : 'Helvetica')
    .fontSize(isCode ? 7 : 7.8)
}

const heightOf = (doc: Doc, { columns, widths }: Layout, { cells, isHead }: Row): number =>
  Math.max(
    ...columns.map((column, i) =>
      setFont(doc, column, isHead).heightOfString(plain(cells[i] ?? ''), {
        width: (widths[i] ?? 0) - 2 * CELL.x,
      }),
    ),
  ) +
  2 * CELL.y

/** Without `element` the row is the head again, at the top of a further page. */
function drawRow(doc: Doc, layout: Layout, row: Row, element?: Element): void {
  const { cells, isHead, isShaded = false } = row
  const height = heightOf(doc, layout, row)
  const top = doc.y
  if (isHead || isShaded)
    artifact(doc, () => doc.rect(MARGIN, top, layout.width, height).fill(isHead ? LINE : SHADE))
  let x = MARGIN
  for (const [i, column] of layout.columns.entries()) {
    const left = x + CELL.x
    const width = layout.widths[i] ?? 0
    const draw = () => {
      setFont(doc, column, isHead).fillColor(INK)
      doc.text(plain(cells[i] ?? ''), left, top + CELL.y, { width: width - 2 * CELL.x })
    }
    if (!element) artifact(doc, draw)
    else if (isHead) element.add(doc.struct('TH', { scope: 'Column' } as object, draw))
    else element.add(doc.struct('TD', {}, draw))
    x += width
  }
  element?.end()
  doc.y = top + height
}

/** The head, each row, and the end of a table. */
function tableSteps(
  doc: Doc,
  root: Element,
  columns: readonly Column[],
  rows: Iterable<readonly string[]>,
): Step[] {
  const width = widthOf(doc)
  const layout: Layout = { columns, width, widths: columns.map(({ share }) => share * width) }
  const head: Row = { cells: columns.map(({ title }) => title), isHead: true }
  let table: Element | undefined
  const begin = () => {
    table = opened(doc, root, 'Table')
    keep(doc, 60)
    drawRow(doc, layout, head, opened(doc, table, 'TR'))
  }
  const drawnRows = Array.from(rows, (cells, i) => () => {
    const row: Row = { cells, isHead: false, isShaded: i % 2 === 1 }
    if (doc.y + heightOf(doc, layout, row) > bottomOf(doc)) {
      doc.addPage()
      drawRow(doc, layout, head)
    }
    if (table) drawRow(doc, layout, row, opened(doc, table, 'TR'))
  })
  const end = () => {
    table?.end()
    artifact(doc, () =>
      doc
        .moveTo(MARGIN, doc.y)
        .lineTo(MARGIN + width, doc.y)
        .lineWidth(0.5)
        .stroke(LINE),
    )
    doc.x = MARGIN
    doc.moveDown(0.6)
  }
  return [begin, ...drawnRows, end]
}

function drawFoot(doc: Doc, foot: string, number: number): void {
  const { top, bottom } = doc.page.margins
  // Text below the margin would start a new page.
  doc.page.margins.bottom = 0
  const y = doc.page.height - MARGIN
  doc.markContent('Artifact', { type: 'Pagination' })
  doc.font('Helvetica').fontSize(7.5).fillColor(SOFT)
  doc.text(plain(foot), MARGIN, y, { width: widthOf(doc) - 60, lineBreak: false })
  doc.text(`Page ${number}`, MARGIN, y, { width: widthOf(doc), align: 'right', lineBreak: false })
  doc.endMarkedContent()
  doc.page.margins.bottom = bottom
  doc.x = MARGIN
  doc.y = top
}

const widthOf = (doc: Doc): number => doc.page.width - 2 * MARGIN
const bottomOf = (doc: Doc): number => doc.page.height - MARGIN - FOOTER

/** Starts a new page unless this much of the current one is left. */
function keep(doc: Doc, height: number): void {
  if (doc.y + height > bottomOf(doc)) doc.addPage()
}

/** The characters that the standard PDF fonts can show; nothing in a ledger needs more. */
const plain = (text: string): string =>
  text.replace(/[^\n\u0020-\u007e\u00a0-\u00ff\u2013\u2014\u2019\u2022\u2026]/gu, '?')
