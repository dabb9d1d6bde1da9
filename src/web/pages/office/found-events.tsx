import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { plural } from '../verify/words.js'
import { EventTable } from './event-table.js'
import { findEvents } from './ledger.js'
import type { Range, Subject } from './ledger.js'
import { Rolls } from './rolls.js'

/** Events read at once; more on request, so that an open question does not read a whole log. */
const READ_AT_ONCE = 5_000

interface FoundEventsProps {
  readonly session: Session
  readonly label: string
  readonly file: string
  readonly subject: Subject
  readonly range: Range
  /** Shown first; the other form is one press away. */
  readonly isRolled: boolean
  /** A further search for the same is a new one. */
  readonly turn?: number
}

/** The events that answer a question, rolled up or one by one. They are read once. */
export function FoundEvents(props: FoundEventsProps) {
  const { session, label, file, subject, range, isRolled, turn = 0 } = props
  const [most, setMost] = useState(READ_AT_ONCE)
  const [rolled, setRolled] = useState(isRolled)
  const { data, error, isPending } = useQuery({
    queryKey: ['found', subject, range, most, turn],
    queryFn: () => findEvents(session, subject, range, most),
    ...READ_ONCE,
  })
  if (isPending) return <p role="status">Searching the ledger…</p>
  if (error) return <Problem error={error} />
  const { events, count, end, isCut, otherIssuers } = data
  return (
    <>
      <div className="buttons">
        <strong role="status">
          {plural(count, 'event')} in a log of {plural(end, 'entry', 'entries')}
        </strong>
        {events.length > 0 && (
          <Button onPress={() => setRolled(!rolled)}>
            {rolled ? 'Show every event' : 'Roll up per person and hour'}
          </Button>
        )}
        {isCut && (
          <Button onPress={() => setMost(most + READ_AT_ONCE)}>
            Read more: {plural(events.length, 'event')} so far
          </Button>
        )}
      </div>
      {otherIssuers && (
        <p className="notice">
          The same ID has {plural(otherIssuers.events, 'event')} under{' '}
          {plural(otherIssuers.patients, 'other issuer')}. They are not shown, and may be about
          another person. Leave the issuer empty to include them.
        </p>
      )}
      {rolled ? (
        <Rolls {...{ session, label, file, events }} />
      ) : (
        <EventTable {...{ session, label, file, events }} />
      )}
    </>
  )
}

/** Each read of the ledger is an event in it: nothing is read again that nobody asked for. */
export const READ_ONCE = {
  staleTime: Infinity,
  gcTime: 0,
  retry: false,
  refetchOnWindowFocus: false,
  refetchOnReconnect: false,
} as const
