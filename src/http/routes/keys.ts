/** The ready check of a reader's key. */
import { Router, json } from 'express'
import { z } from 'zod'
import { NocturneError } from '../../lib/errors.js'
import type { Door } from '../door.js'
import { admit } from '../request.js'

const ANSWER = z.strictObject({
  id: z.string().min(1).max(128),
  answer: z.string().regex(/^[0-9a-f]{64}$/),
})

export function keyRoutes(door: Door): Router {
  const { keyChecks } = door.rooms
  const router = Router()

  router.post('/key-check', async (request, response) => {
    const { session } = await admit(door, request, 'key.check')
    response.json(await keyChecks.begin(session.principal))
  })

  router.post('/key-check/answer', json({ limit: '4kb' }), async (request, response) => {
    const { session, actor } = await admit(door, request, 'key.check')
    const given = ANSWER.safeParse(request.body)
    if (!given.success) throw new NocturneError('bad_request', { cause: given.error })
    response.json(await keyChecks.complete(session.principal, actor, given.data))
  })

  return router
}
