import { useQuery } from '@tanstack/react-query'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { CriticalResult } from './writing/critical-result.js'
import { openCriticals } from './writing/reporting.js'
import { usePace } from '../session/use-updates.js'

const POLL_MS = 5_000

/** Critical results of the reader's groups that nobody has read back, whoever raised them. */
export function OpenCriticals({ session }: { readonly session: Session }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['critical', 'open'],
    queryFn: () => openCriticals(session),
    refetchInterval: usePace(POLL_MS),
  })
  if (!error && (data ?? []).length === 0) return null
  return (
    <section aria-label="Critical results not read back" data-own-keys>
      <Problem error={error} />
      {data?.map((view) => (
        <CriticalResult key={view.id} {...{ session, view }} onChanged={() => void refetch()} />
      ))}
    </section>
  )
}
