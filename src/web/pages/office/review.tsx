import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import { holdAnswer, reviewAnswer } from '../../../protocol/http/audit.js'
import type { ReviewAnswer } from '../../../protocol/http/audit.js'
import type { FINDINGS } from '../../../protocol/review-finding.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { plural } from '../verify/words.js'
import { localTime } from '../tables/times.js'
import { timeZone } from '../session/time-left.js'
import { Field } from './field.js'
import { FoundEvents, READ_ONCE } from './found-events.js'
import { Unusual } from './unusual.js'

const PATH = '/v1/audit/review'

/** What has to be looked at, and the officer's signature under it. */
export function Review({ session }: { readonly session: Session }) {
  const { data, error, isPending } = useQuery({
    queryKey: ['review'],
    queryFn: () => session.gateway.get(reviewAnswer, PATH),
    ...READ_ONCE,
  })
  return (
    <div className="view">
      <h2>Review of activity (45 CFR 164.308(a)(1)(ii)(D))</h2>
      {isPending && <p role="status">Asking the gateway…</p>}
      <Problem error={error} />
      {data && <ReviewState {...{ session, state: data }} />}
      <h2>Agree to a search by another officer</h2>
      <Approval session={session} />
    </div>
  )
}

interface ReviewStateProps {
  readonly session: Session
  readonly state: ReviewAnswer
}

function ReviewState({ session, state }: ReviewStateProps) {
  const [isShown, setShown] = useState(false)
  const { reviewed, size, due, nextBy, isOverdue, last } = state
  return (
    <>
      <p>
        <strong>{plural(due, 'event')} to review</strong> among the{' '}
        {plural(size - reviewed, 'entry', 'entries')} since the last review.{' '}
        {nextBy !== undefined && (
          <span className={isOverdue ? 'bad' : undefined}>
            {isOverdue ? 'Overdue since' : 'Due by'} {localTime(nextBy)} ({timeZone()}).
          </span>
        )}
      </p>
      {last && (
        <p className="quiet">
          Last review: {localTime(last.at)} by {last.by}, finding: {last.finding}.
        </p>
      )}
      {isShown ? (
        <FoundEvents
          {...{ session, range: {} }}
          label="Events to review"
          file="review"
          subject={{ kind: 'question', question: 'due' }}
          isRolled={due > 50}
        />
      ) : (
        <Button onPress={() => setShown(true)}>Show the events to review</Button>
      )}
      <Unusual session={session} />
      <SignOff {...{ session, until: size }} />
    </>
  )
}

/** @param until the size of the log that the officer was shown; later events stay to be reviewed */
function SignOff({ session, until }: { readonly session: Session; readonly until: number }) {
  const [finding, setFinding] = useState<(typeof FINDINGS)[number]>()
  const queries = useQueryClient()
  const signing = useMutation({
    mutationFn: () => session.gateway.post(reviewAnswer, PATH, { until, finding }),
    onSuccess: (state) => queries.setQueryData(['review'], state),
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (finding !== undefined) signing.mutate()
  }
  return (
    <form className="ask" onSubmit={submit}>
      <Choice
        label={`Finding for everything before entry ${until}`}
        value={finding}
        options={[
          ['nothing', 'nothing unusual'],
          ['explained', 'unusual, and explained'],
          ['incident', 'an incident, followed up elsewhere'],
        ]}
        onChange={setFinding}
      />
      <Button type="submit" isDisabled={finding === undefined || signing.isPending}>
        Sign off the review
      </Button>
      <Problem error={signing.error} />
    </form>
  )
}

/** Where the site asks for two officers: the other one agrees here. */
function Approval({ session }: { readonly session: Session }) {
  const [id, setId] = useState('')
  const agreeing = useMutation({
    mutationFn: () =>
      session.gateway.post(
        holdAnswer,
        `/v1/audit/searches/${encodeURIComponent(id.trim())}/approve`,
        {},
      ),
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    agreeing.mutate()
  }
  return (
    <>
      <form className="ask" onSubmit={submit}>
        <Field
          label="ID of the search"
          hint="The other officer received it when the search was refused."
          value={id}
          isRequired
          onChange={setId}
        />
        <Button type="submit" isDisabled={agreeing.isPending}>
          Agree to the search
        </Button>
      </form>
      <Problem error={agreeing.error} />
      <p role="status">
        {agreeing.isSuccess && 'Agreed: the other officer can search for 24 hours.'}
      </p>
    </>
  )
}
