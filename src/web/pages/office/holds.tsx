import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import {
  holdAnswer,
  holdsAnswer,
  planAnswer,
  retentionAnswer,
} from '../../../protocol/http/audit.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { plural } from '../verify/words.js'
import { localTime } from '../tables/times.js'
import { DayRange, rangeOf } from './day-range.js'
import { Field } from './field.js'
import { READ_ONCE } from './found-events.js'

const PATH = '/v1/audit/holds'

/** What must be kept, what is past its time, and what would be pruned. */
export const Holds = ({ session }: { readonly session: Session }) => (
  <div className="view">
    <h2>Legal holds</h2>
    <HoldList session={session} />
    <h3>Add a hold</h3>
    <NewHold session={session} />
    <h2>Contents past their retention</h2>
    <Retention session={session} />
    <h2>Pruning of the log</h2>
    <Pruning session={session} />
  </div>
)

function HoldList({ session: { gateway } }: { readonly session: Session }) {
  const queries = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['holds'],
    queryFn: async () => (await gateway.get(holdsAnswer, PATH)).holds,
    ...READ_ONCE,
  })
  const removing = useMutation({
    mutationFn: (id: string) => gateway.post(holdAnswer, `${PATH}/${id}/remove`, {}),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['holds'] }),
  })
  const [asked, setAsked] = useState<string>()
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  return (
    <>
      <Problem error={removing.error} />
      <DataTable
        label="Legal holds"
        file="holds"
        rows={data}
        idOf={({ id }) => id}
        empty="No hold is in force."
        columns={[
          { name: `Since (${timeZone()})`, text: ({ since }) => localTime(since) },
          { name: 'By', text: ({ by }) => by },
          { name: 'Facility', text: ({ facility = '' }) => facility },
          { name: 'Transfer', text: ({ transfer = '' }) => transfer },
          { name: 'Patient (keyed handle)', text: ({ patient = '' }) => patient },
          { name: 'Person', text: ({ actor = '' }) => actor },
          {
            name: 'Events from, until',
            text: ({ from = '', until = '' }) =>
              from + until === '' ? '' : `${localTime(from)} to ${localTime(until)}`,
          },
          {
            name: 'Change',
            text: () => '',
            show: ({ id }) =>
              asked === id ? (
                <span className="buttons">
                  <Button onPress={() => removing.mutate(id)}>Remove this hold</Button>
                  <Button onPress={() => setAsked(undefined)}>Keep it</Button>
                </span>
              ) : (
                <Button onPress={() => setAsked(id)}>Remove…</Button>
              ),
          },
        ]}
      />
    </>
  )
}

const EMPTY = { facility: '', transfer: '', patient: '', actor: '' }

function NewHold({ session: { gateway } }: { readonly session: Session }) {
  const [form, setForm] = useState(EMPTY)
  const [days, setDays] = useState({ first: '', last: '' })
  const queries = useQueryClient()
  const adding = useMutation({
    mutationFn: () =>
      gateway.post(holdAnswer, PATH, {
        ...Object.fromEntries(Object.entries(form).filter(([, value]) => value.trim() !== '')),
        ...rangeOf(days),
      }),
    onSuccess: () => {
      setForm(EMPTY)
      return queries.invalidateQueries({ queryKey: ['holds'] })
    },
  })
  const field = (name: keyof typeof EMPTY) => ({
    value: form[name],
    onChange: (value: string) => setForm({ ...form, [name]: value }),
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    adding.mutate()
  }
  return (
    <form className="ask" onSubmit={submit}>
      <Field label="Facility" {...field('facility')} />
      <Field label="Transfer" {...field('transfer')} />
      <Field label="Patient" hint="Keyed handle, as in an event" {...field('patient')} />
      <Field label="Person" {...field('actor')} />
      <DayRange days={days} onChange={setDays} />
      <Button type="submit" isDisabled={adding.isPending}>
        Hold the events that match all of these
      </Button>
      <Problem error={adding.error} />
    </form>
  )
}

function Retention({ session: { gateway } }: { readonly session: Session }) {
  const { data, error } = useQuery({
    queryKey: ['retention'],
    queryFn: () => gateway.get(retentionAnswer, '/v1/audit/retention'),
    ...READ_ONCE,
  })
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  const days = (of: number | undefined) => (of === undefined ? 'kept' : plural(of, 'day'))
  return (
    <>
      <p>
        Closed cases: {days(data.days.closed)}. Quarantine: {days(data.days.quarantine)}. Reports:{' '}
        {days(data.days.reports)}.{data.more && ' There are more than are listed.'}
      </p>
      {data.clock && (
        <p className="notice">
          {data.clock.problem}: {data.clock.hint}. Nothing is removed until then.
        </p>
      )}
      <DataTable
        label="Contents past their retention"
        file="retention"
        rows={data.due}
        idOf={({ id }) => id}
        empty="Nothing is past its retention."
        columns={[
          { name: `Since (${timeZone()})`, text: ({ since }) => localTime(since) },
          { name: 'What', text: ({ stage }) => stage },
          { name: 'Case or item', text: ({ code, id }) => code ?? id },
          { name: 'Facility', text: ({ facility }) => facility },
          { name: 'Kept because of', text: ({ blockedBy = '' }) => blockedBy },
          { name: 'Transfers', text: ({ transfers }) => transfers.join(' ') },
        ]}
      />
    </>
  )
}

function Pruning({ session: { gateway } }: { readonly session: Session }) {
  const PRUNE = '/v1/audit/prune'
  const { data, error } = useQuery({
    queryKey: ['prune'],
    queryFn: () => gateway.get(planAnswer, PRUNE),
    ...READ_ONCE,
  })
  const [isAsking, setAsking] = useState(false)
  const proposing = useMutation({ mutationFn: () => gateway.post(planAnswer, PRUNE, {}) })
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  return (
    <>
      <p>
        Entries are kept for {data.years} years.{' '}
        {data.entries === 0
          ? 'No entry is older.'
          : `${plural(data.entries, 'entry', 'entries')} from before ${localTime(data.before)} would be pruned.`}{' '}
        {data.held > 0 && `${plural(data.held, 'entry', 'entries')} are kept by a hold.`}
      </p>
      {data.entries > 0 && !proposing.isSuccess && (
        <div className="buttons">
          {isAsking ? (
            <>
              <Button onPress={() => proposing.mutate()} isDisabled={proposing.isPending}>
                Propose it to the operator
              </Button>
              <Button onPress={() => setAsking(false)}>Keep them</Button>
            </>
          ) : (
            <Button onPress={() => setAsking(true)}>Propose to prune…</Button>
          )}
        </div>
      )}
      <Problem error={proposing.error} />
      <p role="status">
        {proposing.isSuccess &&
          "Proposed. An operator has 30 days to carry it out on the gateway's machine."}
      </p>
    </>
  )
}
