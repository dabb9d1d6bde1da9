import { Option } from 'commander'
import type { Command } from 'commander'
import { transferId } from '../../arguments.js'
import { define, defineGroup } from '../../command.js'
import type { Cli, Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'
import { addKeyOptions, readKey } from '../../key-options.js'
import type { KeyOptions } from '../../key-options.js'
import { FEEDBACK_SCORES } from '../../../protocol/feedback.js'
import type { FeedbackScore } from '../../../protocol/feedback.js'

const ACCESS = '--gateway https://gateway.example.org --token-file'

interface ListOptions extends GatewayOptions {
  readonly json?: boolean
}

interface GiveOptions extends ListOptions, KeyOptions {
  readonly text: string
  readonly score?: FeedbackScore
}

export const registerFeedback: Register = (parent, cli) => {
  const group = defineGroup(parent, 'feedback', 'reviews of reports, for their author alone')
  registerGive(group, cli)
  registerList(group, cli)
  registerRead(group, cli)
}

function registerGive(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'give',
    summary: 'review a report: signed by you, and sealed to its author',
    examples: [
      `nocturne feedback give K7Q-4MD --text review.txt --score 2a ${ACCESS} facility-a.token --key facility-a.asc`,
    ],
  })
  addKeyOptions(addGatewayOptions(command))
    .argument('<report>', 'ID of the report, or code of the case for its newest report')
    .requiredOption('--text <file>', 'what you have to say')
    .addOption(
      new Option('--score <score>', 'RADPEER score; sealed like the text').choices([
        ...FEEDBACK_SCORES,
      ]),
    )
    .action(async (name: string, options: GiveOptions) => {
      const output = cli.output(options)
      const [{ giveFeedback }, { readSmallText }] = await Promise.all([
        import('../../reader/reporting/feedback.js'),
        import('../../secret-file.js'),
      ])
      const review = { text: await readSmallText(options.text), score: options.score }
      const key = await readKey(options, output)
      const answer = await withGateway(options, cli, output, (client) =>
        giveFeedback(client, key, name, review),
      )
      output.json(answer)
      output.print(`sent to ${answer.feedback.author}, about the report on ${answer.feedback.code}`)
    })
}

function registerList(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'list',
    summary: 'list the feedback that you gave or were given, the newest first',
    examples: [`nocturne feedback list ${ACCESS} reader-1.token`],
  })
  addGatewayOptions(command).action(async (options: ListOptions) => {
    const output = cli.output(options)
    const { listFeedback } = await import('../../reader/reporting/feedback.js')
    const feedback = await withGateway(options, cli, output, listFeedback)
    output.json({ feedback })
    if (feedback.length === 0) {
      output.print('no feedback')
      return
    }
    output.table(
      ['FEEDBACK', 'CASE', 'FROM', 'TO', 'GIVEN', 'READ'],
      feedback.map((one) => [
        ...[one.id, one.code, one.giver, one.author, one.givenAt],
        one.readAt ?? '',
      ]),
    )
  })
}

function registerRead(group: Command, cli: Cli): void {
  const command = define(group, {
    usage: 'read',
    summary: 'open feedback on your own report',
    examples: [
      `nocturne feedback read 01a2009c-9db1-745d-850b-797a6f4cdc7c ${ACCESS} reader-1.token --key reader-1.asc`,
    ],
  })
  addKeyOptions(addGatewayOptions(command))
    .argument('<id>', 'ID of the feedback, as `nocturne feedback list` prints it', transferId)
    .action(async (id: string, options: ListOptions & KeyOptions) => {
      const output = cli.output(options)
      const [{ openFeedback }, { readGateway }] = await Promise.all([
        import('../../reader/reporting/feedback.js'),
        import('../../reader/pull-targets.js'),
      ])
      const key = await readKey(options, output)
      const { view, document } = await withGateway(options, cli, output, async (client) => {
        const { name: gateway } = await readGateway(client, [])
        const onRetry = () => output.warn('the connection broke; trying again')
        return openFeedback({ client, gateway, keys: [key], signal: cli.signal, onRetry }, id)
      })
      output.json({ ...view, text: document.text, score: document.score })
      output.print(`on your report on ${view.code}, from ${view.giver}`)
      if (document.score !== undefined) output.print(`score: ${document.score}`)
      output.printText(document.text)
    })
}
