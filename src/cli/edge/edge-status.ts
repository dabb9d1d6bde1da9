/** What waits at an edge, and how it stands with its gateway: counts, codes and transfer IDs. */
import { readLine } from '../../edge/line-view.js'
import { readTold } from '../../edge/site.js'
import { CATALOGUE, asNocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import { lockSite } from '../../running/site-lock.js'
import type { EdgeState } from '../../transfer/sealed/index.js'
import { withRooms } from '../site/site.js'
import type { OwnEdge } from './own-settings.js'

export interface EdgeStatus extends EdgeState {
  readonly dir: string
  /** Undefined before the gateway was reached for the first time. */
  readonly edge: string | undefined
  readonly facility: string | undefined
  readonly groups: readonly string[]
  readonly isRunning: boolean
}

/** @throws NocturneError as `openRooms` */
export async function edgeStatus({ dir, settings }: OwnEdge): Promise<EdgeStatus> {
  const told = await readTold(dir)
  const line = (await readLine(dir)) ?? { refused: [] }
  const spool = told
    ? await withRooms(dir, ({ transfers }) => transfers.sealed.spool(), { env: {} })
    : { transfers: 0, bytes: 0, held: 0 }
  return {
    ...{ dir, gateway: settings.gateway, line },
    spool: { ...spool, limit: settings.spool.limit },
    ...{ edge: told?.edge.id, facility: told?.facility.id },
    groups: told?.groups.map(({ id }) => id) ?? [],
    isRunning: told !== undefined && (await isLocked(dir)),
  }
}

const isLocked = async (dir: string): Promise<boolean> => {
  try {
    const unlock = await lockSite(dir)
    await unlock()
    return false
  } catch (error) {
    return asNocturneError(error).code === 'site_in_use'
  }
}

/** What to do about a code of the gateway, if we know it. */
export const hintOf = (code: string): string =>
  code in CATALOGUE ? CATALOGUE[code as Code].hint : 'ask the operator of the gateway'
