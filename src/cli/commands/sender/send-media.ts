/** `send --from-dicomdir`: the studies of a medium, each as a transfer of its own. */
import { EXIT, usageError } from '../../command-error.js'
import type { Cli } from '../../command.js'
import { count } from '../../format.js'
import type { Output } from '../../output.js'
import { sendFiles, show } from './send-files.js'
import type { SendOptions } from './send-files.js'

/** @throws CommandError `dicomdir_invalid`, `no_files`, and what sending throws */
export async function sendMedia(
  cli: Cli,
  output: Output,
  paths: readonly string[],
  options: SendOptions,
): Promise<void> {
  const { readDicomdir } = await import('../../sender/dicomdir.js')
  const answers: unknown[] = []
  for (const path of paths) {
    const studies = await readDicomdir(path)
    if (studies.length === 0)
      throw usageError('the DICOMDIR names no files', 'send the folder itself with nocturne send')
    for (const { files, missing } of studies) {
      if (missing.length > 0) {
        output.warn(`${count(missing.length, 'file')} of the DICOMDIR not found on the medium`)
        for (const name of missing.slice(0, 20)) output.warn(`  ${name}`)
        output.exitCode = EXIT.partial
      }
      if (files.length === 0) continue
      const listed = { files, leftOut: [], missing: missing.length }
      const sent = await sendFiles(cli, output, listed, options)
      show(output, sent, false)
      answers.push(sent.report.answer)
    }
  }
  output.json({ transfers: answers })
}
