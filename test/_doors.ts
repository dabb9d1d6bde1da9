/**
 * What an application needs in addition to its rooms, without opening any port of its own. Close
 * the doors before the rooms.
 */
import { openDoors } from '../src/doors/open.js'
import type { Doors } from '../src/doors/open.js'
import { createMetrics } from '../src/http/metrics.js'
import type { Metrics } from '../src/http/metrics.js'
import type { Rooms } from '../src/gateway/rooms.js'

export async function besides(rooms: Rooms): Promise<{ metrics: Metrics; doors: Doors }> {
  const { site } = rooms
  const config = { ...site.config, doors: { stow: true } }
  const doors = await openDoors({ ...rooms, site: { ...site, config } }, { item: () => undefined })
  return { metrics: createMetrics(), doors }
}
