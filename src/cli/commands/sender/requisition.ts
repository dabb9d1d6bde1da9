import { readFile } from 'node:fs/promises'
import { define, defineGroup } from '../../command.js'
import type { Register } from '../../command.js'
import { fileError } from '../../command-error.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

type Options = GatewayOptions & { readonly json?: boolean }

const ACCESS = '--gateway https://gateway.example.org --token-file facility-a.token'

export const registerRequisition: Register = (parent, cli) => {
  const group = defineGroup(parent, 'requisition', 'what the ordering provider wants to know')
  const send = define(group, {
    usage: 'send <file>',
    summary: 'send a requisition, which joins the case of its study or waits for it',
    examples: [`nocturne requisition send order.hl7 ${ACCESS}`],
  })
  addGatewayOptions(send).action(async (file: string, options: Options) => {
    const output = cli.output(options)
    const { sendRequisition } = await import('../../sender/requisition.js')
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      throw fileError(file, error)
    })
    const answer = await withGateway(options, cli, output, (client) =>
      sendRequisition(client, text),
    )
    output.json(answer)
    output.print(`${answer.transfer}: ${STATES[answer.state] ?? answer.state}`)
  })

  const list = define(group, {
    usage: 'list',
    summary: 'show the requisitions that wait for their study',
    examples: [`nocturne requisition list ${ACCESS}`],
  })
  addGatewayOptions(list).action(async (options: Options) => {
    const output = cli.output(options)
    const { readWaiting } = await import('../../site/waiting.js')
    const { studies } = await withGateway(options, cli, output, readWaiting)
    const waiting = studies.filter(({ reason }) => reason === 'requisition')
    output.json({ requisitions: waiting })
    if (waiting.length === 0) output.print('nothing waits')
    else
      output.table(
        ['TRANSFER', 'FACILITY', 'SINCE'],
        waiting.map((one) => [one.transfer, one.facility, one.since]),
      )
  })
}

const STATES: Readonly<Record<string, string>> = {
  matched: 'with the readers of its study',
  waiting: 'waits for its study',
  duplicate: 'was sent before',
}
