import { z } from 'zod'
import { caseName } from '../../arguments.js'
import { define } from '../../command.js'
import type { Register } from '../../command.js'
import { addGatewayOptions, withGateway } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

interface ReleaseOptions extends GatewayOptions {
  readonly json?: boolean
}

const answerSchema = z.looseObject({ case: z.looseObject({ code: z.string().max(16) }) })

export const registerRelease: Register = (parent, cli) => {
  const command = define(parent, {
    usage: 'release',
    summary: 'give back a case that you claimed',
    examples: [
      'nocturne release K7Q-4MD --gateway https://gateway.example.org --token-file reader-1.token',
    ],
  }).argument('<case>', 'case code, case ID, or the ID of a transfer', caseName)
  addGatewayOptions(command).action(async (name: string, options: ReleaseOptions) => {
    const output = cli.output(options)
    const { parseAnswer } = await import('../../parse-answer.js')
    const answer = await withGateway(options, cli, output, async (client) =>
      parseAnswer(answerSchema, await client.post(`/v1/cases/${name}/release`)),
    )
    output.json(answer)
    output.print(`released ${answer.case.code}`)
  })
}
