import { addSourceOptions, readLedger } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import type { PackOptions } from '../../officer/packs.js'
import { SITE_ACTOR } from '../../site/site.js'

export const registerAuditAnomalies: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'anomalies',
    summary: 'show what is unusual since the last review, each with the reason',
    examples: [
      'nocturne audit anomalies --gateway https://gateway.example.org --token-file officer-1.token',
      'nocturne audit anomalies --out anomalies --site /srv/nocturne',
    ],
  })
  addSourceOptions(command)
    .option('--out <dir>', 'folder for the same as CSV and JSON, with the entries and their proofs')
    .action(async ({ out, ...options }: SourceOptions & Partial<PackOptions>) => {
      if (out === undefined) return showAnomalies(options, cli)
      const { writePack } = await import('../../officer/packs.js')
      await writePack({ ...options, out }, cli, {
        path: '/v1/audit/anomalies/pack',
        make: (officer, actor) => officer.anomalies(actor),
      })
    })
}

async function showAnomalies(
  options: SourceOptions & { readonly json?: boolean },
  cli: Cli,
): Promise<void> {
  const output = cli.output(options)
  const [{ anomaliesAnswer }, { parseAnswer }] = await Promise.all([
    import('../../../protocol/http/audit.js'),
    import('../../parse-answer.js'),
  ])
  const answer = await readLedger(options, cli, output, {
    what: 'own event',
    live: async (client) =>
      parseAnswer(anomaliesAnswer, await client.json({ path: '/v1/audit/anomalies' })),
    direct: async ({ officer }) =>
      parseAnswer(anomaliesAnswer, await officer.keeping.anomalies(SITE_ACTOR)),
  })
  const { anomalies, end } = answer
  if (anomalies.length === 0) output.print('nothing unusual since the last review')
  else
    output.table(
      ['RULE', 'WHO', 'WHY', 'ENTRIES'],
      anomalies.map(({ rule, subject, reason, entries }) => [
        ...[rule, subject, reason, entries.join(' ')],
      ]),
    )
  output.print(
    `look at an entry: nocturne audit query --start INDEX --limit 1; record the review: nocturne audit review --until ${end} --finding WORD`,
  )
  output.json(answer)
}
