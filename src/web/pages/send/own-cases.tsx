import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Cell, Column, Row, Table, TableBody, TableHeader } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import type { ReportView } from '../../../protocol/http/reports.js'
import { shortfallOf, shortfallText } from '../../../protocol/outcomes.js'
import type { Outcomes } from '../../../protocol/outcomes.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { useNow } from '../session/use-now.js'
import { stateText } from './case-state.js'
import { ownCases, ownReports } from './facility.js'
import { Held } from './held/held.js'
import { OwnCase } from './own-case.js'
import { usePace } from '../session/use-updates.js'

const POLL_MS = 5_000

/** The facility's cases, the newest first, with what became of each. */
export function OwnCases({ session }: { readonly session: Session }) {
  const [open, setOpen] = useState<string>()
  const now = useNow()
  const cases = useQuery({
    queryKey: ['own', 'cases'],
    queryFn: () => ownCases(session),
    refetchInterval: usePace(POLL_MS),
  })
  const reports = useQuery({
    queryKey: ['own', 'reports'],
    queryFn: () => ownReports(session),
    refetchInterval: usePace(POLL_MS),
  })
  const all = (cases.data ?? []).toReversed().toSorted(byNewest)
  const found = all.find(({ id }) => id === open)
  if (found)
    return (
      <OwnCase
        key={found.id}
        {...{ session, of: found }}
        reports={reportsOn(found, reports.data)}
        onClose={() => setOpen(undefined)}
      />
    )
  return (
    <section aria-label="Cases" className="card worklist">
      <h2>Your cases</h2>
      <Problem error={cases.error ?? reports.error} />
      <Held {...{ session, cases: all }} />
      <Table aria-label="Your cases" onRowAction={(id) => setOpen(String(id))}>
        <TableHeader>
          <Column isRowHeader>Case</Column>
          <Column>State</Column>
          <Column>Priority</Column>
          <Column>Group</Column>
          <Column>Images</Column>
          <Column>Report</Column>
        </TableHeader>
        <TableBody
          items={all}
          dependencies={[now, reports.data]}
          renderEmptyState={() => (cases.data ? 'No case yet.' : 'Loading…')}
        >
          {(one) => <CaseRow of={one} now={now} reports={reportsOn(one, reports.data)} />}
        </TableBody>
      </Table>
      <p className="quiet">Enter opens a case. Times are in {timeZone()}.</p>
    </section>
  )
}

const byNewest = (a: CaseView, b: CaseView): number =>
  (b.createdAt ?? '').localeCompare(a.createdAt ?? '')

const reportsOn = ({ id }: CaseView, all: readonly ReportView[] = []): readonly ReportView[] =>
  all.filter((one) => one.case === id)

interface CaseRowProps {
  readonly of: CaseView
  readonly now: number
  readonly reports: readonly ReportView[]
}

function CaseRow({ of: one, now, reports }: CaseRowProps) {
  const counted = one.outcomes as unknown as Outcomes
  const shortfall = shortfallOf(counted)
  const fresh = reports.filter(({ acknowledgedAt }) => acknowledgedAt === undefined).length
  return (
    <Row id={one.id} textValue={one.code}>
      <Cell className="code">{one.code}</Cell>
      <Cell>{stateText(one, now)}</Cell>
      <Cell>{one.priority === 'stat' ? <strong>STAT</strong> : one.priority}</Cell>
      <Cell>{one.group}</Cell>
      <Cell>
        {counted.accepted}
        {shortfall && <span className="bad"> {shortfallText(shortfall)}</span>}
      </Cell>
      <Cell>
        {fresh > 0 ? <strong>{fresh === 1 ? 'new' : `${fresh} new`}</strong> : (one.report ?? '')}
      </Cell>
    </Row>
  )
}
