/** Sends reports to the facility's PACS by C-STORE. */
import { AssociationEndedError, isStored, sendInstances } from '../../doors/dimse/index.js'
import type { SentInstance } from '../../doors/dimse/index.js'
import { NocturneError } from '../../lib/errors.js'
import type { PacsTarget } from '../pacs/address.js'
import { destinationOf, TIMING } from '../pacs/store.js'

const EXPLICIT_LITTLE = '1.2.840.10008.1.2.1'
/** How an association ends that the PACS, or what it answered, has ended. */
const REFUSED = ['rejected', 'aborted', 'violation']

/**
 * Resolves when the PACS has stored every instance; after the first one that it refuses, nothing
 * more is sent. An instance that it already has is stored again under the same UID.
 *
 * @param files Part 10, as `toSr` and `toEncapsulatedPdf` make them
 * @throws NocturneError `pacs_unreachable`, `pacs_refused`
 */
export async function storeInstances(files: readonly Buffer[], target: PacsTarget): Promise<void> {
  let refused = 0
  const onAnswer = (_: SentInstance, status: number | undefined) => {
    if (!isStored(status)) refused += 1
    return refused === 0
  }
  const sending = { associations: 1, onAnswer }
  await sendInstances(files.map(instanceOf), destinationOf(target), TIMING, sending).catch(
    (cause: unknown) => {
      const isRefusal = cause instanceof AssociationEndedError && REFUSED.includes(cause.how)
      throw new NocturneError(isRefusal ? 'pacs_refused' : 'pacs_unreachable', { cause })
    },
  )
  if (refused > 0) throw new NocturneError('pacs_refused')
}

/** Our own files begin with 128 octets, `DICM` and the length of group 0002 (PS3.10 7.1). */
function instanceOf(file: Buffer): SentInstance {
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
    transferSyntax: EXPLICIT_LITTLE,
    dataSet: () => [file.subarray(until)],
  }
}
