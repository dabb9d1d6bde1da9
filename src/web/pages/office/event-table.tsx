import { useMutation } from '@tanstack/react-query'
import { Button } from 'react-aria-components'
import { verifyReceipt } from '../../../ledger/browser.js'
import type { EventAnswer } from '../../../protocol/http/audit.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import type { Column } from '../tables/data-table.js'
import { localTime } from '../tables/times.js'
import { webCrypto } from '../verify/web-crypto.js'
import { aboutOf, whatOf, whereFromOf, whoOf, whyOf } from './event-words.js'

const field =
  (name: 'facility' | 'group' | 'transfer' | 'patient' | 'type') =>
  ({ entry }: EventAnswer): string =>
    entry[name] ?? ''

const columns = (): readonly Column<EventAnswer>[] => [
  { name: 'No.', text: ({ index }) => String(index) },
  { name: `Time (${timeZone()})`, text: ({ entry }) => localTime(entry.time) },
  { name: 'Who', text: whoOf },
  { name: 'What', text: whatOf },
  { name: 'About', text: aboutOf },
  { name: 'Where from', text: whereFromOf },
  { name: 'Why', text: whyOf },
  { name: 'Facility', text: field('facility') },
  { name: 'Time (UTC)', text: ({ entry }) => entry.time, isFileOnly: true },
  { name: 'Type', text: field('type'), isFileOnly: true },
  { name: 'Outcome', text: ({ entry }) => String(entry.outcome), isFileOnly: true },
  { name: 'Group', text: field('group'), isFileOnly: true },
  { name: 'Transfer', text: field('transfer'), isFileOnly: true },
  { name: 'Patient (keyed handle)', text: field('patient'), isFileOnly: true },
  { name: 'Details', text: ({ entry }) => JSON.stringify(entry.detail ?? {}), isFileOnly: true },
]

interface EventTableProps {
  readonly session: Session
  readonly label: string
  readonly file: string
  readonly events: readonly EventAnswer[]
}

export const EventTable = ({ session, label, file, events }: EventTableProps) => (
  <DataTable
    {...{ label, file }}
    columns={columns()}
    rows={events}
    idOf={({ index }) => String(index)}
    empty="No event."
    details={(event) => <EventDetails {...{ session, event }} />}
    toneOf={({ entry }) => (entry.outcome >= 8 ? 'bad' : entry.outcome > 0 ? 'warn' : undefined)}
  />
)

interface EventDetailsProps {
  readonly session: Session
  readonly event: EventAnswer
}

/** The entry as it was logged, and whether the log really has it. */
function EventDetails({ session, event: { index, entry } }: EventDetailsProps) {
  const checking = useMutation({ mutationFn: () => checkProof(session, index), gcTime: 0 })
  return (
    <>
      <pre>{JSON.stringify(entry, null, 2)}</pre>
      <div className="buttons">
        <Button onPress={() => checking.mutate()} isDisabled={checking.isPending}>
          {checking.isPending ? 'Checking…' : 'Check its proof'}
        </Button>
        <span role="status">{checking.data}</span>
      </div>
      <Problem error={checking.error} />
    </>
  )
}

async function checkProof({ gateway, about }: Session, index: number): Promise<string> {
  const bytes = await gateway.bytes(`/v1/audit/events/${index}/proof`)
  const proof = new TextDecoder().decode(bytes)
  const { ok, size = 0, problem = '' } = await verifyReceipt(proof, about.ledgerKey, webCrypto)
  return ok
    ? `Verified in this browser: entry ${index} of a log of ${size} entries, signed with the log's key.`
    : `Not verified: ${problem}. Keep this page open and tell a second officer.`
}
