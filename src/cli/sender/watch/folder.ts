/** The files of a folder that is still being written, by the subfolder that they are in. */
import { stat } from 'node:fs/promises'
import { relative, sep } from 'node:path'
import { CommandError } from '../../command-error.js'
import { listFiles } from '../files.js'
import type { LocalFile } from '../files.js'
import type { Seen } from './settled.js'

export interface SeenFile extends Seen {
  readonly file: LocalFile
}

/**
 * Each subfolder is a group, such as the export of one study; files of the folder itself are one
 * more, named by an empty text. A folder without files has no group.
 *
 * @throws CommandError `file_unreadable`
 */
export async function groupsIn(folder: string): Promise<ReadonlyMap<string, readonly SeenFile[]>> {
  const groups = new Map<string, SeenFile[]>()
  for (const file of await filesIn(folder)) {
    // Gone again: a writer renames its temporary files.
    const info = await stat(file.at).catch(() => undefined)
    if (!info) continue
    const [first = '', ...below] = relative(folder, file.path).split(sep)
    const group = below.length === 0 ? '' : first
    const seen = {
      path: file.path,
      size: info.size,
      changedAt: info.mtimeMs,
      file: { ...file, size: info.size },
    }
    const members = groups.get(group)
    if (members) members.push(seen)
    else groups.set(group, [seen])
  }
  return groups
}

async function filesIn(folder: string): Promise<readonly LocalFile[]> {
  try {
    return (await listFiles([folder])).files
  } catch (error) {
    if (error instanceof CommandError && error.code === 'no_files') return []
    throw error
  }
}
