import { wholeNumber } from '../../arguments.js'
import { addSourceOptions } from '../../audit/audit-source.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import type { PackOptions } from '../../officer/packs.js'

export const registerProviderAudit: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'provider-audit <group>',
    summary: 'audit a contracted reading group for a year: one PDF, and a pack that proves it',
    examples: ['nocturne provider-audit nights --year 2026 --out nights-2026 --site /srv/nocturne'],
  })
  addSourceOptions(command)
    .requiredOption(
      '--year <year>',
      'the current one is audited up to now',
      wholeNumber(2000, 2200),
    )
    .requiredOption('--out <dir>', 'folder to write')
    .action(async (group: string, options: PackOptions & { readonly year: number }) => {
      const { writePack } = await import('../../officer/packs.js')
      const { year } = options
      await writePack(options, cli, {
        path: `/v1/provider-audits/${encodeURIComponent(group)}?year=${year}`,
        make: (officer, actor) => officer.auditProvider(actor, { group, year }),
      })
    })
}

export const registerSafeguards: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'safeguards',
    summary: 'map the safeguards from origin to distant site: SVG, inventory, PDF, weak points',
    examples: ['nocturne safeguards --out safeguards --site /srv/nocturne'],
  })
  addSourceOptions(command)
    .requiredOption('--out <dir>', 'folder to write')
    .action(async (options: PackOptions) => {
      const { writePack } = await import('../../officer/packs.js')
      await writePack(options, cli, {
        path: '/v1/safeguards',
        make: (officer, actor, url) => officer.safeguards(actor, url),
      })
    })
}

export const registerPractices: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'practices',
    summary: 'report since when recognised security practices have been in place, with proofs',
    examples: ['nocturne practices --out practices --site /srv/nocturne'],
  })
  addSourceOptions(command)
    .requiredOption('--out <dir>', 'folder to write')
    .action(async (options: PackOptions) => {
      const { writePack } = await import('../../officer/packs.js')
      await writePack(options, cli, {
        path: '/v1/practices',
        make: (officer, actor) => officer.practices(actor),
      })
    })
}
