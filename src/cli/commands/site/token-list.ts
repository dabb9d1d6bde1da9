import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface TokenListOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerTokenList: Register = (parent, cli) => {
  define(parent, {
    usage: 'list',
    summary: 'list the tokens of a site, without their secrets',
    examples: ['nocturne token list --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (options: TokenListOptions) => {
      const output = cli.output(options)
      const { withRooms } = await import('../../site/site.js')
      const now = Date.now()
      const tokens = await withRooms(options.site, ({ tokens }) => tokens.list())
      const shown = tokens.map(({ id, principal, method, ...token }) => ({
        id,
        principal,
        method,
        state: stateOf(token, now),
        createdAt: time(token.createdAt),
        expiresAt: time(token.expiresAt),
        lastUsedAt: token.lastUsedAt === undefined ? undefined : time(token.lastUsedAt),
      }))
      output.table(
        ['TOKEN', 'PRINCIPAL', 'GIVEN', 'STATE', 'EXPIRES', 'LAST USED'],
        shown.map(({ id, principal, method, state, expiresAt, lastUsedAt }) => [
          id,
          principal,
          method,
          state,
          expiresAt,
          lastUsedAt ?? 'never',
        ]),
      )
      output.json({ tokens: shown })
    })
}

const time = (milliseconds: number) => new Date(milliseconds).toISOString()

function stateOf(
  token: { readonly revokedAt: number | undefined; readonly expiresAt: number },
  now: number,
): 'valid' | 'expired' | 'revoked' {
  if (token.revokedAt !== undefined) return 'revoked'
  return token.expiresAt <= now ? 'expired' : 'valid'
}
