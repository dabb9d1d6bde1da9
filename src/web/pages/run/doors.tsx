import type { SiteAnswer } from '../../../protocol/operation/http.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { duration, timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { plural } from '../verify/words.js'
import { localTime } from '../tables/times.js'
import { useReadiness, useSite } from './site.js'

/** How studies come in, what is queued, and where the ledger and the backups go. */
export function Doors({ session }: { readonly session: Session }) {
  const { data, error } = useSite(session)
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  return (
    <div className="view">
      <h2>Doors</h2>
      <DoorTable site={data} />
      {data.edges.length > 0 && (
        <>
          <h2>Edges</h2>
          <Edges site={data} />
        </>
      )}
      <h2>Queues</h2>
      <DataTable
        label="Queues"
        file="queues"
        rows={queuesOf(data)}
        idOf={({ what }) => what}
        empty="There are no queues."
        toneOf={({ isBad }) => (isBad ? 'warn' : undefined)}
        columns={[
          { name: 'What', text: ({ what }) => what },
          { name: 'Now', text: ({ now }) => now },
          { name: 'Next step', text: ({ next }) => next },
        ]}
      />
      <h2>Sinks and witnesses of the ledger</h2>
      <Sinks {...{ session, site: data }} />
      <h2>Backups</h2>
      <p>{backupText(data)}</p>
    </div>
  )
}

function DoorTable({ site: { doors } }: { readonly site: SiteAnswer }) {
  const { stow, dimse } = doors
  const rows = [
    { door: 'Form and pages (HTTP)', state: 'open', who: 'facilities with a token or a key' },
    { door: 'STOW-RS', state: stow ? 'open' : 'off (doors.stow)', who: '' },
    {
      door: 'C-STORE (DIMSE)',
      state:
        dimse === undefined
          ? 'off (doors.dimse)'
          : `${dimse.isOpen ? 'open' : 'not open: check doors.dimse.listen'}, ${dimse.listen}, ${dimse.aeTitle}, ${dimse.isTls ? 'TLS' : 'no TLS'}`,
      who: dimse?.peers.map(({ aeTitle, facility }) => `${aeTitle} (${facility})`).join(', ') ?? '',
    },
  ]
  return (
    <DataTable
      label="Doors"
      file="doors"
      rows={rows}
      idOf={({ door }) => door}
      empty="There are no doors."
      columns={[
        { name: 'Door', text: ({ door }) => door },
        { name: 'State', text: ({ state }) => state },
        { name: 'For', text: ({ who }) => who },
      ]}
    />
  )
}

/** Who seals at a facility: the gateway knows counts alone. */
function Edges({ site: { edges } }: { readonly site: SiteAnswer }) {
  return (
    <DataTable
      label="Edges"
      file="edges"
      rows={edges}
      idOf={({ id }) => id}
      empty="No edges."
      toneOf={({ isRegistered }) => (isRegistered ? undefined : 'warn')}
      columns={[
        { name: 'Edge', text: ({ id }) => id },
        { name: 'Facility', text: ({ facility }) => facility },
        {
          name: 'State',
          text: ({ isRegistered }) =>
            isRegistered ? 'registered' : 'no certificate in effect: add it to people',
        },
        { name: 'Handed over', text: ({ transfers }) => plural(transfers, 'transfer') },
        { name: 'Held at the facility', text: ({ held }) => plural(held, 'item') },
        {
          name: 'Last',
          text: ({ lastAt }) => (lastAt === undefined ? 'never' : localTime(lastAt)),
        },
      ]}
    />
  )
}

function queuesOf({ doors, notices }: SiteAnswer) {
  return [
    {
      what: 'DICOM associations',
      now: plural(doors.associations, 'open association'),
      ...{ next: '', isBad: false },
    },
    {
      what: 'Studies still arriving',
      now: plural(doors.arriving, 'study', 'studies'),
      ...{ next: '', isBad: false },
    },
    {
      what: 'Notifications not sent yet',
      now: `${String(notices.waiting)}, of which ${String(notices.failing)} failed before`,
      next: notices.failing > 0 ? 'Check notify.smtp, notify.webhooks and the network.' : '',
      isBad: notices.failing > 0,
    },
  ]
}

interface SinksProps {
  readonly session: Session
  readonly site: SiteAnswer
}

function Sinks({ session, site: { witnesses, sinks } }: SinksProps) {
  const { data } = useReadiness(session)
  return (
    <>
      <p>
        {witnesses.length === 0
          ? 'No witnesses: only the key of the log vouches that there is no second version of it.'
          : `Witnesses: ${witnesses.join(', ')}.`}
        {data?.witnessed === null && ' None has cosigned the log yet.'}
        {data?.witnessed &&
          ` A majority cosigned ${plural(data.witnessed.size, 'entry', 'entries')} ${duration(data.witnessed.ageSeconds * 1_000)} ago.`}
      </p>
      <DataTable
        label="Sinks"
        file="sinks"
        rows={data?.sinks ?? []}
        idOf={({ id }) => id}
        empty={sinks.length === 0 ? 'The ledger is forwarded to no sink.' : 'Not known yet.'}
        toneOf={({ problem }) => (problem === undefined ? undefined : 'bad')}
        columns={[
          { name: 'Sink', text: ({ id }) => id },
          { name: 'Entries behind', text: ({ behind }) => String(behind) },
          { name: 'Behind for', text: ({ lagSeconds }) => duration(lagSeconds * 1_000) },
          { name: 'Problem', text: ({ problem = '' }) => problem },
        ]}
      />
    </>
  )
}

function backupText({ backup: { isConfigured, lastAt } }: SiteAnswer): string {
  const last =
    lastAt === undefined
      ? 'The ledger records no backup.'
      : `Last backup: ${localTime(lastAt)} (${timeZone()}).`
  const next = isConfigured
    ? 'Run nocturne backup every day, and nocturne drill to practise the restore.'
    : 'Set backup.to in nocturne.yaml, then run nocturne backup every day.'
  return `${last} ${next}`
}
