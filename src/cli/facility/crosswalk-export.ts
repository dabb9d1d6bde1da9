/**
 * The crosswalk in clear, for a study's data manager: two tables of old and new values, and
 * everything as JSON.
 */
import { join } from 'node:path'
import type { CrosswalkLine } from '../../protocol/crosswalk-lines.js'
import { makeFolder, writeWhole } from '../local-write.js'

export interface ExportedCrosswalk {
  readonly files: readonly string[]
  readonly uids: number
  readonly patients: number
  readonly items: number
}

/**
 * @param lines - returns the crosswalks' lines from the start on each call: one pass per file keeps
 * memory flat.
 */
export async function exportCrosswalk(
  lines: () => AsyncIterable<CrosswalkLine>,
  folder: string,
): Promise<ExportedCrosswalk> {
  await makeFolder(folder)
  const counts = { uids: 0, patients: 0, items: 0 }
  const path = (name: string) => join(folder, name)
  const files = ['uid_mapping.csv', 'patid_mapping.csv', 'crosswalk.json'].map(path)
  const [uidFile = '', patientFile = '', jsonFile = ''] = files
  await writeWhole(uidFile, uidRows(lines(), counts), { mayReplace: false })
  await writeWhole(patientFile, patientRows(lines(), counts), { mayReplace: false })
  await writeWhole(jsonFile, jsonText(lines(), counts), { mayReplace: false })
  return { files, ...counts }
}

interface Counts {
  uids: number
  patients: number
  items: number
}

async function* uidRows(lines: AsyncIterable<CrosswalkLine>, counts: Counts) {
  yield Buffer.from(row('id_old', 'id_new'))
  // A study or frame of reference appears in the crosswalk of every request that named it.
  const seen = new Set<string>()
  for await (const line of lines) {
    if (line.type !== 'uids') continue
    const fresh = line.pairs.filter(([, id]) => !seen.has(id))
    for (const [, id] of fresh) seen.add(id)
    counts.uids += fresh.length
    yield Buffer.from(fresh.map(([before, id]) => row(before, id)).join(''))
  }
}

async function* patientRows(lines: AsyncIterable<CrosswalkLine>, counts: Counts) {
  yield Buffer.from(row('id_old', 'id_new'))
  const seen = new Set<string>()
  for await (const line of lines) {
    if (line.type !== 'patient' || seen.has(line.code)) continue
    seen.add(line.code)
    counts.patients += 1
    yield Buffer.from(row(line.patientId, line.code))
  }
}

/**
 * One array, one line per element; without the bytes of former attributes, which are not
 * identifiers to look up.
 */
async function* jsonText(lines: AsyncIterable<CrosswalkLine>, counts: Counts) {
  let before = '['
  for await (const line of lines) {
    if (line.type === 'element' || line.type === 'forget') continue
    if (line.type === 'item') counts.items += 1
    const shown = line.type === 'item' ? { ...line, elements: undefined } : line
    yield Buffer.from(`${before}\n${JSON.stringify(shown)}`)
    before = ','
  }
  yield Buffer.from(before === '[' ? '[]\n' : '\n]\n')
}

/**
 * RFC 4180; cells that a spreadsheet would treat as formulas are turned into text (OWASP, CSV
 * injection).
 */
const row = (...cells: readonly string[]): string =>
  `${cells
    .map((cell) => (/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell))
    .map((cell) => (/[",\r\n']/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
    .join(',')}\r\n`
