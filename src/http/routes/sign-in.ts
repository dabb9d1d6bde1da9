/** Signing in with an OpenPGP key, and what a client must know of the gateway before that. */
import { Router, json } from 'express'
import type { Request } from 'express'
import { z } from 'zod'
import { NocturneError, asNocturneError } from '../../lib/errors.js'
import type { Door } from '../door.js'
import { addressOf } from '../request.js'
import { VERSION } from '../../lib/version.js'

const CHALLENGE = z.strictObject({ principal: z.string().min(1).max(64) })
const ANSWER = z.strictObject({
  principal: z.string().min(1).max(64),
  challenge: z.string().min(1).max(2_000),
  signature: z.string().min(1).max(16_384),
})

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
    const { principal } = parse(CHALLENGE, request)
    await door.holdBack(addressOf(request), principal)
    const { challenge, expiresAt } = rooms.signIn.challenge(principal)
    response.json({ challenge, expiresAt: new Date(expiresAt).toISOString() })
  })

  router.post('/sign-in', json({ limit: '32kb' }), async (request, response) => {
    const { principal, challenge, signature } = parse(ANSWER, request)
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

function parse<T>(schema: z.ZodType<T>, request: Request): T {
  const parsed = schema.safeParse(request.body)
  if (!parsed.success) throw new NocturneError('bad_request', { cause: parsed.error })
  return parsed.data
}
