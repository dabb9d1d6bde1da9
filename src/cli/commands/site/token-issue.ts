import { X509Certificate } from 'node:crypto'
import { NocturneError } from '../../../lib/errors.js'
import { wholeNumber } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { CommandError, usageError } from '../../command-error.js'

interface TokenIssueOptions {
  readonly site: string
  readonly principal: string
  readonly days: number
  readonly out?: string
  readonly certificate?: string
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
    .option(
      '--certificate <file>',
      'bind it to this TLS client certificate (PEM): without it, the token is not accepted',
    )
    .action(async (options: TokenIssueOptions) => {
      const output = cli.output(options)
      const { site, principal, days, out } = options
      const [{ SITE_ACTOR, withRooms }, { checkFree, writeNewText }] = await Promise.all([
        import('../../site/site.js'),
        import('../../local-write.js'),
      ])
      // No token is made that could then not be written.
      if (out !== undefined) await checkFree(out)
      const bound = options.certificate === undefined ? {} : await boundTo(options.certificate)
      const issued = await withRooms(site, async ({ directory, tokens, site: { config } }) => {
        if ('certificate' in bound && config.gateway.tls?.clientCertificates !== true)
          throw usageError(
            'this gateway does not ask clients for a certificate',
            'write gateway.tls.clientCertificates: true in nocturne.yaml, and restart the gateway',
          )
        const found = directory.principal(principal)
        // The recovery key is proof by itself: a token would let someone without the key act for
        // it.
        if (!found || found.role === 'recovery') {
          throw new NocturneError('unknown_principal', { subject: principal })
        }
        return tokens.issue(principal, { days, actor: SITE_ACTOR, ...bound })
      })
      const { id, token } = issued
      const expiresAt = new Date(issued.expiresAt).toISOString()
      if (out !== undefined) await writeNewText(out, `${token}\n`)
      output.print(out === undefined ? token : `token ${id} is in ${out} until ${expiresAt}`)
      output.json({ id, principal, expiresAt, ...(out === undefined ? { token } : { file: out }) })
    })
}

async function boundTo(file: string): Promise<{ readonly certificate: string }> {
  const { readSmallText } = await import('../../secret-file.js')
  const pem = await readSmallText(file)
  try {
    const { fingerprint256 } = new X509Certificate(pem)
    return { certificate: fingerprint256.replaceAll(':', '').toLowerCase() }
  } catch (cause) {
    throw new CommandError(`the file is not a TLS certificate: ${file}`, {
      code: 'certificate_unreadable',
      hint: 'give the X.509 certificate in PEM, without its key',
      cause,
    })
  }
}
