/** Signing in with an OpenPGP key, and what a client must know of the gateway before that. */
import { Router, json } from 'express'
import { asNocturneError } from '../../lib/errors.js'
import type { Door } from '../door.js'
import { challengeRequest, signInRequest } from '../../protocol/http/gateway.js'
import { parseBody } from '../parse.js'
import { addressOf } from '../request.js'
import { VERSION } from '../../lib/version.js'

export function signInRoutes(door: Door, origin: () => string): Router {
  const { rooms, limiter } = door
  const { config } = rooms.site
  const router = Router()

  router.get('/gateway', async (_request, response) => {
    const { itemBytes, requestItems, transferItems, transferBytes } = config.limits
    response.json({
      name: config.gateway.name,
      origin: origin(),
      version: VERSION,
      certificate: rooms.gatewayKey.certificate,
      formerCertificates: await rooms.gatewayKeys.former(),
      ledgerKey: rooms.ledger.verifierKey,
      limits: { itemBytes, requestItems, transferItems, transferBytes },
    })
  })

  router.get('/session', async (request, response) => {
    const { session } = await door.authenticate(request)
    const { id, role, facility, groups } = session.principal
    response.json({
      principal: id,
      role,
      ...(facility !== undefined && { facility }),
      ...(role === 'reader' && { groups }),
      expiresAt: new Date(session.expiresAt).toISOString(),
    })
  })

  router.post('/sign-in/challenge', json({ limit: '4kb' }), async (request, response) => {
    const { principal } = parseBody(challengeRequest, request)
    await door.holdBack(addressOf(request), principal)
    const { challenge, expiresAt } = rooms.signIn.challenge(principal)
    response.json({ challenge, expiresAt: new Date(expiresAt).toISOString() })
  })

  router.post('/sign-in', json({ limit: '32kb' }), async (request, response) => {
    const { principal, challenge, signature } = parseBody(signInRequest, request)
    const address = addressOf(request)
    await door.holdBack(address, principal)
    try {
      const session = await rooms.signIn.complete(principal, challenge, signature, address)
      limiter.succeeded(address, principal)
      response.json({ token: session.token, expiresAt: new Date(session.expiresAt).toISOString() })
    } catch (error) {
      if (asNocturneError(error).code === 'challenge_invalid') limiter.failed(address, principal)
      throw error
    }
  })

  return router
}
