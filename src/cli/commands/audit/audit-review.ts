import { InvalidArgumentError } from 'commander'
import { FINDINGS } from '../../../protocol/review-finding.js'
import type { Finding } from '../../../protocol/review-finding.js'
import type { ReviewAnswer } from '../../../protocol/http/audit.js'
import { wholeNumber } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { usageError } from '../../command-error.js'
import { count } from '../../format.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import type { Output } from '../../output.js'

interface ReviewOptions extends GatewayOptions {
  readonly until?: number
  readonly finding?: Finding
  readonly json?: boolean
}

export const registerAuditReview: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'review',
    summary: 'show what is due for review, or record a review',
    examples: [
      'nocturne audit review --gateway https://gateway.example.org --token-file officer-1.token',
      'nocturne audit review --until 4200 --finding nothing --gateway https://gateway.example.org --token-file officer-1.token',
    ],
  })
  addGatewayOptions(command)
    .option(
      '--until <index>',
      'record that you reviewed the events before this index',
      wholeNumber(1, 2 ** 49),
    )
    .option('--finding <word>', `what you found: ${FINDINGS.join(', ')}`, findingOf)
    .action(async (options: ReviewOptions) => {
      const output = cli.output(options)
      const { until, finding } = options
      if ((until === undefined) !== (finding === undefined))
        throw usageError(
          '--until and --finding go together',
          'give both to record a review, or neither to see what is due',
        )
      const [{ reviewAnswer }, { parseAnswer }] = await Promise.all([
        import('../../../protocol/http/audit.js'),
        import('../../parse-answer.js'),
      ])
      const path = '/v1/audit/review'
      const answer = await withGateway(options, cli, output, async (client) =>
        parseAnswer(
          reviewAnswer,
          await (until === undefined
            ? client.json({ path })
            : client.post(path, { until, finding })),
        ),
      )
      show(output, answer)
      output.json(answer)
    })
}

function findingOf(word: string): Finding {
  const found = FINDINGS.find((one) => one === word)
  if (found) return found
  throw new InvalidArgumentError(`give one of ${FINDINGS.join(', ')}`)
}

function show(output: Output, answer: ReviewAnswer): void {
  const { reviewed, last, size, due, nextBy, isOverdue } = answer
  output.print(
    last
      ? `reviewed up to index ${reviewed} by ${last.by} at ${last.at}: ${last.finding}`
      : 'not reviewed yet',
  )
  output.print(
    `${count(size - reviewed, 'event')} since, ${due} of them to be reviewed: nocturne audit query --question due`,
  )
  if (nextBy !== undefined)
    output.print(isOverdue ? `overdue since ${nextBy}` : `the next review is due by ${nextBy}`)
}
