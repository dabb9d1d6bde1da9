import { useMutation, useQuery } from '@tanstack/react-query'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../../protocol/http/cases.js'
import type { ReportView } from '../../../../protocol/http/reports.js'
import { SECTIONS } from '../../../../protocol/report.js'
import type { ReportDocument } from '../../../../protocol/report.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { clockTime } from '../../session/time-left.js'
import { openReport, reportsOf } from './reporting.js'

interface EarlierReportsProps {
  readonly session: Session
  readonly of: CaseView
  /** Undefined where nothing is being written. */
  readonly onCopy: ((sections: ReportDocument['sections']) => void) | undefined
}

export function EarlierReports({ session, of, onCopy }: EarlierReportsProps) {
  const { data, error } = useQuery({
    queryKey: ['reports', of.id, of.report],
    queryFn: () => reportsOf(session, of),
  })
  return (
    <section aria-label="Reports so far">
      <Problem error={error} />
      {data?.length === 0 && <p className="quiet">No report on this case yet.</p>}
      {data?.map((view) => (
        <OneReport key={view.id} {...{ session, view, onCopy }} />
      ))}
    </section>
  )
}

interface OneReportProps extends Pick<EarlierReportsProps, 'session' | 'onCopy'> {
  readonly view: ReportView
}

function OneReport({ session, view, onCopy }: OneReportProps) {
  const opening = useMutation({ mutationFn: () => openReport(session, view.id), gcTime: 0 })
  return (
    <article className="earlier">
      <h2>
        {view.status} by {view.author}, {clockTime(view.receivedAt, Date.now())}
      </h2>
      <p className="quiet">
        {view.acknowledgedAt
          ? `The facility has it since ${clockTime(view.acknowledgedAt, Date.now())}.`
          : 'The facility has not confirmed it yet.'}
      </p>
      <Problem error={opening.error} />
      {opening.data ? (
        <ReportText document={opening.data} />
      ) : (
        <Button onPress={() => opening.mutate()} isDisabled={opening.isPending}>
          {opening.isPending ? 'Opening…' : 'Open'}
        </Button>
      )}
      {onCopy && opening.data && (
        <Button onPress={() => onCopy(opening.data.sections)}>Copy into the report</Button>
      )}
    </article>
  )
}

export function ReportText({ document }: { readonly document: ReportDocument }) {
  return (
    <dl className="report-text">
      {SECTIONS.map((name) => {
        const text = document.sections[name]
        return text === undefined ? null : (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        )
      })}
      {document.agreement && (
        <div>
          <dt>agreement</dt>
          <dd>{document.agreement}</dd>
        </div>
      )}
      {document.authorName && (
        <div>
          <dt>signed</dt>
          <dd>{document.authorName}</dd>
        </div>
      )}
    </dl>
  )
}
