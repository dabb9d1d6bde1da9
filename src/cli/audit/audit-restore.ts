/**
 * `audit restore`: works directly on the database and the published files, since no gateway may
 * open them.
 */
import { join } from 'node:path'
import { lockSite } from '../../running/site-lock.js'
import { restoreLedger } from '../../ledger/published/index.js'
import type { RestoreReport } from '../../ledger/published/index.js'
import { openState } from '../../state/index.js'
import { openLogFiles } from '../../store/index.js'
import { writeWhole } from '../local-write.js'
import { openSite, SITE_ACTOR } from '../site/site.js'

/**
 * @throws NocturneError `site_in_use`, `not_found` when nothing was published, and what
 * `restoreLedger` throws.
 */
export async function restoreSite(
  dir: string,
): Promise<RestoreReport & { readonly file?: string }> {
  const { config, secrets } = await openSite(dir)
  const unlock = await lockSite(config.dir)
  try {
    const password = secrets.databasePassword
    const state = await openState(config.database, {
      ...(password !== undefined && { password }),
      now: Date.now,
    })
    const files = await openLogFiles(config.store)
    const stamp = new Date().toISOString().replace(/[:.]/g, '-')
    const file = join(config.dir, 'data', `ledger-set-aside-${stamp}.ndjson`)
    try {
      const report = await restoreLedger({
        state,
        files,
        gateway: config.gateway.name,
        signingKey: secrets.ledgerKey,
        actor: SITE_ACTOR,
        setAside: (entries) => writeWhole(file, inLines(entries)),
        now: Date.now,
      })
      return { ...report, ...(report.setAside > 0 && { file }) }
    } finally {
      await files.close()
      await state.close()
    }
  } finally {
    await unlock()
  }
}

async function* inLines(entries: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  for await (const entry of entries) yield Buffer.concat([entry, Buffer.from('\n')])
}
