/** Sends reports to the facility's PACS by C-STORE. */
import { AssociationEndedError, sendInstances } from '../../doors/dimse/index.js'
import type { Destination } from '../../doors/dimse/index.js'
import { NocturneError } from '../../lib/errors.js'

/** Without `tls` only for this machine; with it, the certificate of the PACS must name its host. */
export interface PacsTarget extends Pick<Destination, 'host' | 'port' | 'called' | 'calling'> {
  readonly tls?: { readonly ca: string }
}

const WAIT_MS = 30_000
const TIMING = { artimMs: WAIT_MS, closeMs: 5_000, idleMs: WAIT_MS, paceMs: WAIT_MS }
/** How an association ends that the PACS, or what it answered, has ended. */
const REFUSED = ['rejected', 'aborted', 'violation']

/**
 * Resolves when the PACS has stored every instance; an instance that it already has is stored again
 * under the same UID.
 *
 * @param files Part 10, as `toSr` and `toEncapsulatedPdf` make them
 * @throws NocturneError `pacs_unreachable`, `pacs_refused`
 */
export async function storeInstances(
  files: readonly Buffer[],
  { tls, ...target }: PacsTarget,
): Promise<void> {
  const to = { ...target, ...(tls && { tls: { ...tls, namesHost: true } }) }
  const isStored = await sendInstances(files.map(instanceOf), to, TIMING).catch(
    (cause: unknown) => {
      const isRefusal = cause instanceof AssociationEndedError && REFUSED.includes(cause.how)
      throw new NocturneError(isRefusal ? 'pacs_refused' : 'pacs_unreachable', { cause })
    },
  )
  if (!isStored) throw new NocturneError('pacs_refused')
}

/** Our own files begin with 128 octets, `DICM` and the length of group 0002 (PS3.10 7.1). */
function instanceOf(file: Buffer) {
  const from = 144
  const until = from + file.readUInt32LE(from - 4)
  const meta = new Map<number, string>()
  for (let at = from; at < until;) {
    const isLong = file.toString('latin1', at + 4, at + 6) === 'OB'
    const [head, length] = isLong ? [12, file.readUInt32LE(at + 8)] : [8, file.readUInt16LE(at + 6)]
    const value = file.toString('latin1', at + head, at + head + length)
    meta.set(file.readUInt16LE(at + 2), value.replace(/\0$/, ''))
    at += head + length
  }
  return {
    sopClass: meta.get(0x0002) ?? '',
    sopInstance: meta.get(0x0003) ?? '',
    dataSet: file.subarray(until),
  }
}
