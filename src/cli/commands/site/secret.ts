import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'

interface SecretNewOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerSecret: Register = (parent, cli) => {
  const group = defineGroup(parent, 'secret', 'make the secrets that pseudonyms are derived from')
  define(group, {
    usage: 'new <facility>',
    summary: 'make the secret for a facility that was added to nocturne.yaml',
    examples: ['nocturne secret new facility-b --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (facility: string, options: SecretNewOptions) => {
      const output = cli.output(options)
      const { addFacilitySecret } = await import('../../../config/init/index.js')
      const file = await addFacilitySecret(options.site, facility)
      output.print(`the secret of ${facility} is in ${file}`)
      output.print('copy the same file to any other gateway of this site, and keep a copy offline')
      output.json({ facility, file })
    })
}
