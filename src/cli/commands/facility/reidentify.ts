import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { toErrorJson } from '../../command-error.js'
import { addCrosswalkOptions, crosswalkLines } from './crosswalk.js'
import type { CrosswalkOptions } from './crosswalk.js'

const HOW = {
  instance: 'the original instance',
  study: 'patient, study, UIDs and dates restored',
  patient: 'patient, UIDs and dates restored; its study is unknown',
  text: 'codes and UIDs restored; dates and names in the text are unchanged',
} as const

/** Continues after a file that no crosswalk knows; nothing is written for that file. */
export const registerReidentify: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'reidentify <file...>',
    summary: 'restore the original identity in returned reports and images',
    examples: [
      'nocturne reidentify report.dcm --crosswalk crosswalk --key facility-a.asc --out ours',
    ],
  })
  addCrosswalkOptions(command)
    .requiredOption('--out <dir>', 'folder for the results, in clear')
    .action(async (paths: string[], options: CrosswalkOptions & { readonly out: string }) => {
      const output = cli.output(options)
      const [{ accountFor }, { makeFolder }, { findIdentities, look, restore }] = await Promise.all(
        [
          import('../../sender/left-out.js'),
          import('../../local-write.js'),
          import('../../facility/reidentify.js'),
        ],
      )
      const { files } = await accountFor(paths, output)
      const done: unknown[] = []
      const failed = (file: string, error: unknown) => {
        if (files.length === 1) throw error
        output.failed(error, file)
        done.push({ file, error: toErrorJson(error) })
      }
      const returned = []
      for (const file of files) {
        try {
          returned.push(await look(file))
        } catch (error) {
          failed(file.path, error)
        }
      }
      const { lines, printSigners } = await crosswalkLines(options, output)
      const found = await findIdentities(lines(), returned)
      const signedBy = printSigners()
      await makeFolder(options.out)
      for (const one of returned) {
        cli.signal.throwIfAborted()
        try {
          const { target, by } = await restore(one, found, options.out)
          output.print(`${one.file.path} -> ${target}`)
          output.print(`  ${HOW[by]}`)
          done.push({ file: one.file.path, written: target, by })
        } catch (error) {
          failed(one.file.path, error)
        }
      }
      output.json({ files: done, signedBy })
    })
}
