/** Where reports are sent besides the folder: the RIS and the PACS, as options name them. */
import { isThisMachine } from '../../lib/peers.js'
import type { MllpTarget } from '../../results/index.js'
import type { PacsTarget } from './pacs.js'

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
  const at = pacs.indexOf('@')
  const called = pacs.slice(0, Math.max(at, 0))
  const { usageError } = await import('../command-error.js')
  if (![called, calling].every((one) => /^[\x21-\x5b\x5d-\x7e]{1,16}$/.test(one)))
    throw usageError(
      '--pacs or --ae-title has no valid AE title',
      'give the AE title of the PACS before its address, such as PACS@pacs.example.org:2762',
    )
  const place = { option: '--pacs', what: 'PACS', example: 'PACS@pacs.example.org:2762', caFile }
  return { called, calling, ...(await addressOf(pacs.slice(at + 1), place)) }
}

/** Plaintext goes only to this machine. */
async function addressOf(
  text: string,
  place: {
    readonly option: string
    readonly what: string
    readonly example: string
    readonly caFile: string | undefined
  },
) {
  const { option, what, example, caFile } = place
  const { usageError } = await import('../command-error.js')
  const [, host = '', port = ''] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host === '' || Number(port) < 1 || Number(port) > 65_535)
    throw usageError(
      `${option} is not HOST:PORT`,
      `give the host and port of the ${what}, such as ${example}`,
    )
  if (caFile === undefined) {
    if (!isThisMachine(host))
      throw usageError(
        `a ${what} on another machine needs TLS`,
        `give ${option}-ca-file with the certificate that the ${what} is verified with`,
      )
    return { host, port: Number(port) }
  }
  const { readSmallText } = await import('../secret-file.js')
  return { host, port: Number(port), tls: { ca: await readSmallText(caFile) } }
}
