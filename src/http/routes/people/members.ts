/** Readers who are to join a group, and wait for a second person. */
import { Router, json } from 'express'
import type { Gatekeeper } from '../../../access/index.js'
import { memberRequest } from '../../../protocol/http/gateway.js'
import type { Memberships } from '../../../site/index.js'
import { parseBody } from '../../parse.js'
import { admit } from '../../request.js'

export function memberRoutes(rooms: {
  readonly gatekeeper: Pick<Gatekeeper, 'admit'>
  readonly memberships: Pick<Memberships, 'waiting' | 'confirm'>
}): Router {
  const { gatekeeper, memberships } = rooms
  const router = Router()

  router.get('/members/waiting', async (request, response) => {
    await admit(gatekeeper, request, 'member.confirm')
    response.json({ waiting: memberships.waiting() })
  })

  router.post('/members/confirm', json({ limit: '4kb' }), async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'member.confirm')
    const member = parseBody(memberRequest, request)
    response.status(201).json({ ...member, ...(await memberships.confirm(member, actor)) })
  })

  return router
}
