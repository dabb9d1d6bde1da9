import { NocturneError } from '../../../lib/errors.js'
import { wholeNumber } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface TokenIssueOptions {
  readonly site: string
  readonly principal: string
  readonly days: number
  readonly out?: string
  readonly json?: boolean
}

const DEFAULT_DAYS = 90

export const registerTokenIssue: Register = (parent, cli) => {
  define(parent, {
    usage: 'issue',
    summary: 'issue a token, which is shown only once',
    examples: [
      'nocturne token issue --site /srv/nocturne --principal facility-a --days 90 --out facility-a.token',
    ],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .requiredOption('--principal <id>', 'a person or facility in nocturne.yaml')
    .option('--days <n>', 'days until it expires', wholeNumber(1, 366), DEFAULT_DAYS)
    .option('--out <file>', 'write it to this file (0600) instead of showing it')
    .action(async (options: TokenIssueOptions) => {
      const output = cli.output(options)
      const { site, principal, days, out } = options
      const [{ SITE_ACTOR, withRooms }, { checkFree, writeNewText }] = await Promise.all([
        import('../../site/site.js'),
        import('../../local-write.js'),
      ])
      // No token is made that could then not be written.
      if (out !== undefined) await checkFree(out)
      const issued = await withRooms(site, async ({ directory, tokens }) => {
        const found = directory.principal(principal)
        // The recovery key is proof by itself: a token would let someone without the key act for
        // it.
        if (!found || found.role === 'recovery') {
          throw new NocturneError('unknown_principal', { subject: principal })
        }
        return tokens.issue(principal, { days, actor: SITE_ACTOR })
      })
      const { id, token } = issued
      const expiresAt = new Date(issued.expiresAt).toISOString()
      if (out !== undefined) await writeNewText(out, `${token}\n`)
      output.print(out === undefined ? token : `token ${id} is in ${out} until ${expiresAt}`)
      output.json({ id, principal, expiresAt, ...(out === undefined ? { token } : { file: out }) })
    })
}
