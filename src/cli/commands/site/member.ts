import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface MemberOptions extends GatewayOptions {
  readonly principal: string
  readonly group: string
  readonly json?: boolean
}

const GATEWAY = '--gateway https://gateway.example.org --token-file officer-1.token'

export const registerMember: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'member',
    'readers who wait to join a group, where the site asks two people (directory.confirm)',
  )
  const list = define(group, {
    usage: 'list',
    summary: 'show who waits; for an officer or operator',
    examples: [`nocturne member list ${GATEWAY}`],
  })
  addGatewayOptions(list).action(async (options: GatewayOptions & { readonly json?: boolean }) => {
    const output = cli.output(options)
    const [{ membersAnswer }, { parseAnswer }] = await Promise.all([
      import('../../../protocol/http/gateway.js'),
      import('../../parse-answer.js'),
    ])
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(membersAnswer, await client.json({ path: '/v1/members/waiting' })),
    )
    output.table(
      ['READER', 'GROUP'],
      answer.waiting.map((one) => [one.principal, one.group]),
    )
    output.json(answer)
  })

  const confirm = define(group, {
    usage: 'confirm',
    summary: 'confirm that a reader joins a group; for an officer or operator',
    examples: [`nocturne member confirm --principal reader-9 --group nights ${GATEWAY}`],
  })
  addGatewayOptions(confirm)
    .requiredOption('--principal <id>', 'the reader')
    .requiredOption('--group <id>', 'the group')
    .action(async (options: MemberOptions) => {
      const output = cli.output(options)
      const { principal, group: joined } = options
      const [{ memberAnswer }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/gateway.js'),
        import('../../parse-answer.js'),
      ])
      const answer = await withGateway(options, cli, output, async (client) =>
        parseAnswer(
          memberAnswer,
          await client.post('/v1/members/confirm', { principal, group: joined }),
        ),
      )
      output.print(`${principal} reads for ${joined} from now on`)
      output.json(answer)
    })
}
