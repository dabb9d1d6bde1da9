/** How a reader can prove that they can open one of some transfers. */
import type { Openable } from '../cases/index.js'
import type { Directory } from '../directory/index.js'
import { NocturneError } from '../lib/errors.js'
import type { Transfers } from '../transfer/index.js'

/** @throws NocturneError `transfer_not_available` when none is sealed to the reader */
export async function openableOf(
  rooms: {
    readonly transfers: Pick<Transfers, 'openableBy'>
    readonly directory: Pick<Directory, 'certificates'>
  },
  reader: string,
  { id, code }: { readonly id: string; readonly code: string },
  transfers: readonly string[],
): Promise<Openable> {
  const found = await rooms.transfers.openableBy(reader, transfers)
  if (!found) throw new NocturneError('transfer_not_available')
  const { transfer, proofKey, fingerprints } = found
  const own = await rooms.directory.certificates()
  const isOwnPacket = own.some(
    (one) => one.principal === reader && fingerprints.includes(one.fingerprint),
  )
  return { case: id, code, transfer, proofKey, isOwnPacket }
}
