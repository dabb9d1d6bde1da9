import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from '../command-error.js'
import { checkFree, makeFolder, temporaryName, writeNew, writeWhole } from '../local-write.js'
import { openZipFile } from '../zip-file.js'

/**
 * Writes the files of a report's ZIP to a folder and returns their paths. If a file exists already,
 * it is kept and nothing is written.
 *
 * @throws CommandError `file_exists`, `gateway_unreachable` when the answer is not a ZIP of files,
 * and disk errors
 */
export async function unpackReport(
  out: string,
  zip: AsyncIterable<Uint8Array>,
): Promise<readonly string[]> {
  await makeFolder(out)
  const temporary = temporaryName(out)
  try {
    await writeNew(temporary, zip)
    return await openZipFile(temporary, async (files) => {
      const names = files?.names ?? []
      if (
        names.length === 0 ||
        !names.every((name) => /^[A-Za-z]+(?:-[a-z]+)*(?:\.[a-z]+)?$/.test(name))
      )
        throw new CommandError('the answer did not come from a compatible gateway', {
          hint: 'check --gateway, and that this nocturne is not older than the gateway',
          code: 'gateway_unreachable',
        })
      const paths = names.map((name) => join(out, name))
      for (const path of paths) await checkFree(path)
      for (const [i, name] of names.entries()) {
        const content = files?.open(name)
        if (content) await writeWhole(paths[i] ?? '', content)
      }
      return paths
    })
  } finally {
    await rm(temporary, { force: true })
  }
}
