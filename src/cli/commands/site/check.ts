import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError } from '../../command-error.js'
import type { SiteProblem } from '../../../config/index.js'

interface CheckOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerCheck: Register = (parent, cli) => {
  define(parent, {
    usage: 'check',
    summary: 'check the configuration, keys and stores of a site, and report what to correct',
    examples: ['nocturne check --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (options: CheckOptions) => {
      const output = cli.output(options)
      const { checkSite } = await import('../../site/site-check.js')
      const { dir, problems, warnings } = await checkSite(options.site, process.env)
      for (const one of [...problems, ...warnings]) {
        output.print(`${problems.includes(one) ? '' : 'warning: '}${placeOf(one)}: ${one.problem}`)
        output.print(`  ${one.hint}`)
      }
      output.json({ ok: problems.length === 0, dir, problems, warnings })
      if (problems.length === 0) output.print(`${dir} is ready to serve`)
      else output.failed(found(problems.length))
    })
}

const placeOf = ({ path, line }: SiteProblem) =>
  line === undefined ? path : `${path} (nocturne.yaml line ${line})`

const found = (count: number) =>
  new CommandError(`the site has ${count === 1 ? 'one problem' : `${count} problems`}`, {
    code: 'site_invalid',
    hint: 'correct the problems listed, then run nocturne check again',
  })
