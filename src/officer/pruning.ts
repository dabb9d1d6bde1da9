/**
 * What pruning the ledger depends on, both in the gateway and in a command that works on the site's
 * own files.
 */
import type { SiteConfig } from '../config/index.js'
import type { Ledger } from '../ledger/log/index.js'
import type { PruneOptions } from '../ledger/retention/index.js'
import type { Publisher } from '../ledger/published/index.js'
import type { State } from '../state/index.js'
import type { LogFiles } from '../store/index.js'

export interface PruneRooms {
  readonly state: State
  readonly ledger: Ledger
  readonly logFiles: LogFiles
  readonly publisher: Publisher
  readonly now: () => number
  readonly site: { readonly config: Pick<SiteConfig, 'ledger'> }
}

export const pruneOptionsOf = ({
  state,
  ledger,
  logFiles,
  publisher,
  now,
  site,
}: PruneRooms): PruneOptions => ({
  ...{ state, ledger, publisher, now },
  files: logFiles,
  years: site.config.ledger.retention.years,
})
