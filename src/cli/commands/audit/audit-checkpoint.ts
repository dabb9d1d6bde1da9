import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface CheckpointOptions extends SourceOptions {
  readonly json?: boolean
}

export const registerAuditCheckpoint: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'checkpoint',
    summary: 'print the newest signed checkpoint, to be kept elsewhere',
    examples: [
      'nocturne audit checkpoint --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addSourceOptions(command).action(async (options: CheckpointOptions) => {
    const output = cli.output(options)
    const checkpoint = await readLedger(options, cli, output, {
      what: 'checkpoint',
      live: (client) => client.text({ path: '/v1/audit/checkpoint' }),
      direct: ({ ledger }) => ledger.checkpoint(),
    })
    output.printText(checkpoint)
    output.json({ checkpoint })
  })
}
