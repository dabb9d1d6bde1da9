/** Sign-in with an OpenPGP key, and what a client must know about the gateway before that. */
import { Router, json } from 'express'
import type { Gatekeeper, Tokens } from '../../access/index.js'
import type { SignIn } from '../../access/sign-in/index.js'
import type { SiteConfig } from '../../config/index.js'
import type { Directory, Principal } from '../../directory/index.js'
import type { Ledger } from '../../ledger/log/index.js'
import type { GatewayKeys } from '../../site/index.js'
import { asNocturneError } from '../../lib/errors.js'
import { challengeRequest, logQuery, signInRequest } from '../../protocol/http/gateway.js'
import { parseBody, parseQuery } from '../parse.js'
import { addressOf, credentialsOf } from '../request.js'
import { VERSION } from '../../lib/version.js'

export interface SignInRouteRooms {
  readonly gatekeeper: Gatekeeper
  readonly directory: Pick<Directory, 'facility'>
  readonly signIn: SignIn
  readonly tokens: Pick<Tokens, 'revoke'>
  readonly gatewayKey: { readonly certificate: string }
  readonly gatewayKeys: Pick<GatewayKeys, 'former'>
  readonly ledger: Pick<Ledger, 'verifierKey' | 'checkpoint' | 'consistency'>
  readonly site: { readonly config: Pick<SiteConfig, 'gateway' | 'limits'> }
}

export function signInRoutes(rooms: SignInRouteRooms, origin: () => string): Router {
  const { gatekeeper } = rooms
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

  router.get('/log', async (request, response) => {
    await gatekeeper.authenticate(credentialsOf(request))
    response.json(await logSince(rooms.ledger, parseQuery(logQuery, request).from))
  })

  router.get('/session', async (request, response) => {
    const { session } = await gatekeeper.authenticate(credentialsOf(request))
    const { id, role, facility } = session.principal
    const groups = groupsOf(rooms.directory, session.principal)
    response.json({
      principal: id,
      role,
      ...(facility !== undefined && { facility }),
      ...(groups && { groups }),
      ...requiredOf(rooms.directory, facility),
      expiresAt: new Date(session.expiresAt).toISOString(),
    })
  })

  router.post('/sign-out', async (request, response) => {
    const { session, actor } = await gatekeeper.authenticate(credentialsOf(request))
    await rooms.tokens.revoke(session.token, actor)
    response.status(204).end()
  })

  router.post('/sign-in/challenge', json({ limit: '4kb' }), (request, response) => {
    const { principal } = parseBody(challengeRequest, request)
    const { challenge, expiresAt } = rooms.signIn.challenge(principal)
    response.json({ challenge, expiresAt: new Date(expiresAt).toISOString() })
  })

  router.post('/sign-in', json({ limit: '32kb' }), async (request, response) => {
    const { principal, challenge, signature } = parseBody(signInRequest, request)
    const address = addressOf(request)
    try {
      const session = await rooms.signIn.complete(principal, challenge, signature, address)
      gatekeeper.succeeded(address, principal)
      response.json({ token: session.token, expiresAt: new Date(session.expiresAt).toISOString() })
    } catch (error) {
      if (asNocturneError(error).code !== 'challenge_invalid') throw error
      // A valid signature is never held back: only failures are, so that nobody locks another out.
      await gatekeeper.holdBack(address, principal)
      gatekeeper.failed(address, principal)
      throw error
    }
  })

  return router
}

/**
 * The signed head, and the proof that it extends the one of `from` entries.
 * @throws NocturneError `not_found` for a log shorter than that
 */
async function logSince(
  ledger: Pick<Ledger, 'checkpoint' | 'consistency'>,
  from: string | undefined,
) {
  const checkpoint = await ledger.checkpoint()
  const [older, newer] = [Number(from ?? 0), Number(checkpoint.split('\n')[1])]
  const proof = older > 0 && older !== newer ? await ledger.consistency(older, newer) : []
  return { checkpoint, consistency: proof.map((hash) => Buffer.from(hash).toString('base64')) }
}

/** Those that a reader reads for, or that a sender's facility sends to. */
function requiredOf(directory: Pick<Directory, 'facility'>, facility: string | undefined) {
  const requisition = facility === undefined ? undefined : directory.facility(facility)?.requisition
  return requisition && { requisition }
}

const groupsOf = (
  directory: Pick<Directory, 'facility'>,
  { role, facility, groups }: Principal,
): readonly string[] | undefined => {
  if (role === 'reader') return groups
  return facility === undefined ? undefined : directory.facility(facility)?.groups
}
