/** A person's browsers that are notified by Web Push. */
import { Router, json } from 'express'
import type { Gatekeeper } from '../../../access/index.js'
import type { PushDesk } from '../../../notify/index.js'
import { pushEndRequest, pushRequest } from '../../../protocol/http/duty.js'
import { parseBody } from '../../parse.js'
import { admit } from '../../request.js'

export function pushRoutes(rooms: {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly push: PushDesk
}): Router {
  const { gatekeeper, push } = rooms
  const router = Router()
  const body = json({ limit: '8kb' })

  router.get('/push', async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'push.subscribe')
    response.json(await push.show(session.principal.id))
  })

  router.post('/push', body, async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'push.subscribe')
    response.json(await push.subscribe(session.principal.id, parseBody(pushRequest, request)))
  })

  router.post('/push/end', body, async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'push.subscribe')
    const { endpoint } = parseBody(pushEndRequest, request)
    response.json(await push.unsubscribe(session.principal.id, endpoint))
  })

  return router
}
