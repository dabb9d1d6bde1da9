import type { SiteAnswer } from '../../../protocol/operation/http.js'
import { inFours } from '../session/in-fours.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { localTime } from '../tables/times.js'
import { useSite } from './site.js'

const QUOTA_WARNING = 0.8

/** Who takes part in the site, as it is set up now. */
export function People({ session }: { readonly session: Session }) {
  const { data, error } = useSite(session)
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  return (
    <div className="view">
      <p>
        To change them, edit <code>nocturne.yaml</code> on the gateway's machine and restart it.
        People who join by an invitation need no restart: <code>nocturne invite</code>.
      </p>
      <h2>Facilities</h2>
      <DataTable
        label="Facilities"
        file="facilities"
        rows={data.facilities}
        idOf={({ id }) => id}
        empty="There is no facility."
        toneOf={({ quota }) => (quota >= 1 ? 'bad' : quota >= QUOTA_WARNING ? 'warn' : undefined)}
        columns={[
          { name: 'Facility', text: ({ id }) => id },
          { name: 'Sends to', text: ({ groups }) => groups.join(', ') },
          { name: 'Profile', text: ({ profile }) => profile },
          { name: 'Documents', text: ({ documents }) => documents },
          {
            name: 'Of its daily quota used',
            text: ({ quota }) => `${String(Math.round(quota * 100))} %`,
          },
        ]}
      />
      <h2>Reading groups</h2>
      <DataTable
        label="Reading groups"
        file="groups"
        rows={data.groups}
        idOf={({ id }) => id}
        empty="There is no group."
        columns={[
          { name: 'Group', text: ({ id }) => id },
          { name: 'Readers', text: ({ readers }) => readers.join(', ') },
          { name: 'Time zone', text: ({ timezone }) => timezone },
        ]}
      />
      <h2>People and their certificates</h2>
      <Everybody people={data.people} />
    </div>
  )
}

function Everybody({ people }: Pick<SiteAnswer, 'people'>) {
  return (
    <DataTable
      label="People"
      file="people"
      rows={people}
      idOf={({ id }) => id}
      empty="There is nobody."
      toneOf={({ isRevoked }) => (isRevoked ? 'bad' : undefined)}
      columns={[
        { name: 'Who', text: ({ id }) => id },
        { name: 'Role', text: ({ role }) => role },
        { name: 'Groups', text: ({ groups }) => groups.join(', ') },
        {
          name: `Certificate until (${timeZone()})`,
          text: ({ usableUntil, isRevoked }) =>
            isRevoked ? 'revoked' : usableUntil === undefined ? 'no end' : localTime(usableUntil),
        },
        { name: 'Fingerprint', text: ({ fingerprint = '' }) => inFours(fingerprint) },
      ]}
    />
  )
}
