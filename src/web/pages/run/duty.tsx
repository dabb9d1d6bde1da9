import { useQuery } from '@tanstack/react-query'
import { dutyAnswer } from '../../../protocol/http/duty.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { localTime } from '../tables/times.js'

/** Who is on duty now and in the coming week. */
export function Duty({ session: { gateway } }: { readonly session: Session }) {
  const { data, error } = useQuery({
    queryKey: ['duty'],
    queryFn: async () => (await gateway.get(dutyAnswer, '/v1/duty')).groups,
  })
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  return (
    <div className="view">
      {data.map(({ id, timezone, hasRoster, now, shifts }) => (
        <div key={id}>
          <h2>
            {id} ({timezone})
          </h2>
          {hasRoster ? (
            <>
              <p>
                Now:{' '}
                {now === undefined || now.readers.length === 0 ? (
                  <strong className="bad">nobody</strong>
                ) : (
                  now.readers.join(', ')
                )}
                {now && now.backups.length > 0 && `; backup: ${now.backups.join(', ')}`}
              </p>
              <DataTable
                label={`Shifts of ${id}`}
                file={`shifts-${id}`}
                rows={shifts ?? []}
                idOf={({ from, until }) => `${from} ${until}`}
                empty="No shift in the coming week."
                columns={[
                  { name: `From (${timeZone()})`, text: ({ from }) => localTime(from) },
                  { name: 'Until', text: ({ until }) => localTime(until) },
                  { name: 'Readers', text: ({ readers }) => readers.join(', ') },
                  { name: 'Backups', text: ({ backups }) => backups.join(', ') },
                ]}
              />
            </>
          ) : (
            <p>No roster: every reader of the group counts as on duty.</p>
          )}
        </div>
      ))}
    </div>
  )
}
