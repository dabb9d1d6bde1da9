import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { Button, Cell, Column, Row, Table, TableBody, TableHeader } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import { shortfallOf, shortfallText } from '../../../protocol/outcomes.js'
import type { Outcomes } from '../../../protocol/outcomes.js'
import { OpenCriticals } from './open-criticals.js'
import { LockedCases } from './sharing/locked-cases.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { clockTime, timeLeft, timeZone } from '../session/time-left.js'
import { useKeys } from '../session/use-keys.js'
import { useNow } from '../session/use-now.js'
import { usePace } from '../session/use-updates.js'

const POLL_MS = 5_000

interface WorklistProps {
  readonly session: Session
  readonly onOpen: (opened: CaseView) => void
  readonly onHandover: () => void
}

export function Worklist({ session, onOpen, onHandover }: WorklistProps) {
  const now = useNow()
  const { data, error, dataUpdatedAt } = useQuery({
    queryKey: ['cases', session.who.principal],
    queryFn: () => session.gateway.cases(),
    refetchInterval: usePace(POLL_MS),
  })
  const cases = (data ?? []).filter(({ state }) => state !== 'closed' && state !== 'recalled')
  const [at, setAt] = useState(0)
  const selected = cases[Math.min(at, cases.length - 1)]
  const move = (by: number) => setAt(Math.max(0, Math.min(cases.length - 1, at + by)))
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    Enter: () => selected && onOpen(selected),
    h: onHandover,
  })
  useAnnounced(cases)
  return (
    <main className="worklist">
      <div className="buttons">
        <h1>Worklist</h1>
        <Button onPress={onHandover}>
          Hand-over <kbd>h</kbd>
        </Button>
      </div>
      <Problem error={error} />
      <OpenCriticals session={session} />
      <LockedCases session={session} />
      <CaseTable
        {...{ cases, selected, now, onOpen, me: session.who.principal }}
        isLoaded={data !== undefined}
        onSelect={setAt}
      />
      <p className="quiet">
        <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> opens. Times are in {timeZone()}.{' '}
        {dataUpdatedAt > 0 && `Updated ${clockTime(new Date(dataUpdatedAt).toISOString(), now)}.`}
      </p>
    </main>
  )
}

interface CaseTableProps {
  readonly cases: readonly CaseView[]
  readonly selected: CaseView | undefined
  readonly now: number
  readonly me: string
  readonly isLoaded: boolean
  readonly onSelect: (index: number) => void
  readonly onOpen: (opened: CaseView) => void
}

function CaseTable(props: CaseTableProps) {
  const { cases, selected, now, me, isLoaded, onSelect, onOpen } = props
  return (
    <Table
      aria-label="Cases, by time left"
      selectionMode="single"
      selectionBehavior="replace"
      selectedKeys={selected ? [selected.id] : []}
      onSelectionChange={(keys) => {
        if (keys === 'all') return
        const [first] = keys
        const index = cases.findIndex(({ id }) => id === first)
        if (index >= 0) onSelect(index)
      }}
      onRowAction={(id) => {
        const found = cases.find((one) => one.id === id)
        if (found) onOpen(found)
      }}
    >
      <TableHeader>
        <Column isRowHeader>Case</Column>
        <Column>Time left</Column>
        <Column>Priority</Column>
        <Column>Facility</Column>
        <Column>Modality</Column>
        <Column>Images</Column>
        <Column>Waiting since</Column>
        <Column>Reader</Column>
        <Column>Report</Column>
      </TableHeader>
      <TableBody
        items={cases}
        dependencies={[now]}
        renderEmptyState={() => (isLoaded ? 'No case is waiting.' : 'Loading the worklist…')}
      >
        {(one) => <CaseRow key={one.id} of={one} now={now} me={me} />}
      </TableBody>
    </Table>
  )
}

interface CaseRowProps {
  readonly of: CaseView
  readonly now: number
  readonly me: string
}

function CaseRow({ of: one, now, me }: CaseRowProps) {
  const left = timeLeft(one, now)
  const counted = one.outcomes as unknown as Outcomes
  const shortfall = shortfallOf(counted)
  const holder = one.claimedBy === me ? 'you' : (one.claimedBy ?? '')
  return (
    <Row id={one.id} textValue={one.code} data-urgency={left.urgency}>
      <Cell className="code">{one.code}</Cell>
      <Cell className="left">
        {left.text}
        {left.kind && <span className="quiet"> to {left.kind}</span>}
      </Cell>
      <Cell>{one.priority === 'stat' ? <strong>STAT</strong> : one.priority}</Cell>
      <Cell>{one.facility}</Cell>
      <Cell>
        {one.modality ?? ''}
        {one.part && (
          <span className="quiet">
            {' '}
            {one.part.region} of {one.part.code}
          </span>
        )}
      </Cell>
      <Cell>
        {counted.accepted}
        {shortfall && <span className="bad"> not whole: {shortfallText(shortfall)}</span>}
      </Cell>
      <Cell>{one.waitingSince ? clockTime(one.waitingSince, now) : ''}</Cell>
      <Cell>{holder}</Cell>
      <Cell>{one.report ?? ''}</Cell>
    </Row>
  )
}

/** Says in the title how many STAT cases wait, so that a tab in the background shows it. */
function useAnnounced(cases: readonly CaseView[]): void {
  const stat = cases.filter((one) => one.priority === 'stat' && !one.claimedBy).length
  useEffect(() => {
    document.title = `${stat > 0 ? `(${stat} STAT) ` : ''}Worklist - Nocturne`
  }, [stat])
}
