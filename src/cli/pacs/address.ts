/** Addresses of a RIS or PACS as options name them. Plaintext goes only to this machine. */
import { isThisMachine } from '../../lib/peers.js'

/** Without `tls` only for this machine; with it, the certificate must name the host. */
export interface PacsTarget {
  readonly host: string
  readonly port: number
  readonly called: string
  readonly calling: string
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string }
}

export interface Place {
  /** As the user typed it: `--pacs`. */
  readonly option: string
  readonly what: 'RIS' | 'PACS'
  readonly example: string
  readonly caFile: string | undefined
}

/** @throws CommandError `usage` for a malformed address, or one elsewhere without TLS */
export async function pacsAt(text: string, calling: string, place: Place): Promise<PacsTarget> {
  const at = text.indexOf('@')
  const called = text.slice(0, Math.max(at, 0))
  if (![called, calling].every((one) => /^[\x21-\x5b\x5d-\x7e]{1,16}$/.test(one))) {
    const { usageError } = await import('../command-error.js')
    throw usageError(
      `${place.option} or --ae-title has no valid AE title`,
      `give the AE title of the PACS before its address, such as ${place.example}`,
    )
  }
  return { called, calling, ...(await addressOf(text.slice(at + 1), place)) }
}

/** @throws CommandError `usage`, `file_unreadable` */
export async function addressOf(text: string, { option, what, example, caFile }: Place) {
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
