/** Tables of a printed report, which repeat their head on every page that they reach. */
import {
  INK,
  LINE,
  MARGIN,
  SHADE,
  artifact,
  bottomOf,
  fitted,
  keep,
  opened,
  plain,
  widthOf,
} from './look.js'
import type { Doc, Element, Step } from './look.js'

export interface Column {
  readonly title: string
  /** Share of the page width; the columns add up to 1. */
  readonly share: number
  readonly isCode?: boolean
}

const CELL = { x: 4, y: 3.5 }

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
    ...columns.map((column, i) => {
      const width = (widths[i] ?? 0) - 2 * CELL.x
      setFont(doc, column, isHead)
      return doc.heightOfString(fitted(doc, plain(cells[i] ?? ''), width), { width })
    }),
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
    const whole = layout.widths[i] ?? 0
    const width = whole - 2 * CELL.x
    const draw = () => {
      setFont(doc, column, isHead).fillColor(INK)
      doc.text(fitted(doc, plain(cells[i] ?? ''), width), left, top + CELL.y, { width })
    }
    if (!element) artifact(doc, draw)
    else if (isHead) element.add(doc.struct('TH', { scope: 'Column' } as object, draw))
    else element.add(doc.struct('TD', {}, draw))
    x += whole
  }
  element?.end()
  doc.y = top + height
}

export interface Table {
  readonly columns: readonly Column[]
  readonly rows: Iterable<readonly string[]>
  /** Drawn in the place of a table without rows. */
  readonly empty: Step | undefined
}

/** The head, each row, and the end of a table. A row is read when it is drawn. */
export function* tableSteps(
  doc: Doc,
  root: Element,
  { columns, rows, empty }: Table,
): Generator<Step> {
  const width = widthOf(doc)
  const layout: Layout = { columns, width, widths: columns.map(({ share }) => share * width) }
  const head: Row = { cells: columns.map(({ title }) => title), isHead: true }
  let table: Element | undefined
  const begin = () => {
    table = opened(doc, root, 'Table')
    keep(doc, 60)
    drawRow(doc, layout, head, opened(doc, table, 'TR'))
  }
  let count = 0
  for (const cells of rows) {
    if (count === 0) yield begin
    const row: Row = { cells, isHead: false, isShaded: count % 2 === 1 }
    count += 1
    yield () => {
      if (doc.y + heightOf(doc, layout, row) > bottomOf(doc)) {
        doc.addPage()
        drawRow(doc, layout, head)
      }
      if (table) drawRow(doc, layout, row, opened(doc, table, 'TR'))
    }
  }
  if (count === 0) yield empty ?? begin
  yield () => {
    if (!table) return
    table.end()
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
}
