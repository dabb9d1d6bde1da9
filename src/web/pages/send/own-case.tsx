import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { caseAnswer } from '../../../protocol/http/cases.js'
import type { CaseView } from '../../../protocol/http/cases.js'
import type { ReportView } from '../../../protocol/http/reports.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { clockTime } from '../session/time-left.js'
import { useKeys } from '../session/use-keys.js'
import { confirmReport, openReport } from './facility.js'
import { stateText } from './case-state.js'
import { ReportSheet } from './report-sheet.js'

/** States in which the facility can take a case back. */
const RECALLABLE = new Set([
  'arriving',
  'waiting',
  'claimed',
  'preliminary',
  'finalizing',
  'partial',
])

interface OwnCaseProps {
  readonly session: Session
  readonly of: CaseView
  /** Oldest first. */
  readonly reports: readonly ReportView[]
  readonly onClose: () => void
}

export function OwnCase({ session, of, reports, onClose }: OwnCaseProps) {
  useKeys({ Escape: onClose })
  return (
    <section aria-label={`Case ${of.code}`} className="card">
      <div className="buttons">
        <h2>{of.code}</h2>
        <span>{stateText(of, Date.now())}</span>
        <span className="grow" />
        <Changes {...{ session, of }} />
        <Button autoFocus onPress={onClose}>
          Your cases <kbd>Esc</kbd>
        </Button>
      </div>
      {(of.parts ?? []).map(({ id, code, region, state }) => (
        <p key={id}>
          {region} is read apart, as {code}: {state}
        </p>
      ))}
      {reports.length === 0 && <p className="quiet">No report yet.</p>}
      {reports.toReversed().map((view) => (
        <OneReport key={view.id} {...{ session, of, view }} />
      ))}
    </section>
  )
}

function OneReport({
  session,
  of,
  view,
}: Pick<OwnCaseProps, 'session' | 'of'> & { view: ReportView }) {
  const queries = useQueryClient()
  const opening = useMutation({ mutationFn: () => openReport(session, of, view.id), gcTime: 0 })
  const confirming = useMutation({
    mutationFn: () => confirmReport(session, view),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['own'] }),
  })
  return (
    <article className="earlier">
      <h3>
        {view.status} report by {view.author}, {clockTime(view.receivedAt, Date.now())}
      </h3>
      <Problem error={opening.error ?? confirming.error} />
      {opening.data ? (
        <>
          <ReportSheet opened={opening.data} />
          <div className="buttons">
            <Button onPress={() => print()}>Print</Button>
            {view.acknowledgedAt === undefined && (
              <Button
                className="first"
                onPress={() => confirming.mutate()}
                isDisabled={confirming.isPending}
              >
                {confirming.isPending ? 'Signing…' : 'Sign that we have it'}
              </Button>
            )}
          </div>
        </>
      ) : (
        <Button className="first" onPress={() => opening.mutate()} isDisabled={opening.isPending}>
          {opening.isPending ? 'Opening…' : 'Open the report'}
        </Button>
      )}
      <p className="quiet">
        {view.acknowledgedAt
          ? `Confirmed ${clockTime(view.acknowledgedAt, Date.now())}.`
          : 'Not confirmed yet: the radiologist does not know that you have it.'}
      </p>
    </article>
  )
}

function Changes({ session, of }: Pick<OwnCaseProps, 'session' | 'of'>) {
  const [isAsking, setAsking] = useState(false)
  const queries = useQueryClient()
  const changing = useMutation({
    mutationFn: ({ path, body }: { path: string; body: object }) =>
      session.gateway.post(caseAnswer, `/v1/cases/${of.id}/${path}`, body),
    onSuccess: () => {
      setAsking(false)
      return queries.invalidateQueries({ queryKey: ['own'] })
    },
  })
  if (!RECALLABLE.has(of.state)) return null
  return (
    <>
      <Problem error={changing.error} />
      {of.priority !== 'stat' && (
        <Button onPress={() => changing.mutate({ path: 'priority', body: { priority: 'stat' } })}>
          Make it STAT
        </Button>
      )}
      {isAsking ? (
        <>
          <span role="status">Recall it? No radiologist reads it then.</span>
          <Button onPress={() => changing.mutate({ path: 'recall', body: {} })}>Recall it</Button>
          <Button onPress={() => setAsking(false)}>Keep it</Button>
        </>
      ) : (
        <Button onPress={() => setAsking(true)}>Recall…</Button>
      )}
    </>
  )
}
