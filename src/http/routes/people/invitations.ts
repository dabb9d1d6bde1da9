/** Invitations, and what invited people send. */
import { Router, json } from 'express'
import type { Request } from 'express'
import type { Gatekeeper, Tokens } from '../../../access/index.js'
import type { SiteConfig } from '../../../config/index.js'
import { ANONYMOUS } from '../../../lib/actors.js'
import { asNocturneError, NocturneError } from '../../../lib/errors.js'
import {
  confirmRequest,
  invitationRequest,
  joinCertificateRequest,
  joinRequest,
} from '../../../protocol/joining/http.js'
import type { Invitations } from '../../../site/enrolment/index.js'
import { parseBody } from '../../parse.js'
import { addressOf, admit } from '../../request.js'

const DAY_MS = 86_400_000

export interface InvitationRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'admit' | 'holdBack' | 'failed'>
  readonly invitations: Invitations
  readonly tokens: Pick<Tokens, 'revokeAll'>
  readonly site: { readonly config: Pick<SiteConfig, 'gateway'> }
}

export function invitationRoutes(rooms: InvitationRouteRooms, origin: () => string): Router {
  const { gatekeeper, invitations, tokens, site } = rooms
  const router = Router()

  router.get('/invitations', async (request, response) => {
    await admit(gatekeeper, request, 'member.invite')
    const all = await invitations.list()
    response.json({ invitations: all.map(asStated) })
  })

  router.post('/invitations', json({ limit: '16kb' }), async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'member.invite')
    const { days, facility, email, ...asked } = parseBody(invitationRequest, request)
    const given = { ...asked, ...(facility && { facility }), ...(email && { email }) }
    const made = await invitations.invite(given, days * DAY_MS, actor)
    response.status(201).json({
      link: `${origin()}/join#${made.invitation}.${made.secret}`,
      expiresAt: new Date(made.expiresAt).toISOString(),
    })
  })

  router.post(
    '/invitations/:principal/confirm',
    json({ limit: '4kb' }),
    async (request, response) => {
      const { actor } = await admit(gatekeeper, request, 'member.invite')
      const { words } = parseBody(confirmRequest, request)
      const principal = principalIn(request)
      response.json({ principal, ...(await invitations.confirm(principal, words, actor)) })
    },
  )

  router.post('/invitations/:principal/end', async (request, response) => {
    const { actor } = await admit(gatekeeper, request, 'member.invite')
    const principal = principalIn(request)
    const ended = await invitations.end(principal, actor)
    if (ended === 'removed') await tokens.revokeAll(principal, actor)
    response.json({ principal, ended })
  })

  router.post('/join', json({ limit: '4kb' }), async (request, response) => {
    const link = parseBody(joinRequest, request)
    const found = await guarded(gatekeeper, request, () => invitations.look(link))
    const { principal, role, groups, facility, state, fingerprint, expiresAt } = found
    response.json({
      gateway: site.config.gateway.name,
      ...asStated({ principal, role, groups, facility, state, fingerprint, expiresAt }),
    })
  })

  router.post('/join/certificate', json({ limit: '1200kb' }), async (request, response) => {
    const answer = parseBody(joinCertificateRequest, request)
    const actor = { ...ANONYMOUS, address: addressOf(request) }
    response.json(await guarded(gatekeeper, request, () => invitations.answer(answer, actor)))
  })

  return router
}

/** Guesses from one address are slowed down like failed sign-ins. */
async function guarded<T>(
  gatekeeper: Pick<Gatekeeper, 'holdBack' | 'failed'>,
  request: Request,
  work: () => Promise<T>,
): Promise<T> {
  const address = addressOf(request)
  try {
    return await work()
  } catch (error) {
    if (asNocturneError(error).code !== 'invitation_unusable') throw error
    await gatekeeper.holdBack(address)
    gatekeeper.failed(address)
    throw error
  }
}

const asStated = <T extends { readonly expiresAt: number }>(view: T) => ({
  ...view,
  expiresAt: new Date(view.expiresAt).toISOString(),
})

/** @throws NocturneError `not_found` */
function principalIn({ params: { principal } }: Request): string {
  if (typeof principal !== 'string') throw new NocturneError('not_found')
  return principal
}
