import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import { Choice } from '../session/choice.js'
import type { Session } from '../session/session.js'
import { dayBefore } from '../tables/times.js'
import { DayRange, rangeOf } from './day-range.js'
import type { Days } from './day-range.js'
import { Field } from './field.js'
import { FoundEvents } from './found-events.js'
import type { Range, Subject } from './ledger.js'

type Kind = 'person' | 'case' | 'patient' | 'facility'
const KINDS: readonly (readonly [Kind, string])[] = [
  ['person', 'What one person did'],
  ['case', 'What happened to one case'],
  ['patient', 'Who touched the data of one patient'],
  ['facility', 'Everything about one facility'],
]

interface Form {
  readonly id: string
  readonly facility: string
  readonly issuer: string
}
const EMPTY: Form = { id: '', facility: '', issuer: '' }

interface Asked {
  readonly subject: Subject
  readonly range: Range
  readonly label: string
  /** Searching again for the same must search again. */
  readonly turn: number
}

/** One person, case, patient or facility as a timeline. */
export function Timeline({ session }: { readonly session: Session }) {
  const [kind, setKind] = useState<Kind>('person')
  const [form, setForm] = useState(EMPTY)
  const [days, setDays] = useState<Days>(() => ({ first: dayBefore(7, Date.now()), last: '' }))
  const [asked, setAsked] = useState<Asked>()
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    setAsked({
      subject: subjectOf(kind, form),
      range: kind === 'person' || kind === 'facility' ? rangeOf(days) : {},
      label: labelOf(kind, form),
      turn: (asked?.turn ?? 0) + 1,
    })
  }
  const choose = (chosen: Kind) => {
    setKind(chosen)
    setForm(EMPTY)
    setAsked(undefined)
  }
  return (
    <div className="view">
      <form className="ask" onSubmit={submit}>
        <Choice label="Timeline of" value={kind} options={KINDS} onChange={choose} />
        <SubjectFields {...{ kind, form }} onChange={setForm} />
        {(kind === 'person' || kind === 'facility') && <DayRange days={days} onChange={setDays} />}
        <Button type="submit">Search</Button>
      </form>
      {asked && (
        <>
          <h2>{asked.label}</h2>
          <FoundEvents
            key={asked.turn}
            turn={asked.turn}
            {...{ session, subject: asked.subject, range: asked.range, label: asked.label }}
            file={`timeline-${kind}`}
            isRolled
          />
        </>
      )}
    </div>
  )
}

interface SubjectFieldsProps {
  readonly kind: Kind
  readonly form: Form
  readonly onChange: (form: Form) => void
}

function SubjectFields({ kind, form, onChange }: SubjectFieldsProps) {
  const field = (name: keyof Form) => ({
    value: form[name],
    onChange: (value: string) => onChange({ ...form, [name]: value }),
  })
  if (kind === 'person')
    return <Field label="Person" hint="For example reader-1" isRequired {...field('id')} />
  if (kind === 'case')
    return (
      <Field
        label="Case"
        hint="Its code, such as K7Q-4MD, or the ID of a transfer"
        isRequired
        {...field('id')}
      />
    )
  const facility = (
    <Field label="Facility" hint="For example facility-a" isRequired {...field('facility')} />
  )
  if (kind === 'facility') return facility
  return (
    <>
      {facility}
      <Field
        label="Patient ID"
        hint="As the facility uses it. It is not recorded: the gateway turns it into a keyed handle."
        isRequired
        {...field('id')}
      />
      <Field
        label="Issuer of Patient ID"
        hint="Leave it empty to search under every issuer."
        {...field('issuer')}
      />
    </>
  )
}

function subjectOf(kind: Kind, { id, facility, issuer }: Form): Subject {
  switch (kind) {
    case 'person':
      return { kind, actor: id.trim() }
    case 'case':
      return { kind, case: id.trim() }
    case 'facility':
      return { kind, facility: facility.trim() }
    case 'patient':
      return { kind, facility: facility.trim(), patientId: id, issuer }
  }
}

/** Nothing in it identifies a patient: it goes into the names of files. */
function labelOf(kind: Kind, { id, facility }: Form): string {
  switch (kind) {
    case 'person':
      return `What ${id.trim()} did`
    case 'case':
      return `Case ${id.trim()}`
    case 'facility':
      return `Events of ${facility.trim()}`
    case 'patient':
      return `A patient of ${facility.trim()}`
  }
}
