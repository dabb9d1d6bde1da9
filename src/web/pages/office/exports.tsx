import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { ReactNode, SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import { EXPORTED_QUESTIONS } from '../../../protocol/http/exported-questions.js'
import type { EXPORT_FORMATS } from '../../../protocol/http/query.js'
import { saveBlob } from '../session/save-blob.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { fileName } from '../tables/save.js'
import { dayBefore } from '../tables/times.js'
import { DayRange, rangeOf } from './day-range.js'
import type { Days } from './day-range.js'
import { Field } from './field.js'
import { queryOf } from './ledger.js'

type Report = 'accounting' | 'dossier'
const REPORTS: readonly (readonly [Report, string])[] = [
  ['accounting', 'Accounting of disclosures (45 CFR 164.528)'],
  ['dossier', 'Dossier: facts of a suspected breach'],
]

type Format = (typeof EXPORT_FORMATS)[number]
const FORMATS: readonly (readonly [Format, string])[] = [
  ['csv', 'CSV, for a spreadsheet'],
  ['ndjson', 'lines of JSON'],
  ['fhir', 'FHIR AuditEvents'],
  ['dicom', 'DICOM audit messages'],
]
const QUESTIONS = [
  ['', 'everything'],
  ...EXPORTED_QUESTIONS.map((one) => [one, one] as const),
] as const

/** Files for somebody else: each can be verified without this gateway. */
export const Exports = ({ session }: { readonly session: Session }) => (
  <div className="view">
    <h2>Report about a patient or a suspected breach</h2>
    <ReportForm session={session} />
    <h2>Export of the log</h2>
    <p>
      A ZIP with the events, one proof for all of them, and a page that verifies it without a
      network.
    </p>
    <ExportForm session={session} />
  </div>
)

interface SavedAs {
  readonly path: string
  readonly body?: object
  readonly name: string
}

function useSaving(session: Session) {
  return useMutation({
    gcTime: 0,
    mutationFn: async ({ path, body, name }: SavedAs) => {
      saveBlob(fileName(name, 'zip', Date.now()), await session.gateway.blob(path, body))
      return `Saved as ${fileName(name, 'zip', Date.now())}. The export is recorded in the log.`
    },
  })
}

interface SavingFormProps {
  readonly saving: ReturnType<typeof useSaving>
  readonly of: () => SavedAs
  readonly children: ReactNode
}

function SavingForm({ saving, of, children }: SavingFormProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    saving.mutate(of())
  }
  return (
    <>
      <form className="ask" onSubmit={submit}>
        {children}
        <Button type="submit" isDisabled={saving.isPending}>
          {saving.isPending ? 'Preparing…' : 'Save ZIP'}
        </Button>
      </form>
      <Problem error={saving.error} />
      <p role="status">{saving.data}</p>
    </>
  )
}

const lastMonth = (): Days => ({
  first: dayBefore(30, Date.now()),
  last: dayBefore(0, Date.now()),
})
const NO_PATIENT = { facility: '', patientId: '', issuer: '', reader: '' }

function ReportForm({ session }: { readonly session: Session }) {
  const [report, setReport] = useState<Report>('accounting')
  const [form, setForm] = useState(NO_PATIENT)
  const [days, setDays] = useState(lastMonth)
  const saving = useSaving(session)
  const field = (name: keyof typeof form) => ({
    value: form[name],
    onChange: (value: string) => setForm({ ...form, [name]: value }),
  })
  const of = (): SavedAs => ({
    path: `/v1/audit/${report}`,
    name: report,
    body: {
      ...{ facility: form.facility.trim(), ...rangeOf(days) },
      ...(form.patientId && { patientId: form.patientId, issuer: form.issuer }),
      ...(form.reader.trim() && { reader: form.reader.trim() }),
    },
  })
  return (
    <SavingForm {...{ saving, of }}>
      <Choice label="Report" value={report} options={REPORTS} onChange={setReport} />
      <Field label="Facility" hint="For example facility-a" isRequired {...field('facility')} />
      <DayRange days={days} isRequired onChange={setDays} />
      <Field
        label="Patient ID"
        hint="As the facility uses it; leave it empty for every patient."
        {...field('patientId')}
      />
      <Field label="Issuer of Patient ID" {...field('issuer')} />
      <Field label="Reader" hint="Only what this reader could see." {...field('reader')} />
    </SavingForm>
  )
}

function ExportForm({ session }: { readonly session: Session }) {
  const [format, setFormat] = useState<Format>('csv')
  const [question, setQuestion] = useState<(typeof QUESTIONS)[number][0]>('')
  const [days, setDays] = useState<Days>({ first: '', last: '' })
  const saving = useSaving(session)
  const of = (): SavedAs => ({
    path: `/v1/audit/export${queryOf({ format, question, ...rangeOf(days) })}`,
    name: question === '' ? 'ledger' : `ledger-${question}`,
  })
  return (
    <SavingForm {...{ saving, of }}>
      <Choice label="Events" value={question} options={QUESTIONS} onChange={setQuestion} />
      <Choice label="Format" value={format} options={FORMATS} onChange={setFormat} />
      <DayRange days={days} onChange={setDays} />
    </SavingForm>
  )
}
