/** Shared by the commands about quarantined items. */
import type { Command } from 'commander'
import { transferId, wholeNumber } from '../../arguments.js'
import { define } from '../../command.js'
import { addGatewayOptions } from '../../gateway-options.js'
import type { GatewayOptions } from '../../gateway-options.js'

export const TRANSFER = '01985b2e-7c11-7f3a-9d52-1f0c5a9be001'
const ITEM = `${TRANSFER} 3`
export const GATEWAY = '--gateway https://gateway.example.org --token-file facility-a.token'

export interface Common extends GatewayOptions {
  readonly json?: boolean
}

/** Items of a study. */
export interface CaseOptions {
  readonly case?: string
  readonly only?: readonly number[]
  readonly except?: readonly number[]
}

const numbers = (value: string, before: readonly number[] | undefined): readonly number[] => [
  ...(before ?? []),
  wholeNumber(1, 999_999_999)(value),
]

export const addChoice = (command: Command): Command =>
  command
    .option('--only <item...>', 'only these items, by number', numbers)
    .option('--except <item...>', 'all except these items, by number', numbers)

/** An item is identified by its transfer and its number there. */
export const onItem = (
  group: Command,
  name: string,
  summary: string,
  rest: string,
  isOne = true,
): Command =>
  addGatewayOptions(
    define(group, {
      usage: name,
      summary,
      examples: [`nocturne quarantine ${name} ${ITEM} ${GATEWAY} ${rest}`],
    })
      .argument(isOne ? '<transfer>' : '[transfer]', 'ID of the transfer', transferId)
      .argument(isOne ? '<item>' : '[item]', 'number of the item', wholeNumber(1, 999_999_999)),
  )
