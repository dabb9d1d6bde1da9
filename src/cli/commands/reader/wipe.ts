import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { count } from '../../format.js'

export const registerWipe: Register = (parent, cli) => {
  define(parent, {
    usage: 'wipe <dir...>',
    summary: 'remove the opened studies that pull left in these folders; receipts are kept',
    examples: ['nocturne wipe studies'],
  }).action(async (folders: readonly string[], options: { readonly json?: boolean }) => {
    const output = cli.output(options)
    const { openedTransfers, wipeServing, wipeTransfer } =
      await import('../../reader/opened/wipe.js')
    const wiped: string[] = []
    let serving = 0
    for (const folder of folders) {
      serving += await wipeServing(folder, true)
      for (const id of await openedTransfers(folder))
        if (await wipeTransfer(folder, id)) wiped.push(id)
    }
    output.json({ wiped, serving })
    output.print(`${count(wiped.length, 'transfer')} removed`)
    if (serving > 0) output.print(`${count(serving, 'sealed folder')} of pull --serve removed`)
    if (wiped.length > 0)
      output.warn(
        'a disk may keep removed files for a while; only an encrypted disk protects against whoever takes it',
      )
  })
}
