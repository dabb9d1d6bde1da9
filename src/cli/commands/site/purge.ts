import type { RetentionAnswer } from '../../../protocol/http/audit.js'
import { addSourceOptions, checkSource } from '../../audit/audit-source.js'
import type { SourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError, usageError } from '../../command-error.js'
import { count } from '../../format.js'
import { withGateway } from '../../gateway-options.js'
import type { Output } from '../../output.js'

interface PurgeOptions extends SourceOptions {
  readonly dryRun?: boolean
  readonly confirmClock?: boolean
  readonly json?: boolean
}

export const registerPurge: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'purge',
    summary:
      'remove contents past the retention of the site, as the gateway does every hour; --dry-run shows them',
    examples: [
      'nocturne purge --site /srv/nocturne --dry-run',
      'nocturne purge --gateway https://gateway.example.org --token-file officer-1.token --dry-run',
    ],
  })
  addSourceOptions(command)
    .option('--dry-run', 'only show what would be removed, and what is kept for which reason')
    .option('--confirm-clock', 'the clock of this machine is right, although it is not trusted')
    .action(async (options: PurgeOptions) => {
      const output = cli.output(options)
      const isDry = options.dryRun === true
      const source = checkSource(options)
      if ('gateway' in source) {
        if (options.confirmClock === true)
          throw usageError(
            'the clock of a gateway is confirmed on its machine',
            'use --site instead of --gateway',
          )
        if (!isDry)
          throw usageError(
            'a gateway removes what is past its retention automatically',
            'add --dry-run to see the plan, or use --site on the machine of the gateway',
          )
        const [{ retentionAnswer }, { parseAnswer }] = await Promise.all([
          import('../../../protocol/http/audit.js'),
          import('../../parse-answer.js'),
        ])
        const answer = await withGateway(source, cli, output, async (client) =>
          parseAnswer(retentionAnswer, await client.json({ path: '/v1/audit/retention' })),
        )
        show(output, answer)
        output.json(answer)
        return
      }
      await purgeSite(source.site, options, output)
    })
}

async function purgeSite(
  dir: string,
  { dryRun = false, confirmClock = false }: PurgeOptions,
  output: Output,
): Promise<void> {
  const [{ withRooms, SITE_ACTOR }, { retentionAnswer }] = await Promise.all([
    import('../../site/site.js'),
    import('../../../retention/index.js'),
  ])
  await withRooms(dir, async ({ retention, timekeeping }) => {
    if (confirmClock) await timekeeping.confirm(SITE_ACTOR)
    if (dryRun) {
      const answer = retentionAnswer(await retention.plan())
      show(output, answer)
      output.json(answer)
      return
    }
    const { expired, objects, clock } = await retention.run()
    if (clock) throw untrusted(clock)
    output.print(
      `${count(expired, 'case or held item', 'cases and held items')} expired; ${count(objects, 'object')} removed`,
    )
    output.json({ expired, objects })
  })
}

const untrusted = ({ problem, hint }: NonNullable<RetentionAnswer['clock']>) =>
  new CommandError(problem, { code: 'clock_untrusted', hint })

const STAGES = {
  closed: 'contents',
  quarantine: 'held item',
  reports: 'reports and crosswalks',
} as const

const REASONS: Readonly<Record<string, string>> = {
  hold: 'a legal hold',
  report: 'a report that the facility has not acknowledged',
  critical: 'a critical result that nobody has read back',
  arriving: 'items that are still arriving',
  open: 'its case, which has not ended',
  clock: 'a clock that is not trusted',
}

type Shown = Pick<RetentionAnswer, 'days' | 'due' | 'handovers' | 'more' | 'clock'>

const whyKept = (reason: string | undefined): string =>
  reason === undefined ? '' : `; kept because of ${REASONS[reason] ?? reason}`

function show(output: Output, { days, due, handovers, more, clock }: Shown): void {
  const terms = Object.entries(days).map(([stage, period]) => `${stage} ${String(period)} days`)
  output.print(terms.length > 0 ? terms.join(', ') : 'this site keeps everything: see retention')
  for (const { stage, code, id, facility, since, blockedBy } of due) {
    const what = STAGES[stage as keyof typeof STAGES]
    output.print(`${code ?? id}  ${what}, ${facility}, since ${since}${whyKept(blockedBy)}`)
  }
  if (handovers)
    output.print(
      `${count(handovers.due, 'note of a hand-over', 'notes of hand-overs')}${whyKept(handovers.blockedBy)}`,
    )
  const kept = due.filter(({ blockedBy }) => blockedBy !== undefined).length
  output.print(`${count(due.length - kept, 'removal')} due, ${String(kept)} kept`)
  if (more) output.warn('there are more than are listed')
  if (clock) output.warn(`${clock.problem}: ${clock.hint}`)
}
