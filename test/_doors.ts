/**
 * What an application needs in addition to its rooms, without opening any port of its own. Close
 * the doors before the rooms.
 */
import { openDoors } from '../src/doors/open.js'
import type { Doors } from '../src/doors/open.js'
import { createMetrics } from '../src/http/metrics.js'
import type { Metrics } from '../src/http/metrics.js'
import type { DoorState } from '../src/http/routes/health.js'
import { watchLoop } from '../src/running/event-loop.js'
import type { Rooms } from '../src/gateway/rooms.js'

export interface Beside {
  readonly metrics: Metrics
  readonly doors: Doors & Pick<DoorState, 'loop'>
}

export async function besides(rooms: Rooms): Promise<Beside> {
  const { site } = rooms
  const config = { ...site.config, doors: { stow: true } }
  const counted = { item: () => undefined, refusal: () => undefined, prior: () => undefined }
  const doors = await openDoors({ ...rooms, site: { ...site, config } }, counted)
  const loop = watchLoop()
  const close: Doors['close'] = async (graceMs) => {
    loop.close()
    await doors.close(graceMs)
  }
  return { metrics: createMetrics(), doors: { ...doors, loop, close } }
}
