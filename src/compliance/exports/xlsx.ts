/**
 * Writes a workbook (ECMA-376) with sheets of text. Cells contain inline strings and never
 * formulas, so nothing in them is evaluated. Each sheet has a frozen header row, column widths and
 * a filter, which is all that an auditor needs.
 */
import { once } from '../../lib/zip.js'
import type { ZipMember } from '../../lib/zip.js'

export interface Sheet {
  /** At most 31 characters, and none of []:*?/\. */
  readonly name: string
  /** Column widths in characters, one per column. */
  readonly widths: readonly number[]
  readonly header: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

/** Excel's limit for the text in a cell. */
const MOST_IN_CELL = 32_767
const MAIN = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const PACKAGE = 'http://schemas.openxmlformats.org/package/2006'
const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

/** Returns the members of the ZIP archive that make up an .xlsx file. */
export function workbook(sheets: readonly Sheet[]): readonly ZipMember[] {
  const numbered = sheets.map((sheet, i) => ({ sheet, number: i + 1 }))
  const texts: (readonly [string, string])[] = [
    ['[Content_Types].xml', contentTypes(numbered.map(({ number }) => number))],
    ['_rels/.rels', relations([['officeDocument', 'xl/workbook.xml']])],
    [
      'xl/workbook.xml',
      `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${RELATIONS}"><sheets>${numbered
        .map(
          ({ sheet, number }) =>
            `<sheet name="${xml(sheet.name)}" sheetId="${number}" r:id="rId${number}"/>`,
        )
        .join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      relations([
        ...numbered.map(({ number }) => ['worksheet', `worksheets/sheet${number}.xml`] as const),
        ['styles', 'styles.xml'],
      ]),
    ],
    ['xl/styles.xml', STYLES],
    ...numbered.map(
      ({ sheet, number }) => [`xl/worksheets/sheet${number}.xml`, sheetXml(sheet)] as const,
    ),
  ]
  return texts.map(([name, text]) => ({ name, content: once(text) }))
}

function sheetXml({ widths, header, rows }: Sheet): string {
  const last = `${columnName(header.length - 1)}${rows.length + 1}`
  return [
    `${HEAD}<worksheet xmlns="${MAIN}"><dimension ref="A1:${last}"/>`,
    '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>',
    `<cols>${widths.map((width, i) => `<col min="${i + 1}" max="${i + 1}" width="${width}" customWidth="1"/>`).join('')}</cols>`,
    `<sheetData>${[header, ...rows].map((row, i) => rowXml(row, i + 1)).join('')}</sheetData>`,
    `<autoFilter ref="A1:${last}"/></worksheet>`,
  ].join('')
}

const rowXml = (cells: readonly string[], number: number): string =>
  `<row r="${number}">${cells
    .map(
      (text, i) =>
        `<c r="${columnName(i)}${number}" t="inlineStr" s="${number === 1 ? 1 : 2}"><is><t xml:space="preserve">${xml(text.slice(0, MOST_IN_CELL))}</t></is></c>`,
    )
    .join('')}</row>`

/** A, B, … Z, AA, … */
const columnName = (index: number): string =>
  index < 26
    ? String.fromCharCode(65 + index)
    : `${columnName(Math.floor(index / 26) - 1)}${columnName(index % 26)}`

const STYLES = `${HEAD}<styleSheet xmlns="${MAIN}"><fonts count="2"><font><sz val="10"/><name val="Calibri"/></font><font><b/><sz val="10"/><name val="Calibri"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf fontId="1" applyFont="1"><alignment wrapText="1" vertical="top"/></xf><xf applyAlignment="1"><alignment wrapText="1" vertical="top"/></xf></cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

const contentTypes = (numbers: readonly number[]): string => {
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
  const parts = [
    ['/xl/workbook.xml', `${type}.sheet.main+xml`],
    ['/xl/styles.xml', `${type}.styles+xml`],
    ...numbers.map((n) => [`/xl/worksheets/sheet${n}.xml`, `${type}.worksheet+xml`] as const),
  ] as const
  return `${HEAD}<Types xmlns="${PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>${parts
    .map(([name, content]) => `<Override PartName="${name}" ContentType="${content}"/>`)
    .join('')}</Types>`
}

const relations = (all: readonly (readonly [string, string])[]): string =>
  `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">${all
    .map(
      ([type, target], i) =>
        `<Relationship Id="rId${i + 1}" Type="${RELATIONS}/${type}" Target="${target}"/>`,
    )
    .join('')}</Relationships>`

/** Escapes text for XML; characters that XML 1.0 does not allow become spaces. */
const xml = (text: string): string =>
  text
    .replace(/[^\t\n\r\P{Cc}]|[\ufffe\uffff]/gu, ' ')
    .toWellFormed()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
