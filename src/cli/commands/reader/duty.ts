import { z } from 'zod'
import { instant } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface DutyOptions extends GatewayOptions {
  readonly json?: boolean
}

interface SwapOptions extends DutyOptions {
  readonly group: string
  readonly from: string
  readonly to: string
  readonly starts: string
  readonly ends: string
}

const text = z.string().max(200)
const people = z.array(text).max(1_000)
const dutyAnswer = z.looseObject({
  groups: z
    .array(
      z.looseObject({
        id: text,
        timezone: text,
        hasRoster: z.boolean(),
        now: z.looseObject({ readers: people, backups: people }).optional(),
        shifts: z
          .array(z.looseObject({ from: text, until: text, readers: people, backups: people }))
          .max(10_000)
          .optional(),
      }),
    )
    .max(1_000),
})

export const registerDuty: Register = (parent, cli) => {
  const group = defineGroup(parent, 'duty', 'show who is on duty, and swap shifts')

  const show = define(group, {
    usage: 'show',
    summary: 'show who is on duty now and in the coming week',
    examples: [
      'nocturne duty show --gateway https://gateway.example.org --token-file reader-1.token',
    ],
  })
  addGatewayOptions(show).action(async (options: DutyOptions) => {
    const output = cli.output(options)
    const { parseAnswer } = await import('../../parse-answer.js')
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(dutyAnswer, await client.json({ path: '/v1/duty' })),
    )
    output.json(answer)
    for (const { id, timezone, hasRoster, now, shifts = [] } of answer.groups) {
      if (!hasRoster || !now) {
        output.print(`${id}: no roster, so every reader of the group is notified`)
        continue
      }
      const backups = now.backups.length > 0 ? `, backup ${now.backups.join(', ')}` : ''
      output.print(`${id} (${timezone}): now ${now.readers.join(', ') || 'nobody'}${backups}`)
      output.table(
        ['FROM', 'UNTIL', 'READERS', 'BACKUPS'],
        shifts.map((one) => [one.from, one.until, one.readers.join(', '), one.backups.join(', ')]),
      )
    }
  })

  const swap = define(group, {
    usage: 'swap',
    summary: 'record that one reader takes over the duty of another',
    examples: [
      'nocturne duty swap --group nights --from reader-1 --to reader-2 --starts 2026-12-24T18:00:00-06:00 --ends 2026-12-25T08:00:00-06:00 --gateway https://gateway.example.org --token-file reader-1.token',
    ],
  })
    .requiredOption('--group <id>', 'reading group')
    .requiredOption('--from <reader>', 'reader who gives up the duty')
    .requiredOption('--to <reader>', 'reader who takes it over')
    .requiredOption('--starts <time>', 'start of the swap', instant)
    .requiredOption('--ends <time>', 'end of the swap', instant)
  addGatewayOptions(swap).action(async (options: SwapOptions) => {
    const output = cli.output(options)
    const { parseAnswer } = await import('../../parse-answer.js')
    const { group: of, from, to, starts, ends } = options
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(
        z.looseObject({ id: text, receipt: z.string().max(100_000) }),
        await client.post('/v1/duty', { group: of, giver: from, taker: to, starts, ends }),
      ),
    )
    output.json(answer)
    output.print(`${to} takes over the duty of ${from} from ${starts} until ${ends}`)
  })
}
