/** The duty roster: who is on duty now and next, and swaps. */
import { Router, json } from 'express'
import { NocturneError } from '../../lib/errors.js'
import type { Gatekeeper } from '../../access/index.js'
import type { SiteConfig } from '../../config/index.js'
import type { Directory } from '../../directory/index.js'
import { onDuty, recordSwap, shiftsFrom } from '../../duty/index.js'
import type { Roster } from '../../duty/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import { swapRequest } from '../../protocol/case-requests.js'
import { parseBody } from '../parse.js'
import { admit } from '../request.js'

/** How far ahead shifts are listed. */
const DAYS = 7

export interface DutyRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly directory: Pick<Directory, 'principal'>
  readonly ledger: Ledger
  readonly rosterOf: (group: string, at: number) => Promise<Roster | undefined>
  readonly site: { readonly config: Pick<SiteConfig, 'groups'> }
  readonly now: () => number
}

export function dutyRoutes(rooms: DutyRouteRooms): Router {
  const { gatekeeper } = rooms
  const { config } = rooms.site
  const router = Router()

  router.get('/duty', async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'duty.read')
    const { role, groups } = session.principal
    const now = rooms.now()
    const shown = config.groups.filter(({ id }) => role !== 'reader' || groups.includes(id))
    const answers = await Promise.all(
      shown.map(async ({ id, timezone }) => {
        const roster = await rooms.rosterOf(id, now)
        if (!roster) return { id, timezone, hasRoster: false }
        const shifts = shiftsFrom(roster, now, DAYS).map(({ from, until, readers, backups }) => ({
          from: new Date(from).toISOString(),
          until: new Date(until).toISOString(),
          readers,
          backups,
        }))
        return { id, timezone, hasRoster: true, now: onDuty(roster, now), shifts }
      }),
    )
    response.json({ groups: answers })
  })

  router.post('/duty', json({ limit: '4kb' }), async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'duty.swap')
    const { group, giver, taker, starts, ends } = parseBody(swapRequest, request)
    const { id: who, role } = session.principal
    // A reader may swap only their own duty; an officer may swap anybody's.
    if (role === 'reader' && who !== giver && who !== taker) throw new NocturneError('forbidden')
    const reads = (person: string, of: string): boolean =>
      rooms.directory.principal(person)?.groups.includes(of) === true
    const swap = { group, giver, taker, starts: Date.parse(starts), ends: Date.parse(ends) }
    response.json(await recordSwap({ ledger: rooms.ledger, reads, now: rooms.now }, actor, swap))
  })

  return router
}
