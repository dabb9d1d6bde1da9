/** How a printed report looks, and what every part of it is drawn with. */
import type PDFDocument from 'pdfkit'

export const MARGIN = 42
export const FOOTER = 26
export const INK = '#1b1f27'
export const SOFT = '#5a6372'
export const LINE = '#d5dae1'
export const SHADE = '#eef1f5'
export const ACCENT = '#2b4a8b'

export type Doc = InstanceType<typeof PDFDocument>

export type Element = ReturnType<Doc['struct']>

/** One piece of drawing, such as a row of a table: thousands of them must not be one turn. */
export type Step = () => void

/** An element that contains others; the caller that opened it ends it. */
export function opened(doc: Doc, parent: Element, type: string): Element {
  const element = doc.struct(type)
  parent.add(element)
  return element
}

/** Content that screen readers skip. */
export function artifact(doc: Doc, draw: () => void): void {
  doc.markContent('Artifact', { type: 'Layout' })
  draw()
  doc.endMarkedContent()
}

export const widthOf = (doc: Doc): number => doc.page.width - 2 * MARGIN

export const bottomOf = (doc: Doc): number => doc.page.height - MARGIN - FOOTER

/** Starts a new page unless this much of the current one is left. */
export function keep(doc: Doc, height: number): void {
  if (doc.y + height > bottomOf(doc)) doc.addPage()
}

/** The characters that the standard PDF fonts can show; nothing in a ledger needs more. */
export const plain = (text: string): string =>
  text.replace(/[^\n\u0020-\u007e\u00a0-\u00ff\u2013\u2014\u2019\u2022\u2026]/gu, '?')

/**
 * Breaks a command at spaces only: at its own breaks the library would split `--site` after the
 * dashes, and what a reader copies from the page would be another command. Call after the font is
 * set. Other text is left to the library.
 */
export function fitted(doc: Doc, text: string, width: number): string {
  if (!text.includes(' --')) return text
  return text
    .split('\n')
    .map((line) => {
      let filled = ''
      let taken = ''
      for (const word of line.split(' ')) {
        const more = taken === '' ? word : `${taken} ${word}`
        const isFull = taken !== '' && doc.widthOfString(more) > width
        if (isFull) filled += `${taken}\n`
        taken = isFull ? word : more
      }
      return filled + taken
    })
    .join('\n')
}
