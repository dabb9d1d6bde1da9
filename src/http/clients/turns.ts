/**
 * Requests of one principal take turns: a few of them begin at a time, and the others wait without
 * costing anything. So a flood by one client delays the others by these few alone; by fewer still
 * while others have requests and the process has nothing to spare.
 *
 * Whose a token is shows when a request with it is admitted; until then, it has a line of its own.
 */
import type { IncomingMessage } from 'node:http'
import { performance } from 'node:perf_hooks'
import type { RequestHandler } from 'express'

/** Enough to keep the gateway busy with one client, where there are no others. */
const AT_ONCE = 8
/** Of one client while others are served too and the event loop is never idle. */
const AT_ONCE_BUSY = 1
/** A request that takes longer, such as an upload, is waiting for something else. */
const TURN_MS = 1_000

/** Tokens whose principals are remembered; the oldest is forgotten first. */
const NAMES = 10_000

const NAMERS = new WeakMap<IncomingMessage, (principal: string) => void>()

/** The request was admitted: its token is one of this principal. */
export const nameClient = (request: IncomingMessage, principal: string): void =>
  NAMERS.get(request)?.(principal)

interface Line {
  running: number
  /** In the order of their arrival. */
  readonly waiting: Set<() => void>
}

/** @param isBusy whether the process has no time to spare */
export function takeTurns(isBusy: () => boolean = watchBusy()): RequestHandler {
  const lines = new Map<string, Line>()
  /** Principals, by the header with the token. */
  const names = new Map<string, string>()
  /** Those of which requests wait. */
  const held = new Set<Line>()
  const hasRoom = ({ running }: Line): boolean =>
    running < AT_ONCE_BUSY || (running < AT_ONCE && (lines.size === 1 || !isBusy()))
  const beginNext = (line: Line): void => {
    for (const begin of line.waiting) {
      if (!hasRoom(line)) return
      begin()
    }
  }
  return (request, response, next) => {
    const { authorization } = request.headers
    if (authorization === undefined) {
      next()
      return
    }
    NAMERS.set(request, (principal) => {
      names.delete(authorization)
      names.set(authorization, principal)
      const [oldest] = names.keys()
      if (names.size > NAMES && oldest !== undefined) names.delete(oldest)
    })
    // A header never has a line break.
    const name = names.get(authorization)
    const key = name === undefined ? authorization : `\n${name}`
    const line = lines.get(key) ?? { running: 0, waiting: new Set() }
    lines.set(key, line)
    let late: NodeJS.Timeout | undefined
    const leave = () => {
      line.waiting.delete(begin)
      if (line.waiting.size === 0) held.delete(line)
    }
    const begin = () => {
      leave()
      line.running += 1
      late = setTimeout(end, TURN_MS).unref()
      next()
    }
    const end = () => {
      leave()
      if (!late) return
      clearTimeout(late)
      late = undefined
      line.running -= 1
      if (line.running === 0 && line.waiting.size === 0) lines.delete(key)
      beginNext(line)
      // Where this was the other client, a line may have room again.
      for (const one of [...held]) if (one !== line) beginNext(one)
    }
    response.once('close', end)
    if (hasRoom(line)) begin()
    else {
      line.waiting.add(begin)
      held.add(line)
    }
  }
}

/** Of the time between two looks, this share is spent with work where there is nothing to spare. */
const BUSY = 0.8
const LOOK_MS = 20

function watchBusy(): () => boolean {
  let [before, at, busy] = [performance.eventLoopUtilization(), performance.now(), false]
  return () => {
    const now = performance.now()
    if (now - at < LOOK_MS) return busy
    const seen = performance.eventLoopUtilization()
    busy = performance.eventLoopUtilization(seen, before).utilization > BUSY
    ;[before, at] = [seen, now]
    return busy
  }
}
