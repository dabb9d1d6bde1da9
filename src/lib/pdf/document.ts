/**
 * Printable reports made with pdfkit: headings, paragraphs and tables that continue across pages.
 * Tagged (ISO 32000 14.8), so that a screen reader announces headings, lists and tables as such and
 * in order; decoration is marked as an artifact.
 */
import { breathe } from '../pace.js'
import { ACCENT, FOOTER, INK, MARGIN, SOFT, keep, opened, plain, widthOf } from './look.js'
import type { Doc, Element, Step } from './look.js'
import { tableSteps } from './table.js'
import type { Column } from './table.js'

const CHUNK_BYTES = 64 * 1024

export interface Page {
  heading(text: string): void
  paragraph(text: string): void
  bullets(texts: readonly string[]): void
  /** Names on the left, values on the right. */
  facts(facts: readonly (readonly [string, string])[]): void
  /**
   * @param rows read one by one as they are drawn
   * @param ifEmpty the sentence that replaces a table without rows
   */
  table(columns: readonly Column[], rows: Iterable<readonly string[]>, ifEmpty?: string): void
}

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
  inChunks(doc)
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
  const parts: Iterable<Step>[] = []
  draw(pageOn(doc, root, parts))
  for (const part of parts)
    for (const step of part) {
      step()
      yield* written(doc)
      await breathe()
    }
  root.end()
  doc.end()
  for await (const chunk of doc as AsyncIterable<Uint8Array>) yield chunk
}

/**
 * The document is written in many small pieces, the table of its objects in one turn: a stream
 * takes a few large pieces much faster.
 */
function inChunks(doc: Doc): void {
  const push = doc.push.bind(doc)
  let block = Buffer.allocUnsafe(CHUNK_BYTES)
  let used = 0
  const flush = () => {
    if (used > 0) push(block.subarray(0, used))
    block = Buffer.allocUnsafe(CHUNK_BYTES)
    used = 0
  }
  doc.push = (chunk: Uint8Array | null) => {
    if (chunk === null || used + chunk.length > CHUNK_BYTES) flush()
    if (chunk === null || chunk.length > CHUNK_BYTES) return push(chunk)
    block.set(chunk, used)
    used += chunk.length
    return true
  }
}

/** What is finished so far: kept until the end, a long report would be joined in one turn. */
function* written(doc: Doc): Generator<Uint8Array> {
  if (doc.readableLength === 0) return
  const bytes = doc.read() as Uint8Array | null
  if (bytes) yield bytes
}

/** Notes what is to be drawn. */
function pageOn(doc: Doc, root: Element, parts: Iterable<Step>[]): Page {
  const drawing = drawingOn(doc, root)
  return {
    heading: (text) => void parts.push([() => drawing.heading(text)]),
    paragraph: (text) => void parts.push([() => drawing.paragraph(text)]),
    bullets: (texts) => void parts.push([() => drawing.bullets(texts)]),
    facts: (facts) => void parts.push([() => drawing.facts(facts)]),
    table: (columns, rows, ifEmpty) => {
      const empty = ifEmpty === undefined ? undefined : () => drawing.paragraph(ifEmpty)
      parts.push(tableSteps(doc, root, { columns, rows, empty }))
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
