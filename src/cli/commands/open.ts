import { join } from 'node:path'
import { define } from '../command.js'
import type { Register } from '../command.js'
import { about, toErrorJson } from '../command-error.js'
import { addKeyOptions } from '../key-options.js'
import type { KeyOptions } from '../key-options.js'

interface OpenOptions extends KeyOptions {
  readonly out: string
  readonly json?: boolean
}

/** Goes on after a file that does not open; nothing of that one is left. */
export const registerOpen: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'open <file...>',
    summary: 'open sealed files that are on disk already',
    examples: ['nocturne open item-1.pgp --key reader-1.asc --out opened'],
  })
  addKeyOptions(command)
    .requiredOption('--out <dir>', 'folder for what was opened')
    .action(async (files: string[], options: OpenOptions) => {
      const output = cli.output(options)
      const [seal, { makeFolder, writeWhole }, { openedName, peek }, { readMessageFile }, keys] =
        await Promise.all([
          import('../../seal/index.js'),
          import('../local-write.js'),
          import('../opened-name.js'),
          import('../message-file.js'),
          import('../key-options.js'),
        ])
      const key = await keys.readKey(options, output)
      await makeFolder(options.out)
      const opened: unknown[] = []
      for (const file of files) {
        cli.signal.throwIfAborted()
        try {
          const content = seal.openMessage(readMessageFile(file), [key], {
            ciphers: seal.nodeCiphers,
            isTransient: true,
          })
          const { head, whole } = await peek(content)
          const target = join(options.out, openedName(file, head))
          await writeWhole(target, whole, { mayReplace: false })
          output.print(`${file} -> ${target}`)
          opened.push({ file, opened: target })
        } catch (error) {
          const named = about(file, error)
          if (files.length === 1) throw named
          output.failed(named)
          opened.push({ file, error: toErrorJson(named) })
        }
      }
      output.json({ files: opened })
    })
}
