import { instant } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { formatSeconds } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface TurnaroundOptions extends GatewayOptions {
  readonly from: string
  readonly until?: string
  readonly csv?: string
  readonly json?: boolean
}

export const registerTurnaround: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'turnaround',
    summary: 'show how long cases took, and how many targets were missed',
    examples: [
      'nocturne turnaround --from 2026-11-01 --until 2026-12-01 --csv november.csv --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addGatewayOptions(command)
    .requiredOption('--from <time>', 'cases that became available from then on', instant)
    .option('--until <time>', 'end of the period; the current time if omitted', instant)
    .option('--csv <file>', 'write the figures as CSV')
    .action(async (options: TurnaroundOptions) => {
      const output = cli.output(options)
      const [{ figuresAnswer, FIGURE_COLUMNS }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/figures.js'),
        import('../../parse-answer.js'),
      ])
      const { from, until, csv } = options
      const query = new URLSearchParams({ from, ...(until !== undefined && { until }) })
      const { figures } = await withGateway(options, cli, output, async (client) =>
        parseAnswer(
          figuresAnswer,
          await client.json({ path: `/v1/turnaround?${query.toString()}` }),
        ),
      )
      output.json({ figures })
      if (csv !== undefined) {
        const [{ csvRecord }, { writeWhole, once }] = await Promise.all([
          import('../../../lib/csv.js'),
          import('../../local-write.js'),
        ])
        const lines = figures.map((one) =>
          csvRecord(FIGURE_COLUMNS.map((column) => String(one[column] ?? ''))),
        )
        const text = [csvRecord(FIGURE_COLUMNS), ...lines].join('')
        await writeWhole(csv, once(Buffer.from(text)))
      }
      if (figures.length === 0) output.print('no cases in that time')
      else
        output.table(
          ['FACILITY', 'GROUP', 'PRIORITY', 'STEP', 'CASES', 'MEDIAN', '90 %', 'MISSED'],
          figures.map((one) => [
            one.facility,
            one.group,
            one.priority,
            one.kind,
            String(one.cases),
            one.medianSeconds === undefined ? '' : formatSeconds(one.medianSeconds),
            one.p90Seconds === undefined ? '' : formatSeconds(one.p90Seconds),
            String(one.missed),
          ]),
        )
    })
}
