import { useQueryClient } from '@tanstack/react-query'
import { createContext, use, useEffect, useState } from 'react'
import type { ReactNode } from 'react'
import type { Topic } from '../../../protocol/updates/stream.js'
import type { Session } from './session.js'
import { followUpdates } from './updates.js'
import type { Line } from './updates.js'

/** First words of the keys of queries that show a topic. */
const QUERIES: Readonly<Record<Topic, readonly string[]>> = {
  cases: ['cases', 'case', 'locked', 'own'],
  reports: ['reports', 'own'],
  critical: ['critical', 'own'],
  duty: ['duty', 'handovers'],
  site: ['site', 'ready', 'members', 'invitations', 'tokens'],
}

/** While changes are told at once, asking is for what no event tells, such as time that passes. */
const SLOW_MS = 60_000

const LineContext = createContext<Line>('starting')

/** How often to ask for a list: at the usual pace unless its changes are told. */
export function usePace(usualMs: number): number {
  return use(LineContext) === 'live' ? Math.max(SLOW_MS, usualMs) : usualMs
}

interface LiveProps {
  readonly session: Session
  readonly onEnded: () => void
  readonly children: ReactNode
}

/** Asks again for what has changed, as long as it is shown; says when the line is lost. */
export function Live({ session, onEnded, children }: LiveProps) {
  const { gateway, who } = session
  const [line, setLine] = useState<Line>('starting')
  const queries = useQueryClient()
  useEffect(
    () =>
      followUpdates(who.principal, () => gateway.headers(), {
        changed: (topics) => {
          const stale = new Set<unknown>(topics.flatMap((topic) => QUERIES[topic]))
          void queries.invalidateQueries({ predicate: ({ queryKey: [first] }) => stale.has(first) })
        },
        line: setLine,
        ended: onEnded,
      }),
    [who.principal, gateway, queries, onEnded],
  )
  return (
    <LineContext value={line}>
      {line === 'lost' && (
        <p className="line" role="status">
          The gateway cannot be reached. What is shown may be out of date; the page keeps trying,
          and catches up.
        </p>
      )}
      {line === 'polling' && (
        <p className="line quiet" role="status">
          Live updates do not come through here: the page asks every few seconds instead.
        </p>
      )}
      {children}
    </LineContext>
  )
}
