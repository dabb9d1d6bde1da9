import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError } from '../../command-error.js'
import type { Output } from '../../output.js'
import type { SiteProblem } from '../../../config/index.js'
import type { Weakness } from '../../site/start-check.js'

interface CheckOptions {
  readonly site: string
  readonly weaknesses: boolean
  readonly json?: boolean
}

export const registerCheck: Register = (parent, cli) => {
  define(parent, {
    usage: 'check',
    summary:
      'check the configuration, keys, stores and safeguards of a site, and report what to correct',
    examples: ['nocturne check --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option('--no-weaknesses', 'leave out what keeps the self-assessment from being satisfied')
    .action(async (options: CheckOptions) => {
      const output = cli.output(options)
      const { checkSite } = await import('../../site/site-check.js')
      const { dir, problems, warnings, weaknesses } = await checkSite(
        options.site,
        process.env,
        new Date(),
        options.weaknesses,
      )
      for (const one of [...problems, ...warnings]) {
        output.print(`${problems.includes(one) ? '' : 'warning: '}${placeOf(one)}: ${one.problem}`)
        output.print(`  ${one.hint}`)
      }
      printWeaknesses(output, weaknesses)
      output.json({
        ...{ ok: problems.length === 0, dir, problems, warnings },
        ...(options.weaknesses && { weaknesses }),
      })
      if (problems.length === 0) output.print(`${dir} is ready to serve`)
      else output.failed(found(problems.length))
    })
}

function printWeaknesses(output: Output, weaknesses: readonly Weakness[]): void {
  for (const { check, rows, problem, hint } of weaknesses) {
    output.print(`weakness: ${check} (${rows.join(', ')}): ${problem}`)
    output.print(`  ${hint}`)
  }
}

const placeOf = ({ path, line }: SiteProblem) =>
  line === undefined ? path : `${path} (nocturne.yaml line ${line})`

const found = (count: number) =>
  new CommandError(`the site has ${count === 1 ? 'one problem' : `${count} problems`}`, {
    code: 'site_invalid',
    hint: 'correct the problems listed, then run nocturne check again',
  })
