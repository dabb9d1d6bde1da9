/**
 * The page that verifies an export of the ledger: in a browser, from a file, without a network. The
 * build combines the page, its style and this script in one file, whose policy blocks all
 * connections.
 */
import { parseVerifierKey, verifyPackage } from '../../ledger/browser.js'
import type { PackageReport } from '../../ledger/browser.js'
import { createEventTable, element, MAX_ROWS } from './verify/event-table.js'
import { openGiven } from './verify/given-files.js'
import { webCrypto } from './verify/web-crypto.js'
import { instant, number, plural, questionOf, rowOf } from './verify/words.js'
import type { Row } from './verify/words.js'

/** How often the page is redrawn while it works. */
const EVENTS_A_TURN = 2_000

const part = (id: string): HTMLElement => {
  const found = document.getElementById(id)
  if (!found) throw new TypeError(`the page lacks ${id}`)
  return found
}
const input = <T extends HTMLElement>(id: string, kind: new () => T): T => {
  const found = part(id)
  if (!(found instanceof kind)) throw new TypeError(`the page lacks ${id}`)
  return found
}

const chooser = input('files', HTMLInputElement)
const progress = input('progress', HTMLProgressElement)
const keyField = input('key', HTMLTextAreaElement)
const table = createEventTable(part('table'))
/** Incremented by each new selection: results of older ones are dropped. */
let turn = 0
let ownKey = ''

async function verify(given: readonly File[]): Promise<void> {
  if (given.length === 0) return
  const mine = ++turn
  document.body.dataset.state = 'working'
  part('verdict').hidden = true
  part('result').hidden = true
  progress.hidden = false
  progress.removeAttribute('value')
  const rows: Row[] = []
  const files = await openGiven(given)
  let checked = 0
  const report: PackageReport = files
    ? await verifyPackage(files, {
        crypto: webCrypto,
        onEvent: (index, entry, of) => {
          if (rows.length < MAX_ROWS) rows.push(rowOf(index, entry))
          checked += 1
          if (checked % EVENTS_A_TURN !== 0) return undefined
          progress.max = of
          progress.value = checked
          return new Promise((resolve) => setTimeout(resolve))
        },
      })
    : {
        ok: false,
        size: 0,
        root: '',
        problem: 'the ZIP is corrupt or ambiguous',
      }
  if (mine !== turn) return
  progress.hidden = true
  show(report, rows)
}

function show(report: PackageReport, rows: readonly Row[]): void {
  const { ok, about, checked = 0, badIndex, problem = '' } = report
  document.body.dataset.state = ok ? 'good' : 'bad'
  part('verdict').hidden = false
  part('verdict-title').textContent = ok ? 'Verified' : 'Verification failed'
  part('verdict-text').textContent = ok
    ? `${checked === 1 ? 'The one event in this export is' : `All ${plural(checked, 'event')} in this export are`} exactly as the log recorded ${checked === 1 ? 'it' : 'them'}. Now compare the key below.`
    : `${badIndex === undefined ? 'The export is not valid' : `Event number ${number(badIndex)} is the first invalid one`}: ${problem}.`
  part('result').hidden = !about
  if (!about) return
  part('question').textContent = questionOf(about)
  fill(part('facts'), factsOf(report, about))
  ownKey = report.ledgerKey ?? ''
  part('own-key').textContent = ownKey
  void compareKey()
  part('limits').hidden = !ok
  part('limits-filter').hidden = Object.keys(about.query).length === 0
  part('only-verified').hidden = ok
  part('not-all').hidden = checked <= rows.length
  table.show(rows)
}

type Facts = readonly (readonly [name: string, text: string])[]

function factsOf(report: PackageReport, about: NonNullable<PackageReport['about']>): Facts {
  const { asked, origin, rendering } = about
  const witnesses = Object.entries(report.witnesses ?? {})
  const cosigned = witnesses.map(
    ([name, seconds]) => `${name}, ${instant(new Date(seconds * 1000).toISOString())}`,
  )
  const form = {
    csv: 'events.csv',
    fhir: 'events.fhir.json',
    dicom: 'events.dicom.xml',
    ndjson: '',
  }[rendering]
  return [
    [
      'Requested by',
      `${asked.by} (${asked.role}), ${instant(asked.at)}. This request is number ${number(asked.event)} in the log.`,
    ],
    ['Log', `${origin}, with ${plural(report.size, 'entry', 'entries')} at the time of export`],
    ['Events in this export', number(about.count)],
    ...(report.pruned
      ? ([
          [
            'Pruned',
            `${plural(
              report.pruned.reduce((sum, [from, until]) => sum + until - from, 0),
              'event',
            )} past the time that they are kept, as later events of the log say`,
          ],
        ] as const)
      : []),
    [
      'Witnesses',
      cosigned.length === 0
        ? 'No witness cosigned: only the log’s own key vouches that there is no second version of the log.'
        : `${cosigned.join('; ')}${report.isWitnessed === true ? '' : '. These are fewer than the gateway’s policy requires'}`,
    ],
    ...(form === '' || !report.ok || report.isRenderingChecked === undefined
      ? []
      : ([
          [
            form,
            report.isRenderingChecked
              ? 'Identical to the log.'
              : 'Made by another version than this page, and not compared.',
          ],
        ] as const)),
  ]
}

function fill(list: HTMLElement, facts: Facts): void {
  list.replaceChildren(
    ...facts.flatMap(([name, text]) => [
      element('dt', { textContent: name }),
      element('dd', { textContent: text }),
    ]),
  )
}

/**
 * Shows whether the key that the reader has from elsewhere is the key that the export was checked
 * with.
 */
async function compareKey(): Promise<void> {
  const given = keyField.value.trim()
  const answer = part('key-answer')
  const isKey = given !== '' && (await parseVerifierKey(given, webCrypto)) !== undefined
  const says = given === '' ? 'none' : given === ownKey ? 'same' : isKey ? 'other' : 'no-key'
  answer.dataset.says = says
  answer.textContent = {
    none: 'Not compared yet.',
    same: 'The same key: the export comes from the log that you know.',
    other: 'A different key. The export does not come from the log that you know.',
    'no-key': 'This is not a log key, or not a complete one.',
  }[says]
}

chooser.addEventListener('change', () => void verify([...(chooser.files ?? [])]))
keyField.addEventListener('input', () => void compareKey())
for (const kind of ['dragover', 'drop'] as const)
  document.addEventListener(kind, (event) => {
    event.preventDefault()
    if (kind === 'drop') void verify([...(event.dataTransfer?.files ?? [])])
  })
part('print').addEventListener('click', () => window.print())
