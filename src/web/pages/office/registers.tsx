import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import { KIND_RULES, REGISTER_KINDS } from '../../../compliance/browser.js'
import type { Field as Rule, RegisterKind } from '../../../compliance/browser.js'
import { idAnswer, idsAnswer, registerAnswer } from '../../../protocol/http/compliance.js'
import { Choice } from '../session/choice.js'
import { sentence } from '../session/gateway.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeZone } from '../session/time-left.js'
import { DataTable } from '../tables/data-table.js'
import { localTime } from '../tables/times.js'
import { Field } from './field.js'
import { READ_ONCE } from './found-events.js'

const KINDS = REGISTER_KINDS.map((kind) => [kind, KIND_RULES[kind].title] as const)

/** What compliance keeps: agreements, training, policies, privileges and so on. */
export function Registers({ session }: { readonly session: Session }) {
  const [kind, setKind] = useState<RegisterKind>('agreement')
  return (
    <div className="view">
      <Choice label="Register" value={kind} options={KINDS} onChange={setKind} />
      <Entries key={kind} {...{ session, kind }} />
      <h2>Add an entry</h2>
      <NewEntry key={`new ${kind}`} {...{ session, kind }} />
    </div>
  )
}

interface OfKind {
  readonly session: Session
  readonly kind: RegisterKind
}

type Value = string | boolean | readonly string[]
const textOf = (value: Value | undefined): string =>
  value === undefined
    ? ''
    : typeof value === 'boolean'
      ? value
        ? 'yes'
        : 'no'
      : typeof value === 'string'
        ? value
        : value.join(', ')

function Entries({ session: { gateway }, kind }: OfKind) {
  const path = `/v1/registers/${kind}`
  const queries = useQueryClient()
  const { data, error } = useQuery({
    queryKey: ['register', kind],
    queryFn: async () => (await gateway.get(registerAnswer, path)).entries,
    ...READ_ONCE,
  })
  const ending = useMutation({
    mutationFn: (id: string) => gateway.post(idAnswer, `${path}/${id}/end`, {}),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['register', kind] }),
  })
  const [asked, setAsked] = useState<string>()
  if (error) return <Problem error={error} />
  if (!data) return <p role="status">Asking the gateway…</p>
  return (
    <>
      <Problem error={ending.error} />
      <DataTable
        label={KIND_RULES[kind].title}
        file={kind}
        rows={data}
        idOf={({ id }) => id}
        empty="This register has no entry."
        columns={[
          { name: 'About', text: ({ subject }) => subject },
          { name: 'Valid until', text: ({ until = '' }) => until },
          ...Object.entries(KIND_RULES[kind].fields)
            .filter(([name]) => name !== KIND_RULES[kind].subject)
            .map(([name, { label }]) => ({
              name: sentence(label).slice(0, -1),
              text: ({ data: values }: (typeof data)[number]) => textOf(values[name]),
            })),
          {
            name: `Added (${timeZone()})`,
            text: ({ createdAt, createdBy }) => `${localTime(createdAt)} by ${createdBy}`,
          },
          {
            name: 'In force',
            text: ({ endedAt }) => (endedAt === undefined ? 'yes' : `ended ${localTime(endedAt)}`),
            show: ({ id, endedAt }) =>
              endedAt !== undefined ? (
                `ended ${localTime(endedAt)}`
              ) : asked === id ? (
                <span className="buttons">
                  <Button onPress={() => ending.mutate(id)}>End it now</Button>
                  <Button onPress={() => setAsked(undefined)}>Keep it</Button>
                </span>
              ) : (
                <Button onPress={() => setAsked(id)}>End…</Button>
              ),
          },
        ]}
      />
    </>
  )
}

function NewEntry({ session: { gateway }, kind }: OfKind) {
  const [fields, setFields] = useState<Readonly<Record<string, string>>>({})
  const queries = useQueryClient()
  const adding = useMutation({
    mutationFn: () => gateway.post(idsAnswer, `/v1/registers/${kind}`, { entries: [{ fields }] }),
    onSuccess: () => {
      setFields({})
      return queries.invalidateQueries({ queryKey: ['register', kind] })
    },
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    adding.mutate()
  }
  return (
    <form className="ask" onSubmit={submit}>
      {Object.entries(KIND_RULES[kind].fields).map(([name, rule]) => (
        <EntryField
          key={name}
          rule={rule}
          value={fields[name] ?? ''}
          onChange={(value) => setFields({ ...fields, [name]: value })}
        />
      ))}
      <Button type="submit" isDisabled={adding.isPending}>
        Add to the register
      </Button>
      <Problem error={adding.error} />
      <p role="status">{adding.isSuccess && 'Added, and recorded in the log.'}</p>
    </form>
  )
}

interface EntryFieldProps {
  readonly rule: Rule
  readonly value: string
  readonly onChange: (value: string) => void
}

const HINTS: Partial<Record<Rule['type'], string>> = {
  ids: 'Several, separated by commas',
  cites: 'Several, separated by commas, such as 164.308(a)(1)',
  digest: '64 hexadecimal digits',
  date: 'YYYY-MM-DD',
}

function EntryField({ rule, value, onChange }: EntryFieldProps) {
  const label = sentence(rule.label).slice(0, -1)
  const options = rule.type === 'flag' ? ['yes', 'no'] : rule.choices
  if (options)
    return (
      <Choice
        label={label}
        value={value}
        options={[['', 'not given'], ...options.map((one) => [one, one] as const)]}
        onChange={onChange}
      />
    )
  const hint = HINTS[rule.type]
  return (
    <Field
      {...{ label, value, onChange }}
      isRequired={rule.isRequired === true}
      {...(hint !== undefined && { hint })}
    />
  )
}
