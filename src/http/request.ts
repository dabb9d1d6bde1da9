/** What the server knows about a request: its ID, the caller, and the address. */
import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Request, RequestHandler, Response } from 'express'
import type {
  Action,
  Asker,
  AskerOfCase,
  AskerOfTransfer,
  Credentials,
  Gatekeeper,
} from '../access/index.js'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import { clientOf, markKnown } from './clients/connections.js'
import { nameClient } from './clients/turns.js'

/** Assigns every request an ID, which is in the answer and in the log; notes when it arrived. */
export const assignRequestId =
  (now: () => number): RequestHandler =>
  (_request, response, next) => {
    const id = newId(now())
    response.locals.requestId = id
    response.locals.arrived = performance.now()
    response.set('X-Request-Id', id)
    next()
  }

export function requestIdOf(response: Response): string {
  const { requestId: id } = response.locals as { requestId?: unknown }
  return typeof id === 'string' ? id : ''
}

/** When the request arrived, by the steady clock. */
export function arrivedAt(response: Response): number | undefined {
  const { arrived } = response.locals as { arrived?: unknown }
  return typeof arrived === 'number' ? arrived : undefined
}

/** Of the client; what a proxy says of it counts when `proxies.trusted` names the proxy. */
export function addressOf({ socket, ip = '' }: Request): string {
  const peer = socket.remoteAddress ?? 'unknown'
  return clientOf(socket) ?? (isIP(ip) === 0 ? peer : ip)
}

/** What the client proved in the TLS handshake; undefined without TLS, or without a certificate. */
function certificateOf(socket: Socket): Credentials['certificate'] {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  return (
    certificate && {
      sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
      validFrom: Date.parse(certificate.validFrom),
      validTo: Date.parse(certificate.validTo),
    }
  )
}

export const credentialsOf = (request: Request): Credentials => ({
  authorization: request.headers.authorization,
  certificate: certificateOf(request.socket),
  address: addressOf(request),
})

/**
 * Authenticates the caller, and checks that they may perform an action that has no object.
 *
 * @throws NocturneError `unauthenticated`, `rate_limited`, `forbidden`
 */
export const admit = (
  gatekeeper: Pick<Gatekeeper, 'admit'>,
  request: Request,
  action: Action,
): Promise<Asker> => knownOf(request, gatekeeper.admit(credentialsOf(request), action))

/** Its connection is not closed for one of a stranger. */
async function knownOf<T extends Pick<Asker, 'actor'>>(
  request: Request,
  asked: Promise<T>,
): Promise<T> {
  const asker = await asked
  markKnown(request.socket)
  nameClient(request, asker.actor.id)
  return asker
}

/**
 * Authenticates the caller, and checks that they may perform the action on the transfer in the URL.
 *
 * @throws NocturneError as `admit`, and `not_found`
 */
export function admitToTransfer(
  gatekeeper: Pick<Gatekeeper, 'admitToTransfer'>,
  request: Request,
  action: Action,
): Promise<AskerOfTransfer> {
  const { id } = request.params
  const name = typeof id === 'string' ? id : ''
  return knownOf(request, gatekeeper.admitToTransfer(credentialsOf(request), action, name))
}

/**
 * The caller's facility.
 *
 * @throws NocturneError `forbidden` for a caller that is not a sender.
 */
export function facilityOf({ session }: Asker): string {
  if (session.principal.facility === undefined) throw new NocturneError('forbidden')
  return session.principal.facility
}

/**
 * Authenticates the caller, and checks that they may perform the action on the case.
 *
 * @param id - of the case; by default the one in the URL
 * @throws NocturneError as `admit`, and `not_found`
 */
export function admitToCase(
  gatekeeper: Pick<Gatekeeper, 'admitToCase'>,
  request: Request,
  action: Action,
  id: unknown = request.params.id,
): Promise<AskerOfCase> {
  const name = typeof id === 'string' ? id : ''
  return knownOf(request, gatekeeper.admitToCase(credentialsOf(request), action, name))
}

const INDEX = /^[1-9]\d{0,8}$/

/**
 * The item number in the URL.
 *
 * @throws NocturneError `not_found`
 */
export function indexOf(request: Request): number {
  const { index } = request.params
  if (typeof index !== 'string' || !INDEX.test(index)) throw new NocturneError('not_found')
  return Number(index)
}

const NUMBER = /^(0|[1-9]\d{0,14})$/

/**
 * A number in the URL, of an event or a level of the log.
 *
 * @throws NocturneError `not_found`
 */
export function numberOf(text: unknown): number {
  if (typeof text !== 'string' || !NUMBER.test(text)) throw new NocturneError('not_found')
  return Number(text)
}
