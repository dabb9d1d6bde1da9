import { Option } from 'commander'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { BODY_REGIONS } from '../../../protocol/case-requests.js'
import { partText } from './part-text.js'

interface ShareOptions extends GatewayOptions {
  readonly region: string
  readonly to: string
  readonly json?: boolean
}

export const registerShare: Register = (group, cli) => {
  const command = define(group, {
    usage: 'share',
    summary: 'give a body region of a case to another reader, who reports it as a part',
    examples: [
      `nocturne case share K7Q-4MD --to reader-2 --region chest --gateway https://gateway.example.org --token-file reader-1.token`,
    ],
  })
    .argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
    .addOption(
      new Option('--region <region>', 'body region that the part is about')
        .choices(BODY_REGIONS)
        .makeOptionMandatory(),
    )
    .requiredOption('--to <reader|group>', 'reader of the group, or the group for any of them')
  addGatewayOptions(command).action(async (of: string, options: ShareOptions) => {
    const output = cli.output(options)
    const [{ parseAnswer }, { caseAnswer }] = await Promise.all([
      import('../../parse-answer.js'),
      import('../../../protocol/http/cases.js'),
    ])
    const { region, to } = options
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(caseAnswer, await client.post(`/v1/cases/${of}/share`, { region, to })),
    )
    output.json(answer)
    output.print(`${answer.case.code} is ${partText(answer.case)}; it is reported on its own`)
  })
}
