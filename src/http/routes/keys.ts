/** The ready check of a reader's key. */
import { Router, json } from 'express'
import { keyCheckedRequest } from '../../protocol/http/gateway.js'
import type { Door } from '../door.js'
import { parseBody } from '../parse.js'
import { admit } from '../request.js'

export function keyRoutes(door: Door): Router {
  const { keyChecks } = door.rooms
  const router = Router()

  router.post('/key-check', async (request, response) => {
    const { session } = await admit(door, request, 'key.check')
    response.json(await keyChecks.begin(session.principal))
  })

  router.post('/key-check/answer', json({ limit: '4kb' }), async (request, response) => {
    const { session, actor } = await admit(door, request, 'key.check')
    const given = parseBody(keyCheckedRequest, request)
    response.json(await keyChecks.complete(session.principal, actor, given))
  })

  return router
}
