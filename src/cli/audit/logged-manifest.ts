/**
 * What the ledger says about a dumped transfer's manifest; this requires no trust in the key that
 * signed it.
 */
import { join } from 'node:path'
import { z } from 'zod'
import { nodeCrypto, verifyReceipt } from '../../ledger/verify/index.js'
import { CommandError } from '../command-error.js'
import { DUMP_PROOF } from '../../protocol/dump-list.js'
import { readSmallText } from '../secret-file.js'

const availableEntry = z.looseObject({
  type: z.literal('transfer.available'),
  time: z.iso.datetime(),
  transfer: z.string(),
  detail: z.looseObject({ manifest: z.string().regex(/^[0-9a-f]{64}$/) }),
})

export interface LoggedManifest {
  /** SHA-256, hexadecimal. */
  readonly digest: string
  readonly at: Date
}

/**
 * The entry that made the transfer available, as proven by the file in the folder under the
 * ledger's key.
 *
 * @throws CommandError `manifest_not_logged`, `file_unreadable`
 */
export async function readLoggedManifest(
  folder: string,
  transfer: string,
  ledgerKey: string,
): Promise<LoggedManifest> {
  const proof = await readSmallText(join(folder, DUMP_PROOF))
  const { ok, problem, entry } = await verifyReceipt(proof, ledgerKey, nodeCrypto)
  if (!ok || entry === undefined) throw notLogged(problem ?? 'its proof is not valid')
  const { data } = availableEntry.safeParse(JSON.parse(entry))
  if (data?.transfer !== transfer) throw notLogged('the proof is for another entry')
  return { digest: data.detail.manifest, at: new Date(data.time) }
}

export const notLogged = (why: string) =>
  new CommandError(`the ledger does not show this manifest: ${why}`, {
    code: 'manifest_not_logged',
    hint: `dump the transfer again for a fresh ${DUMP_PROOF}, and check that the key is the key of its ledger`,
  })
