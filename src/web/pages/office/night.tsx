import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { criticalsAnswer } from '../../../protocol/http/critical.js'
import { figuresAnswer } from '../../../protocol/http/figures.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { duration, timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { dayBefore, localTime } from '../tables/times.js'
import { DayRange, rangeOf } from './day-range.js'
import type { Days } from './day-range.js'
import { FoundEvents, READ_ONCE } from './found-events.js'
import { queryOf } from './ledger.js'
import type { Range } from './ledger.js'

/** How the nights went: alerts, critical results, and how long readers took. */
export function Night({ session }: { readonly session: Session }) {
  const [days, setDays] = useState<Days>(() => ({
    first: dayBefore(7, Date.now()),
    last: dayBefore(0, Date.now()),
  }))
  const range = rangeOf(days)
  return (
    <div className="view">
      <div className="ask">
        <DayRange days={days} isRequired onChange={setDays} />
      </div>
      {range.from === undefined || range.until === undefined ? (
        <p>Select both days.</p>
      ) : (
        <>
          <h2>Alerts</h2>
          <FoundEvents
            key={`${days.first} ${days.last}`}
            {...{ session, range }}
            label="Alerts"
            file="alerts"
            subject={{ kind: 'types', types: ['alert.raised'] }}
            isRolled={false}
          />
          <h2>Turnaround</h2>
          <Turnaround {...{ session, range }} />
        </>
      )}
      <h2>Critical results</h2>
      <Criticals session={session} />
    </div>
  )
}

interface TurnaroundProps {
  readonly session: Session
  readonly range: Range
}

function Turnaround({ session: { gateway }, range }: TurnaroundProps) {
  const { data, error } = useQuery({
    queryKey: ['turnaround', range],
    queryFn: async () =>
      (await gateway.get(figuresAnswer, `/v1/turnaround${queryOf({ ...range })}`)).figures,
    ...READ_ONCE,
  })
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  const time = (seconds: number | undefined) =>
    seconds === undefined ? '' : duration(seconds * 1_000)
  return (
    <DataTable
      label="Turnaround"
      file="turnaround"
      rows={data}
      idOf={({ facility, group, priority, kind }) => [facility, group, priority, kind].join(' ')}
      empty="No case became available in these days."
      toneOf={({ missed }) => (missed > 0 ? 'warn' : undefined)}
      columns={[
        { name: 'Facility', text: ({ facility }) => facility },
        { name: 'Group', text: ({ group }) => group },
        { name: 'Priority', text: ({ priority }) => priority },
        { name: 'Step', text: ({ kind }) => kind },
        { name: 'Cases', text: ({ cases }) => String(cases) },
        { name: 'Median', text: ({ medianSeconds }) => time(medianSeconds) },
        { name: '9 of 10 within', text: ({ p90Seconds }) => time(p90Seconds) },
        { name: 'Missed targets', text: ({ missed }) => String(missed) },
      ]}
    />
  )
}

function Criticals({ session: { gateway } }: { readonly session: Session }) {
  const { data, error } = useQuery({
    queryKey: ['critical'],
    queryFn: async () => (await gateway.get(criticalsAnswer, '/v1/critical')).critical,
    ...READ_ONCE,
  })
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  const at = (instant: string | undefined) => (instant === undefined ? '' : localTime(instant))
  return (
    <DataTable
      label="Critical results"
      file="critical"
      rows={data}
      idOf={({ id }) => id}
      empty="No critical result was raised."
      toneOf={({ missedAt, state }) =>
        missedAt !== undefined ? 'bad' : state === 'closed' ? undefined : 'warn'
      }
      columns={[
        { name: 'Case', text: ({ code }) => code },
        { name: 'State', text: ({ state, closedFor }) => closedFor ?? state },
        { name: 'Level', text: ({ level }) => level },
        { name: 'Facility', text: ({ facility }) => facility },
        { name: 'Raised by', text: ({ author }) => author },
        { name: `Raised (${timeZone()})`, text: ({ raisedAt }) => at(raisedAt) },
        { name: 'Read back by', text: ({ dueAt }) => at(dueAt) },
        { name: 'Missed', text: ({ missedAt }) => at(missedAt) },
        { name: 'Closed', text: ({ closedAt }) => at(closedAt) },
      ]}
    />
  )
}
