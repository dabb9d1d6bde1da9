/** Studies that wait until a person names the group that reads them. */
import { Router, json } from 'express'
import type { Asker, Gatekeeper } from '../../../access/index.js'
import type { Arrivals } from '../../../arrivals.js'
import type { Directory } from '../../../directory/index.js'
import type { AssignStudy } from '../../../gathering.js'
import { NocturneError } from '../../../lib/errors.js'
import { assignRequest } from '../../../protocol/http/intake.js'
import type { Transfers } from '../../../transfer/index.js'
import { parseBody } from '../../parse.js'
import { admit } from '../../request.js'

export interface IntakeRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit' | 'noteListing'>
  readonly transfers: { readonly waiting: Pick<Transfers['waiting'], 'list'> } & Pick<
    Transfers,
    'find'
  >
  readonly directory: Pick<Directory, 'facility'>
  readonly assignStudy: AssignStudy
}

export function intakeRoutes(
  { gatekeeper, transfers, directory, assignStudy }: IntakeRouteRooms,
  arrivals: Pick<Arrivals, 'assigned'>,
): Router {
  const router = Router()
  const groupsOf = (facility: string) => directory.facility(facility)?.groups ?? []

  router.get('/intake/waiting', async (request, response) => {
    const asker = await admit(gatekeeper, request, 'intake.list')
    await gatekeeper.noteListing(asker.actor, 'waiting')
    const studies = await transfers.waiting.list(scopeOf(asker))
    response.json({
      studies: studies.map(({ since, ...study }) => ({
        ...study,
        since: new Date(since).toISOString(),
        groups: groupsOf(study.facility),
      })),
    })
  })

  router.post('/intake/waiting/:id/assign', json({ limit: '4kb' }), async (request, response) => {
    const asker = await admit(gatekeeper, request, 'intake.assign')
    const wanted = parseBody(assignRequest, request)
    const transfer = await transfers.find(request.params.id)
    const scope = scopeOf(asker)
    if (!transfer || (scope !== undefined && transfer.facility !== scope))
      throw new NocturneError('not_found')
    const { id, facility, priority } = transfer
    const groups = groupsOf(facility)
    if (!groups.includes(wanted.group))
      throw new NocturneError('unknown_group', {
        ...{ field: 'group', subject: `its groups are ${groups.join(', ')}` },
      })
    const study = { transfer: id, facility, priority }
    const to = { group: wanted.group, priority: wanted.priority }
    const route = await assignStudy(asker.actor, study, to)
    await arrivals.assigned(id)
    const after = (await transfers.find(id))?.state
    const state =
      after === 'open' ? 'arriving' : after === 'abandoned' ? 'empty' : ('available' as const)
    response.json({ transfer: id, ...route, state })
  })

  return router
}

/** A sender sees the studies of their facility; an operator all of them. */
const scopeOf = ({ session }: Asker): string | undefined => session.principal.facility
