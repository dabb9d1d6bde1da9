import { useQuery } from '@tanstack/react-query'
import { CATALOGUE } from '../../../lib/errors.js'
import type { Code } from '../../../lib/errors.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import type { HeldItem } from '../../../protocol/http/facility.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { heldItems } from './facility.js'

interface HeldProps {
  readonly session: Session
  readonly cases: readonly CaseView[]
}

/** What is held back for the facility, and how it decides about it. */
export function Held({ session, cases }: HeldProps) {
  const { data, error } = useQuery({
    queryKey: ['own', 'held'],
    queryFn: () => heldItems(session),
    refetchInterval: 15_000,
  })
  const held = (data ?? []).filter(({ state }) => state === 'held')
  if (!error && held.length === 0) return null
  const codeOf = (transfer: string) =>
    cases.find(({ transfers }) => transfers.some(({ id }) => id === transfer))?.code ?? transfer
  const groups = Map.groupBy(held, ({ transfer }) => codeOf(transfer))
  return (
    <section aria-label="Held for you" className="critical" data-open="true">
      <Problem error={error} />
      <p>
        <strong>
          {held.length === 1 ? 'One item is' : `${held.length} items are`} held for you
        </strong>{' '}
        and no radiologist sees {held.length === 1 ? 'it' : 'them'}:
      </p>
      <ul>
        {[...groups].map(([code, items]) => (
          <li key={code}>
            <span className="code">{code}</span>: {items.length}, {reasonsOf(items)}. Look at them
            and decide with <code>nocturne quarantine view --case {code}</code>
          </li>
        ))}
      </ul>
    </section>
  )
}

const reasonsOf = (items: readonly HeldItem[]): string =>
  [
    ...new Set(items.map(({ code }) => (code in CATALOGUE ? CATALOGUE[code as Code].title : code))),
  ].join('; ')
