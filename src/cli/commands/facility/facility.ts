import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'

interface RotateOptions {
  readonly site: string
  readonly json?: boolean
}

export const registerFacility: Register = (parent, cli) => {
  const group = defineGroup(parent, 'facility', "manage a facility's secret at the gateway")
  define(group, {
    usage: 'rotate-key <facility>',
    summary:
      "give a facility's patients and UIDs new pseudonyms from the next start of the gateway",
    examples: ['nocturne facility rotate-key facility-a --site /srv/nocturne'],
  })
    .requiredOption('--site <dir>', "the site's folder")
    .action(async (facility: string, options: RotateOptions) => {
      const output = cli.output(options)
      const { rotateFacilitySecret } = await import('../../../config/init/index.js')
      const { file, retired } = await rotateFacilitySecret(options.site, facility)
      output.print(`the new secret of ${facility} is in ${file}`)
      output.print(`the previous one is kept in ${retired}: the officer's search needs it`)
      output.print(
        'restart the gateway now; copy both files to any other gateway of this site first',
      )
      output.json({ facility, file, retired })
    })
}
