import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface TokenRevokeOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerTokenRevoke: Register = (parent, cli) => {
  define(parent, {
    usage: 'revoke <id>',
    summary: 'revoke a token by its id, effective from the next request',
    examples: ['nocturne token revoke 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (id: string, options: TokenRevokeOptions) => {
      const output = cli.output(options)
      const { SITE_ACTOR, withRooms } = await import('../../site/site.js')
      await withRooms(options.site, ({ tokens }) => tokens.revoke(id, SITE_ACTOR))
      output.print(`revoked ${id}`)
      output.json({ id, state: 'revoked' })
    })
}
