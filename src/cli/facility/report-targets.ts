/** Where reports are sent besides the folder: the RIS and the PACS, as options name them. */
import type { MllpTarget } from '../../results/index.js'
import { addressOf, pacsAt } from '../pacs/address.js'
import type { PacsTarget } from '../pacs/address.js'

export interface TargetOptions {
  readonly mllp?: string
  readonly mllpCaFile?: string
  readonly pacs?: string
  readonly pacsCaFile?: string
  readonly aeTitle: string
}

export interface ReportTargets {
  readonly mllp: MllpTarget | undefined
  readonly pacs: PacsTarget | undefined
}

/** @throws CommandError `usage` for a malformed address, or one elsewhere without TLS */
export const targetsOf = async (options: TargetOptions): Promise<ReportTargets> => ({
  mllp: await targetOf(options),
  pacs: await pacsOf(options),
})

async function targetOf({ mllp, mllpCaFile: caFile }: TargetOptions) {
  if (mllp === undefined) return undefined
  return addressOf(mllp, { option: '--mllp', what: 'RIS', example: 'ris.example.org:2575', caFile })
}

async function pacsOf({ pacs, pacsCaFile: caFile, aeTitle: calling }: TargetOptions) {
  if (pacs === undefined) return undefined
  const example = 'PACS@pacs.example.org:2762'
  return pacsAt(pacs, calling, { option: '--pacs', what: 'PACS', example, caFile })
}
