import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import type { CriticalView } from '../../../../protocol/http/critical.js'
import { CONTACT_ROLES } from '../../../../protocol/critical.js'
import type { ContactRole } from '../../../../protocol/critical.js'
import { Choice } from '../../session/choice.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { clockTime, duration } from '../../session/time-left.js'
import { useNow } from '../../session/use-now.js'
import { compare, logCall, openFinding } from './reporting.js'

interface CriticalResultProps {
  readonly session: Session
  readonly view: CriticalView
  readonly onChanged: () => void
}

/** One critical result with what a reader can do about it. */
export function CriticalResult({ session, view, onChanged }: CriticalResultProps) {
  const opening = useMutation({ mutationFn: () => openFinding(session, view.id), gcTime: 0 })
  const { data } = opening
  const isOpen = view.state !== 'closed'
  return (
    <article className="critical" data-open={isOpen}>
      <h2>
        {view.code}, within {view.level}: <State view={view} />
      </h2>
      <Problem error={opening.error} />
      {data ? (
        <dl className="report-text">
          <dt>finding</dt>
          <dd>{data.text}</dd>
          {data.readBack !== undefined && (
            <>
              <dt>read back as</dt>
              <dd>{data.readBack}</dd>
            </>
          )}
        </dl>
      ) : (
        <Button onPress={() => opening.mutate()} isDisabled={opening.isPending}>
          {view.state === 'comparing' ? 'Open both texts' : 'Open the finding'}
        </Button>
      )}
      {view.state === 'comparing' && data?.readBack !== undefined && (
        <Comparison {...{ session, view, onChanged }} />
      )}
      {isOpen && <PhoneCall {...{ session, view, onChanged }} />}
    </article>
  )
}

function State({ view }: { readonly view: CriticalView }) {
  const now = useNow()
  if (view.state === 'closed')
    return <>closed by {view.closedFor === 'phone' ? 'a phone call' : 'read-back'}</>
  const left = Date.parse(view.dueAt) - now
  const due = `${duration(Math.abs(left))} ${left < 0 ? 'over' : 'left'}`
  return (
    <span className="bad">
      {view.state === 'comparing' ? 'read back, compare it' : 'not read back'}, {due}
    </span>
  )
}

/** The words differ: a reader decides whether the meaning does. */
function Comparison({ session, view, onChanged }: CriticalResultProps) {
  const comparing = useMutation({
    mutationFn: (matches: boolean) => compare(session, view.id, matches),
    onSuccess: onChanged,
  })
  return (
    <div className="buttons">
      <Button onPress={() => comparing.mutate(true)} isDisabled={comparing.isPending}>
        Same meaning
      </Button>
      <Button onPress={() => comparing.mutate(false)} isDisabled={comparing.isPending}>
        Different: ask again
      </Button>
      <Problem error={comparing.error} />
    </div>
  )
}

function PhoneCall({ session, view, onChanged }: CriticalResultProps) {
  const [role, setRole] = useState<ContactRole>()
  const calling = useMutation({
    mutationFn: async (readBack: boolean) => role && logCall(session, view.id, { role, readBack }),
    onSuccess: onChanged,
  })
  const isOff = role === undefined || calling.isPending
  return (
    <details>
      <summary>Log a phone call</summary>
      <p className="quiet">
        Raised {clockTime(view.raisedAt, Date.now())} by {view.author}.
      </p>
      <Choice
        label="Who took the finding"
        value={role}
        options={CONTACT_ROLES.map((one) => [one, one.replace('-', ' ')])}
        onChange={setRole}
      />
      <div className="buttons">
        <Button onPress={() => calling.mutate(true)} isDisabled={isOff}>
          It was read back correctly
        </Button>
        <Button onPress={() => calling.mutate(false)} isDisabled={isOff}>
          Not read back
        </Button>
      </div>
      <Problem error={calling.error} />
    </details>
  )
}
