import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import { sentence } from '../session/gateway.js'
import type { Session } from '../session/session.js'
import { dayBefore, startOfDay } from '../tables/times.js'
import { FoundEvents, READ_ONCE } from './found-events.js'
import { countQuestions } from './ledger.js'

const PERIODS = {
  day: ['since yesterday', 1],
  week: ['the last 7 days', 7],
  month: ['the last 30 days', 30],
  all: ['the whole log', undefined],
} as const
type Period = keyof typeof PERIODS
const OPTIONS = (Object.keys(PERIODS) as Period[]).map((one) => [one, PERIODS[one][0]] as const)

/** What `due` means depends on the last review, not on a period. */
const sinceOf = (period: Period): string | undefined => {
  const [, days] = PERIODS[period]
  return days === undefined ? undefined : startOfDay(dayBefore(days, Date.now()))
}

/** The questions that compliance asks, each with the number of its answers. */
export function Questions({ session }: { readonly session: Session }) {
  const [period, setPeriod] = useState<Period>('week')
  const [asked, setAsked] = useState<string>()
  const from = sinceOf(period)
  const { data, error, isPending } = useQuery({
    queryKey: ['questions', from],
    queryFn: () => countQuestions(session, { from }),
    ...READ_ONCE,
  })
  const found = data?.questions.find(({ question }) => question === asked)
  return (
    <div className="view">
      <Choice label="Period" value={period} options={OPTIONS} onChange={setPeriod} />
      <Problem error={error} />
      {isPending && <p role="status">Counting…</p>}
      <ul className="questions">
        {data?.questions.map(({ question, about, count }) => (
          <li key={question}>
            <Button
              aria-pressed={question === asked}
              className="question"
              onPress={() => setAsked(question)}
            >
              <span className="count">{count.toLocaleString('en')}</span> {sentence(about)}
            </Button>
          </li>
        ))}
      </ul>
      {found && (
        <>
          <h2>{sentence(found.about)}</h2>
          <FoundEvents
            key={`${found.question} ${period}`}
            {...{ session, range: { from } }}
            label={found.about}
            file={found.question}
            subject={{ kind: 'question', question: found.question }}
            isRolled={found.count > 50}
          />
        </>
      )}
    </div>
  )
}
