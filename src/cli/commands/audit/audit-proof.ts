import { logIndex } from '../../audit/audit-filters.js'
import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface ProofOptions extends SourceOptions {
  readonly json?: boolean
}

export const registerAuditProof: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'proof',
    summary: 'print the proof that one event is in the ledger',
    examples: ['nocturne audit proof 41 --site /srv/nocturne > event-41.tlog-proof'],
  }).argument('<index>', 'index of the event, from 0', logIndex)
  addSourceOptions(command).action(async (index: number, options: ProofOptions) => {
    const output = cli.output(options)
    const proof = await readLedger(options, cli, output, {
      what: 'proof',
      live: (client) => client.text({ path: `/v1/audit/events/${index}/proof` }),
      direct: ({ ledger }) => ledger.proof(index),
    })
    output.printText(proof)
    output.json({ index, proof })
  })
}
