import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError } from '../../command-error.js'

interface TokenRevokeOptions {
  readonly site: string
  readonly principal?: string
  readonly json?: boolean
}

export const registerTokenRevoke: Register = (parent, cli) => {
  define(parent, {
    usage: 'revoke [id]',
    summary: 'revoke a token, or all of a principal, effective from the next request',
    examples: [
      'nocturne token revoke 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --site /srv/nocturne',
      'nocturne token revoke --principal reader-1 --site /srv/nocturne',
    ],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .option('--principal <id>', 'revoke every token and session of this principal')
    .action(async (id: string | undefined, options: TokenRevokeOptions) => {
      const output = cli.output(options)
      const { principal } = options
      if ((id === undefined) === (principal === undefined))
        throw new CommandError('give a token ID or --principal', {
          code: 'usage',
          hint: 'nocturne token list names the tokens and whose they are',
        })
      const { SITE_ACTOR, withRooms } = await import('../../site/site.js')
      if (id === undefined) {
        const count = await withRooms(options.site, ({ tokens }) =>
          tokens.revokeAll(principal ?? '', SITE_ACTOR),
        )
        output.print(`revoked ${String(count)} tokens of ${principal ?? ''}`)
        output.json({ principal, revoked: count })
        return
      }
      await withRooms(options.site, ({ tokens }) => tokens.revoke(id, SITE_ACTOR))
      output.print(`revoked ${id}`)
      output.json({ id, state: 'revoked' })
    })
}
