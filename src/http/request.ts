/** What the server knows of a request: its id, who asks, from where. */
import type { Request, RequestHandler, Response } from 'express'
import { decide, refusal, relationTo } from '../access/index.js'
import type { Action, Session } from '../access/index.js'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { Actor } from '../ledger/log/index.js'
import type { CaseTable } from '../state/night/index.js'
import type { Transfer } from '../transfer/index.js'
import type { Door } from './door.js'

/** Gives every request an id of ours, which the answer carries and the log names. */
export const requestId: RequestHandler = (_request, response, next) => {
  const id = newId()
  response.locals.requestId = id
  response.set('X-Request-Id', id)
  next()
}

export function requestIdOf(response: Response): string {
  const { requestId: id } = response.locals as { requestId?: unknown }
  return typeof id === 'string' ? id : ''
}

export const addressOf = (request: Request): string => request.socket.remoteAddress ?? 'unknown'

export interface Asker {
  readonly session: Session
  readonly actor: Actor
}

/**
 * Who asks, and that they may do something that has no object.
 * @throws NocturneError `unauthenticated`, `rate_limited`, `forbidden`
 */
export async function admit(door: Door, request: Request, action: Action): Promise<Asker> {
  const asker = await door.authenticate(request)
  const decision = decide(asker.session.principal.role, action, 'global')
  if (!decision.allowed) {
    await door.refuse(asker.actor, action, decision.rule)
    throw refusal(decision)
  }
  return asker
}

/**
 * Who asks, and that they may do it with the transfer in the address.
 * @throws the same and `not_found`
 */
export async function admitToTransfer(
  door: Door,
  request: Request,
  action: Action,
): Promise<Asker & { readonly transfer: Transfer }> {
  const asker = await door.authenticate(request)
  const { id } = request.params
  const { transfers } = door.rooms
  const transfer = typeof id === 'string' ? await transfers.find(id) : undefined
  const ties = transfer && (await transfers.tiesOf(transfer))
  const decision = decide(
    asker.session.principal.role,
    action,
    relationTo(asker.session.principal, ties),
  )
  if (!decision.allowed || !transfer) {
    await door.refuse(asker.actor, action, decision.rule, transfer?.id)
    throw decision.allowed ? new NocturneError('not_found') : refusal(decision)
  }
  return { ...asker, transfer }
}

/**
 * Who asks, and that they may do it with the case in the address: by case id, case code or transfer
 * id. Who can open one of its transfers stands to the case as to that.
 *
 * @throws the same and `not_found`
 */
export async function admitToCase(
  door: Door,
  request: Request,
  action: Action,
): Promise<Asker & { readonly row: CaseTable; readonly transfers: readonly string[] }> {
  const asker = await door.authenticate(request)
  const { cases, transfers } = door.rooms
  const { id } = request.params
  const row = typeof id === 'string' ? await cases.find(id) : undefined
  const [view] = row ? await cases.views([row]) : []
  const ids = view?.transfers.map((one) => one.id) ?? []
  const ties = row && {
    facility: row.facility,
    group: row.group_id,
    claimedBy: row.claimed_by ?? undefined,
    sealedTo: await transfers.recipientsOf(ids),
  }
  const { principal } = asker.session
  const decision = decide(principal.role, action, relationTo(principal, ties))
  if (!decision.allowed || !row) {
    await door.refuse(asker.actor, action, decision.rule, ids[0])
    throw decision.allowed ? new NocturneError('not_found') : refusal(decision)
  }
  return { ...asker, row, transfers: ids }
}

const INDEX = /^[1-9]\d{0,8}$/

/** The item number in the address. @throws NocturneError `not_found` */
export function indexOf(request: Request): number {
  const { index } = request.params
  if (typeof index !== 'string' || !INDEX.test(index)) throw new NocturneError('not_found')
  return Number(index)
}

const NUMBER = /^(0|[1-9]\d{0,14})$/

/** A number in the address, of an event or a level of the log. @throws NocturneError `not_found` */
export function numberOf(text: unknown): number {
  if (typeof text !== 'string' || !NUMBER.test(text)) throw new NocturneError('not_found')
  return Number(text)
}
