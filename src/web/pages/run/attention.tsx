import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { CATALOGUE } from '../../../lib/errors.js'
import type { Code } from '../../../lib/errors.js'
import { memberAnswer, membersAnswer } from '../../../protocol/http/gateway.js'
import type { ReadyAnswer } from '../../../protocol/http/health.js'
import { sentence } from '../session/gateway.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { duration } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { plural } from '../verify/words.js'
import { useReadiness, useSite } from './site.js'

/** What is wrong or weaker than it should be, each with the next step. */
export function Attention({ session }: { readonly session: Session }) {
  const ready = useReadiness(session)
  const site = useSite(session)
  const certificates = new Set(site.data?.certificates.map(({ text }) => text))
  const warnings = ready.data?.warnings.filter((text) => !certificates.has(text)) ?? []
  return (
    <div className="view">
      <Problem error={ready.error ?? site.error} />
      {ready.isPending && <p role="status">Asking the gateway…</p>}
      {ready.data && <State ready={ready.data} />}
      <h2>Warnings</h2>
      {ready.data && (
        <DataTable
          label="Warnings"
          file="warnings"
          rows={warnings.map(partsOf)}
          idOf={({ what, next }) => `${what} ${next}`}
          empty="None."
          toneOf={() => 'warn'}
          columns={[
            { name: 'What', text: ({ what }) => what },
            { name: 'Next step', text: ({ next }) => next },
          ]}
        />
      )}
      <h2>Certificates that expire, or wait to be confirmed</h2>
      {site.data && (
        <DataTable
          label="Certificates"
          file="certificates"
          rows={site.data.certificates}
          idOf={({ principal, text }) => `${principal} ${text}`}
          empty="None."
          toneOf={() => 'warn'}
          columns={[
            { name: 'Whose', text: ({ principal }) => principal },
            { name: 'What, and the next step', text: ({ text }) => sentence(text) },
          ]}
        />
      )}
      <h2>Readers who wait to join a group</h2>
      <Members session={session} />
    </div>
  )
}

/** Warnings of the gateway are `what is wrong: what to do`. */
function partsOf(text: string): { readonly what: string; readonly next: string } {
  const at = text.indexOf(': ')
  if (at === -1) return { what: sentence(text), next: '' }
  return { what: sentence(text.slice(0, at)), next: sentence(text.slice(at + 2)) }
}

function State({
  ready: { ready, checks, witnessed, eventLoop },
}: {
  readonly ready: ReadyAnswer
}) {
  const failed = Object.entries(checks).filter(([, verdict]) => verdict !== 'ok')
  return (
    <div className="verdict" data-ok={ready && failed.length === 0} role="status">
      <h2>
        {ready
          ? 'The gateway accepts and delivers studies'
          : 'The gateway does not accept or deliver studies'}
      </h2>
      {failed.length === 0 ? (
        <p>Database, store, ledger and certificates work.</p>
      ) : (
        <ul>
          {failed.map(([name, code]) => (
            <li key={name}>
              <strong>{sentence(name).slice(0, -1)}:</strong> {explain(code)}
            </li>
          ))}
        </ul>
      )}
      <p className="quiet">
        {witnessed
          ? `Witnesses cosigned ${plural(witnessed.size, 'entry', 'entries')} ${duration(witnessed.ageSeconds * 1_000)} ago. `
          : ''}
        Requests waited at most {eventLoop.maxMs} ms since the last look.
      </p>
    </div>
  )
}

function explain(code: string): string {
  if (!(code in CATALOGUE)) return code
  const { title, hint } = CATALOGUE[code as Code]
  return `${sentence(title)} ${sentence(hint.replaceAll('`', ''))}`
}

function Members({ session: { gateway } }: { readonly session: Session }) {
  const queries = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['members'],
    queryFn: async () => (await gateway.get(membersAnswer, '/v1/members/waiting')).waiting,
  })
  const [asked, setAsked] = useState<string>()
  const confirming = useMutation({
    mutationFn: (member: { readonly principal: string; readonly group: string }) =>
      gateway.post(memberAnswer, '/v1/members/confirm', member),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['members'] }),
  })
  if (error) return <Problem error={error} />
  return (
    <>
      <Problem error={confirming.error} />
      <DataTable
        label="Readers who wait"
        file="members"
        rows={data ?? []}
        idOf={({ principal, group }) => `${principal} ${group}`}
        empty="Nobody waits."
        columns={[
          { name: 'Reader', text: ({ principal }) => principal },
          { name: 'Group', text: ({ group }) => group },
          {
            name: 'Change',
            text: () => '',
            show: ({ principal, group }) =>
              asked === `${principal} ${group}` ? (
                <span className="buttons">
                  <Button onPress={() => confirming.mutate({ principal, group })}>
                    Let {principal} read for {group}
                  </Button>
                  <Button onPress={() => setAsked(undefined)}>Not now</Button>
                </span>
              ) : (
                <Button onPress={() => setAsked(`${principal} ${group}`)}>Confirm…</Button>
              ),
          },
        ]}
      />
    </>
  )
}
