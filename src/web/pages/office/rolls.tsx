import type { EventAnswer } from '../../../protocol/http/audit.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { EventTable } from './event-table.js'
import { doneText, rollUp } from './roll-up.js'

interface RollsProps {
  readonly session: Session
  readonly label: string
  readonly file: string
  readonly events: readonly EventAnswer[]
}

/** One line per person and hour; the events of a line on demand. */
export function Rolls({ session, label, file, events }: RollsProps) {
  return (
    <DataTable
      label={`${label}, per person and hour`}
      file={`${file}-by-hour`}
      columns={[
        { name: `Hour (${timeZone()})`, text: ({ hour }) => hour },
        { name: 'Who', text: ({ who }) => who },
        { name: 'What', text: doneText },
        { name: 'Events', text: ({ events: of }) => String(of.length) },
        { name: 'Where from', text: ({ whereFrom }) => whereFrom.join(', ') },
        {
          name: 'Unusual',
          text: ({ failures, isOutsideDuty }) =>
            [
              failures === 0 ? '' : `${failures} failed or refused`,
              isOutsideDuty ? 'outside duty hours' : '',
            ]
              .filter(Boolean)
              .join(', '),
        },
      ]}
      rows={rollUp(events)}
      idOf={({ id }) => id}
      empty="No event."
      toneOf={({ failures, isOutsideDuty }) => (failures > 0 || isOutsideDuty ? 'warn' : undefined)}
      details={({ id, events: of }) => (
        <EventTable {...{ session, file }} label={`Events of ${id}`} events={of} />
      )}
    />
  )
}
