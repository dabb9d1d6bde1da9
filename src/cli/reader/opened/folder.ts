/** Keeps a folder of `pull --watch` free of what nobody reads any more. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { openedTransfers, wipeTransfer } from './wipe.js'

/**
 * Wipes the transfers whose case is closed or was given to another reader, and those pulled longer
 * ago than `keepMs`.
 *
 * @param mayStay undefined while the gateway does not answer: only age counts then
 */
export async function tidyFolder(
  out: string,
  mayStay: ReadonlySet<string> | undefined,
  { keepMs, now }: { readonly keepMs: number; readonly now: number },
): Promise<readonly string[]> {
  const wiped: string[] = []
  for (const id of await openedTransfers(out)) {
    const pulled = await stat(join(out, id, 'manifest.json')).catch(() => undefined)
    // Incomplete: it is being pulled, or will be once the gateway answers.
    if (!pulled) continue
    const isOver = now - pulled.mtimeMs >= keepMs || mayStay?.has(id) === false
    if (isOver && (await wipeTransfer(out, id))) wiped.push(id)
  }
  return wiped
}
