/** The readiness check of a reader's key. */
import { Router, json } from 'express'
import type { Gatekeeper } from '../../access/index.js'
import type { KeyChecks } from '../../access/sign-in/index.js'
import { keyCheckedRequest } from '../../protocol/http/gateway.js'
import { parseBody } from '../parse.js'
import { admit } from '../request.js'

export function keyRoutes(rooms: {
  readonly gatekeeper: Gatekeeper
  readonly keyChecks: KeyChecks
}): Router {
  const { gatekeeper, keyChecks } = rooms
  const router = Router()

  router.post('/key-check', async (request, response) => {
    const { session } = await admit(gatekeeper, request, 'key.check')
    response.json(await keyChecks.begin(session.principal))
  })

  router.post('/key-check/answer', json({ limit: '4kb' }), async (request, response) => {
    const { session, actor } = await admit(gatekeeper, request, 'key.check')
    const given = parseBody(keyCheckedRequest, request)
    response.json(await keyChecks.complete(session.principal, actor, given))
  })

  return router
}
