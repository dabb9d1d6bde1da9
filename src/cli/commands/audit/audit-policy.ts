import { define } from '../../command.js'
import type { Register } from '../../command.js'

interface PolicyOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerAuditPolicy: Register = (parent, cli) => {
  define(parent, {
    usage: 'policy',
    summary: 'print the policy (c2sp.org/tlog-policy) for verifying receipts of this site',
    examples: ['nocturne audit policy --site /srv/nocturne > gateway.policy'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (options: PolicyOptions) => {
      const output = cli.output(options)
      const [{ openSite }, { formatPolicy }, { verifierKeyOf }] = await Promise.all([
        import('../../site/site.js'),
        import('../../../ledger/witness/index.js'),
        import('../../../ledger/published/index.js'),
      ])
      const { config, secrets } = await openSite(options.site)
      const key = verifierKeyOf(config.gateway.name, secrets.ledgerKey)
      const policy = formatPolicy(key, config.witnesses)
      output.printText(policy)
      output.json({ policy })
    })
}
