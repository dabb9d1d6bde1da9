/**
 * Requests with one token take turns: a few of them begin at a time, and the others wait without
 * costing anything. So a flood by one client delays the others by these few alone.
 */
import type { RequestHandler } from 'express'

/** Enough to keep the gateway busy with one client, where there are no others. */
const AT_ONCE = 8
/** A request that takes longer, such as an upload, is waiting for something else. */
const TURN_MS = 1_000

interface Line {
  running: number
  /** In the order of their arrival. */
  readonly waiting: Set<() => void>
}

/** Requests without a token are cheap, and their failures are delayed: they pass. */
export function takeTurns(): RequestHandler {
  const lines = new Map<string, Line>()
  return ({ headers: { authorization } }, response, next) => {
    if (authorization === undefined) {
      next()
      return
    }
    const line = lines.get(authorization) ?? { running: 0, waiting: new Set() }
    lines.set(authorization, line)
    let late: NodeJS.Timeout | undefined
    const begin = () => {
      line.waiting.delete(begin)
      line.running += 1
      late = setTimeout(end, TURN_MS).unref()
      next()
    }
    const end = () => {
      line.waiting.delete(begin)
      if (!late) return
      clearTimeout(late)
      late = undefined
      line.running -= 1
      const [first] = line.waiting
      first?.()
      if (line.running === 0) lines.delete(authorization)
    }
    response.once('close', end)
    if (line.running < AT_ONCE) begin()
    else line.waiting.add(begin)
  }
}
