import { useQuery } from '@tanstack/react-query'
import { lockedCasesAnswer } from '../../../../protocol/http/cases.js'
import type { LockedCasesAnswer } from '../../../../protocol/http/cases.js'
import type { Session } from '../../session/session.js'

const POLL_MS = 60_000

/** Cases of the reader's groups that their present key does not open, and who can help. */
export function LockedCases({ session }: { readonly session: Session }) {
  const { data } = useQuery({
    queryKey: ['locked', session.who.principal],
    queryFn: async () => (await session.gateway.get(lockedCasesAnswer, '/v1/cases/locked')).cases,
    refetchInterval: POLL_MS,
  })
  if (!data || data.length === 0) return null
  return (
    <details className="locked">
      <summary>
        Your key does not open {data.length === 1 ? 'one case' : `${data.length} cases`} of this
        list
      </summary>
      <ul>
        {data.map((one) => (
          <li key={one.id}>
            <strong className="code">{one.code}</strong> {WHY[one.why] ?? ''} {helpOf(one)}
          </li>
        ))}
      </ul>
    </details>
  )
}

const WHY: Readonly<Record<string, string>> = {
  'earlier-key': 'It is sealed to an earlier key of yours.',
  'not-sealed': 'It was sealed before you could be one of its recipients.',
}

function helpOf({ colleagues }: LockedCasesAnswer['cases'][number]): string {
  if (colleagues.length === 0)
    return 'No reader can open it: ask the operator to have the recovery key give you access.'
  const names = new Intl.ListFormat('en', { type: 'disjunction' }).format(colleagues)
  return `Ask ${names} to open it and to use “Who can open it”; then it opens here.`
}
