import { instant } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface HoldOptions extends GatewayOptions {
  readonly facility?: string
  readonly transfer?: string
  readonly patient?: string
  readonly actor?: string
  readonly from?: string
  readonly until?: string
  readonly json?: boolean
}

const SCOPE = ['facility', 'transfer', 'patient', 'actor', 'from', 'until'] as const

const GATEWAY = '--gateway https://gateway.example.org --token-file officer-1.token'

export const registerAuditHold: Register = (parent, cli) => {
  const group = defineGroup(
    parent,
    'hold',
    'legal holds: events that are not pruned while a hold is in force',
  )
  registerAdd(group, cli)
  registerRemove(group, cli)
  registerList(group, cli)
}

const registerAdd: Register = (group, cli) => {
  const add = define(group, {
    usage: 'add',
    summary: 'keep the events that match all of the options, regardless of age',
    examples: [
      `nocturne audit hold add --facility facility-a --from 2026-01-01 --until 2026-04-01 ${GATEWAY}`,
    ],
  })
  addGatewayOptions(add)
    .option('--facility <id>', 'only events of this facility')
    .option('--transfer <id>', 'only events of this transfer')
    .option(
      '--patient <handle>',
      'handle of a patient, as shown by `nocturne audit patient`; also keeps the events of their transfers',
    )
    .option('--actor <id>', 'only events caused by this principal')
    .option('--from <time>', 'on or after this date or instant', instant)
    .option('--until <time>', 'before this date or instant', instant)
    .action(async (options: HoldOptions) => {
      const output = cli.output(options)
      const scope = Object.fromEntries(SCOPE.map((name) => [name, options[name]]))
      if (Object.values(scope).every((value) => value === undefined))
        throw usageError('a hold must not cover everything', 'give at least one of its options')
      const [{ holdAnswer }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/audit.js'),
        import('../../parse-answer.js'),
      ])
      const answer = await withGateway(options, cli, output, async (client) =>
        parseAnswer(holdAnswer, await client.post('/v1/audit/holds', scope)),
      )
      output.print(`held under ${answer.id}`)
      output.json(answer)
    })
}

const registerRemove: Register = (group, cli) => {
  const remove = define(group, {
    usage: 'remove <id>',
    summary: 'end a hold: events past their retention may be pruned again',
    examples: [`nocturne audit hold remove 01985b2e-7c11-7f3a-9d52-1f0c5a9be001 ${GATEWAY}`],
  })
  addGatewayOptions(remove).action(async (id: string, options: HoldOptions) => {
    const output = cli.output(options)
    const [{ holdAnswer }, { parseAnswer }] = await Promise.all([
      import('../../../protocol/http/audit.js'),
      import('../../parse-answer.js'),
    ])
    const path = `/v1/audit/holds/${encodeURIComponent(id)}/remove`
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(holdAnswer, await client.post(path)),
    )
    output.print(`ended ${answer.id}`)
    output.json(answer)
  })
}

const registerList: Register = (group, cli) => {
  const list = define(group, {
    usage: 'list',
    summary: 'show the holds in force',
    examples: [`nocturne audit hold list ${GATEWAY}`],
  })
  addGatewayOptions(list).action(async (options: HoldOptions) => {
    const output = cli.output(options)
    const [{ holdsAnswer }, { parseAnswer }] = await Promise.all([
      import('../../../protocol/http/audit.js'),
      import('../../parse-answer.js'),
    ])
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(holdsAnswer, await client.json({ path: '/v1/audit/holds' })),
    )
    const scopeOf = (hold: (typeof answer.holds)[number]) =>
      SCOPE.flatMap((name) => {
        const value = hold[name]
        return typeof value === 'string' ? [`${name} ${value}`] : []
      }).join(', ')
    if (answer.holds.length === 0) output.print('no legal holds')
    else
      output.table(
        ['ID', 'SINCE', 'BY', 'EVENTS'],
        answer.holds.map((hold) => [hold.id, hold.since, hold.by, scopeOf(hold)]),
      )
    output.json(answer)
  })
}
