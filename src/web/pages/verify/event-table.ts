/** The events, one page at a time, with a search over all events in memory. */
import { COLUMNS, number, plural } from './words.js'
import type { Row } from './words.js'

const ROWS_A_PAGE = 100
/** Events kept in memory for the search; all events are verified, regardless of their number. */
export const MAX_ROWS = 200_000

export interface EventTable {
  show(rows: readonly Row[], badIndex?: number): void
}

export function createEventTable(root: HTMLElement): EventTable {
  const { search, told, body, frame, back, on, pager } = layOut(root)
  let rows: readonly Row[] = []
  let found: readonly Row[] = []
  let first = 0

  const draw = () => {
    const page = found.slice(first, first + ROWS_A_PAGE)
    body.replaceChildren(...page.flatMap(rowElements))
    back.disabled = first === 0
    on.disabled = first + ROWS_A_PAGE >= found.length
    pager.hidden = found.length <= ROWS_A_PAGE
    told.textContent = summaryOf(rows.length, found.length, first, page.length)
  }
  const turn = (by: number) => {
    first = Math.max(0, first + by)
    draw()
    frame.scrollTop = 0
  }
  back.addEventListener('click', () => turn(-ROWS_A_PAGE))
  on.addEventListener('click', () => turn(ROWS_A_PAGE))
  search.addEventListener('input', () => {
    found = matching(rows, search.value)
    first = 0
    draw()
  })
  return {
    show: (all) => {
      rows = all
      found = all
      first = 0
      search.value = ''
      draw()
    },
  }
}

/** Search, table and pager, empty. */
function layOut(root: HTMLElement) {
  const search = element('input', {
    type: 'search',
    placeholder: 'Search in all events: a name, a date, a transfer …',
  })
  search.setAttribute('aria-label', 'Search the events')
  const told = element('p', { className: 'told' })
  told.setAttribute('role', 'status')
  const body = element('tbody')
  const head = element('tr')
  head.append(...COLUMNS.map((name) => element('th', { textContent: name, scope: 'col' })))
  const table = element('table')
  const thead = element('thead')
  thead.append(head)
  table.append(thead, body)
  const frame = element('div', { className: 'frame', tabIndex: 0 })
  frame.setAttribute('aria-label', 'Events')
  frame.setAttribute('role', 'region')
  frame.append(table)
  const back = element('button', { type: 'button', textContent: 'Earlier' })
  const on = element('button', { type: 'button', textContent: 'Later' })
  const pager = element('div', { className: 'pager' })
  pager.append(back, on)
  root.append(search, told, frame, pager)
  return { search, told, body, frame, back, on, pager }
}

/** Rows that contain every word of the search. */
function matching(rows: readonly Row[], search: string): readonly Row[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return rows.filter(({ text }) => words.every((word) => text.includes(word)))
}

function summaryOf(all: number, found: number, first: number, shown: number): string {
  const range =
    found > ROWS_A_PAGE ? `, ${number(first + 1)} to ${number(first + shown)} shown` : ''
  return found === all
    ? `${plural(all, 'verified event')}${range}`
    : `${number(found)} of ${plural(all, 'verified event')} match${range}`
}

/** An event, followed by a hidden row with all of its details. */
function rowElements({ cells, entry, index }: Row): readonly HTMLElement[] {
  const row = element('tr')
  row.dataset.index = String(index)
  const more = element('tr', { className: 'more', hidden: true })
  for (const [i, cell] of cells.entries()) {
    const td = element('td')
    if (i === 0) {
      const button = element('button', {
        type: 'button',
        textContent: cell,
        title: 'Show all details',
      })
      button.setAttribute('aria-expanded', 'false')
      button.addEventListener('click', () => {
        if (more.childElementCount === 0) {
          const whole = element('td', { colSpan: cells.length })
          whole.append(element('pre', { textContent: JSON.stringify(entry, null, 2) }))
          more.append(whole)
        }
        more.hidden = !more.hidden
        button.setAttribute('aria-expanded', String(!more.hidden))
      })
      td.append(button)
    } else {
      td.textContent = cell.length > 18 && i > 5 ? `${cell.slice(0, 17)}…` : cell
      td.title = cell
    }
    if (i === 3 && cell !== 'success') td.className = 'failure'
    row.append(td)
  }
  return [row, more]
}

/** Creates an element with these properties. Text from the log is only ever inserted as text. */
export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), properties)
}
