/** nocturne.yaml as it would be if the people who were enrolled had been written into it. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isSeq, parseDocument } from 'yaml'
import type { Document } from 'yaml'
import type { Conflict } from '../../site/enrolment/index.js'
import type { EnrolledTable } from '../../state/enrolment/index.js'
import { checkFree, makeFolder, writeNewText } from '../local-write.js'
import { withRooms } from './site.js'

/** @returns who was added, and who was left out because the file says something else */
export async function exportSite(
  site: string,
  out: string,
): Promise<{ readonly added: readonly string[]; readonly left: readonly Conflict[] }> {
  await checkFree(out)
  const { rows, left } = await withRooms(site, ({ roll }) =>
    Promise.resolve({
      rows: roll.enrolled().filter(({ principal }) => !roll.isFiled(principal)),
      left: roll.conflicts(),
    }),
  )
  const text = await readFile(join(site, 'nocturne.yaml'), 'utf8')
  await makeFolder(join(out, 'keys'))
  for (const { principal, certificate } of rows)
    await writeNewText(join(out, certificateFile(principal)), certificate)
  await writeNewText(join(out, 'nocturne.yaml'), withPeople(text, rows))
  return { added: rows.map(({ principal }) => principal), left }
}

const certificateFile = (principal: string): string => `keys/${principal}.asc`

/** Comments and order of the file stay. */
export function withPeople(text: string, rows: readonly EnrolledTable[]): string {
  const document = parseDocument(text, { version: '1.2', schema: 'core' })
  for (const { principal, role, facility, email, groups } of rows) {
    addTo(document, ['people'], {
      ...{ id: principal, role, certificate: certificateFile(principal) },
      ...(facility !== null && { facility }),
      ...(email !== null && { contact: { email } }),
    })
    for (const group of JSON.parse(groups) as readonly string[]) {
      const at = placeOf(document, group)
      if (at >= 0) addTo(document, ['groups', at, 'readers'], principal)
    }
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: true })
}

function placeOf(document: Document, group: string): number {
  const groups = document.get('groups')
  if (!isSeq(groups)) return -1
  return groups.items.findIndex((_, at) => document.getIn(['groups', at, 'id']) === group)
}

function addTo(document: Document, path: readonly (string | number)[], value: unknown): void {
  const list = document.getIn(path)
  if (isSeq(list)) list.add(document.createNode(value, { flow: typeof value === 'object' }))
  else document.setIn(path, document.createNode([value]))
}
