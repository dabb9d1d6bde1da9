import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { CATALOGUE } from '../../../../lib/errors.js'
import type { Code } from '../../../../lib/errors.js'
import type { CaseView } from '../../../../protocol/http/cases.js'
import type { HeldItem } from '../../../../protocol/http/facility.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { usePace } from '../../session/use-updates.js'
import { heldItems } from './held-items.js'
import { LookAtHeld } from './look.js'

interface HeldProps {
  readonly session: Session
  readonly cases: readonly CaseView[]
}

/** What is held back for the facility, and how it decides about it. */
export function Held({ session, cases }: HeldProps) {
  const [looking, setLooking] = useState<string>()
  const { data, error } = useQuery({
    queryKey: ['own', 'held'],
    queryFn: () => heldItems(session),
    refetchInterval: usePace(15_000),
  })
  const held = (data ?? []).filter(({ state }) => state === 'held')
  const codeOf = (transfer: string) =>
    cases.find(({ transfers }) => transfers.some(({ id }) => id === transfer))?.code ?? transfer
  const groups = Map.groupBy(held, ({ transfer }) => codeOf(transfer))
  const looked = looking === undefined ? undefined : groups.get(looking)
  if (looking !== undefined && looked)
    return (
      <LookAtHeld
        key={looking}
        {...{ session, code: looking, items: looked }}
        onClose={() => setLooking(undefined)}
      />
    )
  if (!error && held.length === 0) return null
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
            <span className="code">{code}</span>: {items.length}, {reasonsOf(items)}.{' '}
            <Button onPress={() => setLooking(code)}>
              Look at {items.length === 1 ? 'it' : 'them'} and decide
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** In the words of the catalogue, each reason once. */
export const reasonsOf = (items: readonly HeldItem[]): string =>
  [
    ...new Set(items.map(({ code }) => (code in CATALOGUE ? CATALOGUE[code as Code].title : code))),
  ].join('; ')
