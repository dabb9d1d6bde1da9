import { Fragment, useState } from 'react'
import type { ReactNode } from 'react'
import { flushSync } from 'react-dom'
import { Button } from 'react-aria-components'
import { plural } from '../verify/words.js'
import { fileName, saveCsv } from './save.js'

export interface Column<T> {
  readonly name: string
  readonly text: (row: T) => string
  /** In place of the text. */
  readonly show?: (row: T) => ReactNode
  /** Only in the file: what the page shows on demand, or in another form. */
  readonly isFileOnly?: boolean
}

interface DataTableProps<T> {
  readonly label: string
  /** Of the file: letters and hyphens. */
  readonly file: string
  readonly columns: readonly Column<T>[]
  readonly rows: readonly T[]
  readonly idOf: (row: T) => string
  readonly empty: string
  /** Details, shown when the first cell of a row is pressed. */
  readonly details?: (row: T) => ReactNode
  readonly toneOf?: (row: T) => 'bad' | 'warn' | undefined
}

const ROWS_A_PAGE = 100

/** A table that can be printed and saved as CSV: whole, whatever part of it is shown. */
export function DataTable<T>(props: DataTableProps<T>) {
  const { label, rows, empty } = props
  const [first, setFirst] = useState(0)
  const [isWhole, setWhole] = useState(false)
  const from = first < rows.length ? first : 0
  const shown = isWhole ? rows : rows.slice(from, from + ROWS_A_PAGE)
  const printAll = () => {
    flushSync(() => setWhole(true))
    print()
    setWhole(false)
  }
  if (rows.length === 0) return <p className="quiet">{empty}</p>
  return (
    <div className="records">
      <div className="buttons">
        <span className="quiet" role="status">
          {plural(rows.length, 'row')}
          {rows.length > ROWS_A_PAGE && `, ${from + 1} to ${from + shown.length} shown`}
        </span>
        <span className="grow" />
        <Button onPress={() => save(props)} aria-label={`Save ${label} as CSV`}>
          CSV
        </Button>
        <Button onPress={printAll} aria-label={`Print ${label}`}>
          Print
        </Button>
      </div>
      <div className="scroll" role="region" aria-label={label} tabIndex={0}>
        <Rows {...props} shown={shown} />
      </div>
      {rows.length > ROWS_A_PAGE && (
        <div className="buttons">
          <Button isDisabled={from === 0} onPress={() => setFirst(from - ROWS_A_PAGE)}>
            Earlier rows
          </Button>
          <Button
            isDisabled={from + ROWS_A_PAGE >= rows.length}
            onPress={() => setFirst(from + ROWS_A_PAGE)}
          >
            Later rows
          </Button>
        </div>
      )}
    </div>
  )
}

function Rows<T>({
  shown,
  columns,
  idOf,
  details,
  toneOf,
}: DataTableProps<T> & { readonly shown: readonly T[] }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const seen = columns.filter(({ isFileOnly }) => isFileOnly !== true)
  const toggle = (id: string) =>
    setOpen(
      (before) =>
        new Set(before.has(id) ? [...before].filter((one) => one !== id) : [...before, id]),
    )
  return (
    <table>
      <thead>
        <tr>
          {seen.map(({ name }) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {shown.map((row) => {
          const id = idOf(row)
          const isOpen = open.has(id)
          return (
            <Fragment key={id}>
              <tr data-tone={toneOf?.(row)}>
                {seen.map(({ name, text, show }, at) => (
                  <td key={name} data-label={name}>
                    {details && at === 0 ? (
                      <Button aria-expanded={isOpen} className="more" onPress={() => toggle(id)}>
                        {text(row)}
                      </Button>
                    ) : (
                      (show?.(row) ?? text(row))
                    )}
                  </td>
                ))}
              </tr>
              {details && isOpen && (
                <tr className="details">
                  <td colSpan={seen.length}>{details(row)}</td>
                </tr>
              )}
            </Fragment>
          )
        })}
      </tbody>
    </table>
  )
}

const save = <T,>({ file, columns, rows }: DataTableProps<T>): void =>
  saveCsv(fileName(file, 'csv', Date.now()), [
    columns.map(({ name }) => name),
    ...rows.map((row) => columns.map(({ text }) => text(row))),
  ])
