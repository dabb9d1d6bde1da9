/** `/v1/updates`: says to each client which of its lists have changed. */
import { Router } from 'express'
import type { Request, Response } from 'express'
import type { Gatekeeper, Session } from '../../access/index.js'
import { NocturneError } from '../../lib/errors.js'
import { BEAT_MS, TOPICS, updatesQuery, writeEvent } from '../../protocol/updates/stream.js'
import type { StreamEvent } from '../../protocol/updates/stream.js'
import type { Follower, Following } from '../../running/following.js'
import { parseQuery } from '../parse.js'
import { addressOf, credentialsOf } from '../request.js'
import { Places } from './places.js'
import { topicsOf } from './topics.js'

export interface UpdateRouteRooms {
  readonly gatekeeper: Pick<Gatekeeper, 'authenticate'>
  readonly following: Following
}

/** A client comes back with its cursor after this time, so that none holds a place for ever. */
const LONGEST_MS = 15 * 60_000
/** A client that reads nothing for so long that this piles up is disconnected. */
const MAX_UNREAD = 16_384

export function updateRoutes({ gatekeeper, following }: UpdateRouteRooms): Router {
  const places = new Places()
  const router = Router()
  router.get('/updates', async (request, response) => {
    const { session } = await gatekeeper.authenticate(credentialsOf(request))
    if (session.principal.role === 'recovery') throw new NocturneError('forbidden')
    const from = parseQuery(updatesQuery, request).from ?? request.get('Last-Event-ID')
    const leave = places.take(session.principal.id, addressOf(request))
    response.once('close', leave)
    if (response.closed) leave()
    const cursor = from !== undefined && /^\d{1,15}$/.test(from) ? Number(from) : undefined
    const missed = await following.since(cursor)
    const topics = missed.isPartial ? TOPICS : topicsFor(session, missed.changes)
    response.status(200).set({
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store, no-transform',
      // nginx passes each event on at once.
      'X-Accel-Buffering': 'no',
    })
    if (response.closed) return
    const send = sender(response)
    send({ kind: 'hello', at: String(missed.next), topics })
    stream(request, response, { gatekeeper, following, session, send, from: missed.next })
  })
  return router
}

interface Streaming extends UpdateRouteRooms {
  readonly session: Session
  readonly send: (event: StreamEvent) => void
  readonly from: number
}

function stream(
  request: Request,
  response: Response,
  { gatekeeper, following, session, send, from }: Streaming,
): void {
  let current = session
  const end = (why: 'session' | 'stop'): void => {
    send({ kind: 'end', why })
    response.end()
  }
  const follower: Follower = {
    changed: (changes, next, isPartial) => {
      const topics = isPartial ? TOPICS : topicsFor(current, changes)
      if (topics.length > 0) send({ kind: 'change', at: String(next), topics })
    },
    ended: () => end('stop'),
  }
  const unfollow = following.follow(follower, from)
  // A session that was revoked or has expired ends here, at the latest with the next beat.
  const beat = async (): Promise<void> => {
    try {
      current = (await gatekeeper.authenticate(credentialsOf(request))).session
      send({ kind: 'beat' })
    } catch {
      end('session')
    }
  }
  const timers = [
    setInterval(() => void beat(), BEAT_MS).unref(),
    setTimeout(() => response.end(), LONGEST_MS).unref(),
  ]
  response.once('close', () => {
    unfollow()
    timers.forEach((timer) => clearTimeout(timer))
  })
}

const sender = (response: Response) => (event: StreamEvent) => {
  if (response.writableEnded || response.destroyed) return
  if (response.writableLength > MAX_UNREAD) response.destroy()
  else response.write(writeEvent(event))
}

const topicsFor = ({ principal }: Session, changes: Parameters<typeof topicsOf>[0]) =>
  topicsOf(changes, principal, principal.groups)
