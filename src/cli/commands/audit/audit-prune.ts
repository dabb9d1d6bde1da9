import type { PrunePlan } from '../../../ledger/retention/index.js'
import { addSourceOptions, checkSource } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { count } from '../../format.js'
import { withGateway } from '../../gateway-options.js'
import type { Output } from '../../output.js'

interface PruneCommandOptions extends SourceOptions {
  readonly dryRun?: boolean
  readonly json?: boolean
}

export const registerAuditPrune: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'prune',
    summary:
      'delete entries past their retention: an officer proposes it at the gateway, the operator carries it out at the site',
    examples: [
      'nocturne audit prune --gateway https://gateway.example.org --token-file officer-1.token',
      'nocturne audit prune --site /srv/nocturne',
    ],
  })
  addSourceOptions(command)
    .option('--dry-run', 'only show what would be pruned and what prevents it')
    .action(async (options: PruneCommandOptions) => {
      const output = cli.output(options)
      const isDry = options.dryRun === true
      const source = checkSource(options)
      if ('gateway' in source) {
        const [{ planAnswer }, { parseAnswer }] = await Promise.all([
          import('../../../protocol/http/audit.js'),
          import('../../parse-answer.js'),
        ])
        const path = '/v1/audit/prune'
        const answer = await withGateway(source, cli, output, async (client) =>
          parseAnswer(planAnswer, await (isDry ? client.json({ path }) : client.post(path))),
        )
        show(output, answer, isDry ? 'would be pruned' : 'proposed to be pruned')
        if (!isDry) output.print('the operator has 30 days: nocturne audit prune --site DIR')
        output.json(answer)
        return
      }
      const { report, left } = await atSite(source.site, isDry)
      show(output, report, isDry ? 'would be pruned' : 'pruned; their hashes are kept')
      if (left > 0)
        output.warn(
          `${count(left, 'published file')} could not be removed yet: run the command again later`,
        )
      output.json(report)
    })
}

async function atSite(dir: string, isDry: boolean): Promise<{ report: PrunePlan; left: number }> {
  const [{ SITE_ACTOR, withRooms }, { randomName }] = await Promise.all([
    import('../../site/site.js'),
    import('../../../lib/ids.js'),
  ])
  return withRooms(dir, async ({ pruning }) => {
    if (isDry) return { report: await pruning.plan(), left: 0 }
    const report = await pruning.prune(SITE_ACTOR, randomName())
    return { report, left: report.left }
  })
}

type Shown = Pick<PrunePlan, 'before' | 'years' | 'entries' | 'held'> & {
  readonly locked?: PrunePlan['locked'] | undefined
}

function show(output: Output, plan: Shown, what: string): void {
  const { before, years, entries, held, locked } = plan
  output.print(
    `${count(entries, 'entry', 'entries')} from before ${before} (${years} years) ${what}`,
  )
  if (held > 0)
    output.print(
      `${count(held, 'entry', 'entries')} equally old are kept because their bundle contains a protected one`,
    )
  if (locked)
    output.print(
      `${count(locked.entries, 'entry', 'entries')} equally old are kept: the bucket locks them until ${locked.until}`,
    )
}
