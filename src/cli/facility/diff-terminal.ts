/**
 * A comparison as lines for a terminal, with before and after side by side if it is wide enough.
 */
import type { DiffRow, Mark } from './diff.js'
import { printable } from '../output.js'
import type { Colour } from '../output.js'

export interface DiffLine {
  readonly text: string
  readonly colour: Colour | undefined
}

const SIGNS: Readonly<Record<Mark, string>> = { kept: ' ', removed: '-', replaced: '~', added: '+' }
const COLOURS: Readonly<Record<Mark, Colour | undefined>> = {
  kept: undefined,
  removed: 'red',
  replaced: 'yellow',
  added: 'green',
}
/** In narrower terminals, after is shown below before. */
const SIDE_BY_SIDE = 72
const LONGEST_NAME = 30
const BETWEEN = ' │ '

/** `columns` is the width of the terminal; no line is wider. */
export function diffLines(rows: readonly DiffRow[], columns: number): DiffLine[] {
  return rows.flatMap((row) => {
    const texts = columns < SIDE_BY_SIDE ? below(row, columns) : beside(row, columns)
    return texts.map((text) => ({ text, colour: COLOURS[row.mark] }))
  })
}

/** Nested elements are shown by depth, and listed ones by keyword. */
function nameOf({ path, keyword }: DiffRow): string {
  const depth = path.split('.').length - 1
  const tag = path.slice(path.lastIndexOf('.') + 1)
  return `${'  '.repeat(Math.min(depth, 4))}${keyword ?? tag}`
}

function beside(row: DiffRow, columns: number): string[] {
  const name = Math.min(LONGEST_NAME, Math.floor(columns / 3))
  const half = Math.floor((columns - 2 - name - 1 - BETWEEN.length) / 2)
  const left = wrapped(row.before ?? '', half)
  const right = wrapped(row.after ?? '', half)
  const height = Math.max(left.length, right.length)
  const sign = SIGNS[row.mark]
  return Array.from({ length: height }, (_, line) => {
    const title = line === 0 ? padded(wrapped(nameOf(row), name)[0] ?? '', name) : ' '.repeat(name)
    const old = padded(left[line] ?? '', half)
    return `${line === 0 ? sign : ' '} ${title} ${old}${BETWEEN}${right[line] ?? ''}`.trimEnd()
  })
}

function below(row: DiffRow, columns: number): string[] {
  const sign = SIGNS[row.mark]
  const inside = (arrow: string, text: string): string[] =>
    wrapped(text, columns - 6).map((line, index) => `    ${index === 0 ? arrow : ' '} ${line}`)
  return [
    ...wrapped(nameOf(row), columns - 2).map((line, at) => `${at === 0 ? sign : ' '} ${line}`),
    ...(row.before === undefined ? [] : inside('<', row.before)),
    ...(row.after === undefined || row.mark === 'kept' ? [] : inside('>', row.after)),
  ]
}

/** Wide East Asian characters take two columns, and combining marks none. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const widthOf = (character: string): number =>
  /\p{M}/u.test(character) ? 0 : WIDE.test(character) ? 2 : 1

const padded = (text: string, width: number): string =>
  text +
  ' '.repeat(Math.max(0, width - Array.from(text).reduce((sum, one) => sum + widthOf(one), 0)))

/** Returns at least one line, none wider than `width` columns, broken at spaces where possible. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  let taken = 0
  for (const character of printable(text.replace(/[\n\r\t\f]+/g, ' '))) {
    const own = widthOf(character)
    if (taken + own > width) {
      const space = line.lastIndexOf(' ')
      const kept = space > width / 2 ? line.slice(space + 1) : ''
      lines.push(kept === '' ? line : line.slice(0, space))
      line = kept
      taken = Array.from(kept).reduce((sum, one) => sum + widthOf(one), 0)
    }
    line += character
    taken += own
  }
  lines.push(line)
  return lines
}
