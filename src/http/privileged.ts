/** Asks the gates of compliance whether a reader may claim a case, or sign a final report on it. */
import type { Compliance } from '../compliance/index.js'
import type { Directory } from '../directory/index.js'
import { onDuty } from '../duty/index.js'
import type { Roster } from '../duty/index.js'
import type { Actor } from '../ledger/log/index.js'
import type { ReportStatus } from '../protocol/report.js'
import type { CaseTable } from '../state/night/index.js'

export interface PrivilegeRooms {
  readonly directory: Pick<Directory, 'group'>
  readonly compliance: Pick<Compliance, 'gates'>
  readonly rosterOf: (group: string, at: number) => Promise<Roster | undefined>
  readonly now: () => number
}

/** @throws NocturneError `reader_not_eligible` */
export async function expectPrivileged(
  rooms: PrivilegeRooms,
  reader: string,
  row: CaseTable,
  actor: Actor,
): Promise<void> {
  const question = { ...(await questionOf(rooms, row)), reader }
  const isUnderWay = row.claimed_by === reader
  await rooms.compliance.gates.claim({ ...question, isUnderWay }, actor)
}

/** @throws NocturneError `reader_not_final` */
export async function expectSigner(
  rooms: PrivilegeRooms,
  author: { readonly id: string; readonly actor: Actor },
  row: CaseTable,
  status: ReportStatus,
): Promise<void> {
  const isFinal = status === 'final' || (status === 'addendum' && row.report === 'final')
  if (!isFinal) return
  const question = { ...(await questionOf(rooms, row)), reader: author.id }
  await rooms.compliance.gates.report({ ...question, isFinal }, author.actor)
}

/** Those who could take the case over are the readers on duty, or all where there is no roster. */
async function questionOf(
  { rosterOf, directory, now }: PrivilegeRooms,
  { facility, priority, modality, group_id }: CaseTable,
) {
  const roster = await rosterOf(group_id, now())
  const present = roster && onDuty(roster, now())
  const onSite = present ? [...present.readers, ...present.backups] : []
  const readers = onSite.length > 0 ? onSite : (directory.group(group_id)?.readers ?? [])
  return { facility, priority, readers, modalities: modality?.split(',') ?? [] }
}
