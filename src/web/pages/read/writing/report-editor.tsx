import { useMutation } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { ReactNode } from 'react'
import { Button, Label, TextArea, TextField } from 'react-aria-components'
import type { CaseView } from '../../../../protocol/http/cases.js'
import type { ReportRecipientsAnswer } from '../../../../protocol/http/reports.js'
import { AGREEMENTS, SECTIONS } from '../../../../protocol/report.js'
import type { Agreement, ReportStatus } from '../../../../protocol/report.js'
import type { SealedStatement } from '../../keys/messages.js'
import { Choice } from '../../session/choice.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { AuthorName } from './author-name.js'
import { allowedAfter, needsAgreement, problemOf } from './report-state.js'
import type { Draft } from './report-state.js'
import { recipientsOf, sealReport, sendReport } from './reporting.js'
import { SealedTo } from './sealed-to.js'
import { TEMPLATES, outlineOf } from './templates.js'

interface ReportEditorProps {
  readonly session: Session
  readonly of: CaseView
  readonly draft: Draft
  readonly onDraft: (draft: Draft) => void
  readonly onSent: (status: ReportStatus) => void
  readonly savedText: string
}

const AGREEMENT_TEXTS: Readonly<Record<Agreement, string>> = {
  agree: 'Agrees with the preliminary report',
  minor: 'Minor difference',
  major: 'Major difference: the facility must act',
}

export function ReportEditor(props: ReportEditorProps) {
  const { session, of, draft, onDraft, onSent, savedText } = props
  const [authorName, setAuthorName] = useState('')
  const { isChecking, setChecking, recipients, sending } = useSending(
    { session, of, draft, authorName },
    onSent,
  )
  const problem = problemOf(of.report, draft)
  const check = () => {
    if (problem === undefined) setChecking(true)
  }
  return (
    <form
      aria-label="Report"
      className="editor"
      onSubmit={(event) => event.preventDefault()}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) check()
      }}
    >
      <Kind {...{ of, draft, onDraft }} />
      <Outlines {...{ draft, onDraft }} />
      <Texts {...{ draft, onDraft }} />
      <AuthorName value={authorName} onChange={setAuthorName} />
      <Problem error={recipients.error ?? sending.error} />
      {isChecking && recipients.data ? (
        <Check {...{ of, draft, found: recipients.data }}>
          <Button
            autoFocus
            className="first"
            onPress={() => sending.mutate()}
            isDisabled={sending.isPending}
          >
            {sending.isPending ? 'Sending…' : 'Sign, seal and send'}
          </Button>
          <Button onPress={() => setChecking(false)}>Back to the text</Button>
        </Check>
      ) : (
        <div className="buttons">
          <Button onPress={check} isDisabled={problem !== undefined} className="first">
            Check and send <kbd>Ctrl Enter</kbd>
          </Button>
          <span className="quiet" role="status">
            {problem ?? savedText}
          </span>
        </div>
      )}
    </form>
  )
}

interface CheckProps extends Pick<ReportEditorProps, 'of' | 'draft'> {
  readonly found: ReportRecipientsAnswer
  readonly children: ReactNode
}

function Check({ of, draft, found, children }: CheckProps) {
  return (
    <section className="check" aria-label="Check before sending">
      <p>
        <strong>
          {draft.status} report on {of.code}
        </strong>{' '}
        for {of.facility}. A report cannot be changed once it is sent.
      </p>
      <SealedTo found={found} />
      <div className="buttons">{children}</div>
    </section>
  )
}

interface ToSend {
  readonly session: Session
  readonly of: CaseView
  readonly draft: Draft
  readonly authorName: string
}

function useSending(
  { session, of, draft, authorName }: ToSend,
  onSent: (status: ReportStatus) => void,
) {
  const [isChecking, setChecking] = useState(false)
  // The same message again is the same report: a lost answer makes no second one.
  const sealed = useRef<SealedStatement>(undefined)
  useEffect(() => {
    sealed.current = undefined
    setChecking(false)
  }, [draft, authorName])
  const recipients = useMutation({ mutationFn: () => recipientsOf(session, of) })
  const sending = useMutation({
    mutationFn: async () => {
      const found = recipients.data
      if (!found) return
      sealed.current ??= await sealReport(session, of, draft, { found, authorName })
      await sendReport(session, of, sealed.current)
      onSent(draft.status)
    },
  })
  const { mutate } = recipients
  useEffect(() => {
    if (isChecking) mutate()
  }, [isChecking, mutate])
  return { isChecking, setChecking, recipients, sending }
}

type PartProps = Pick<ReportEditorProps, 'draft' | 'onDraft'>

function Kind({ of, draft, onDraft }: PartProps & Pick<ReportEditorProps, 'of'>) {
  return (
    <div className="pair">
      <Choice
        label="Kind of report"
        value={draft.status}
        options={allowedAfter(of.report).map((one) => [one, one])}
        onChange={(status) => onDraft({ ...draft, status })}
      />
      {needsAgreement(of.report, draft) && (
        <Choice
          label="Agreement"
          value={draft.agreement}
          placeholder="State it"
          options={AGREEMENTS.map((one) => [one, AGREEMENT_TEXTS[one]])}
          onChange={(agreement) => onDraft({ ...draft, agreement })}
        />
      )}
    </div>
  )
}

function Texts({ draft, onDraft }: PartProps) {
  return (
    <>
      {SECTIONS.map((name) => (
        <TextField
          key={name}
          value={draft.sections[name]}
          onChange={(text) => onDraft({ ...draft, sections: { ...draft.sections, [name]: text } })}
        >
          <Label>{name.slice(0, 1).toUpperCase() + name.slice(1)}</Label>
          <TextArea
            rows={name === 'findings' ? 10 : name === 'impression' ? 4 : 1}
            spellCheck="true"
          />
        </TextField>
      ))}
    </>
  )
}

/** An outline is added to the findings: nothing that is written is replaced. */
function Outlines({ draft, onDraft }: PartProps) {
  return (
    <Choice
      label="Add an outline to the findings"
      value={undefined}
      placeholder="None"
      options={TEMPLATES.map(({ name }) => [name, name])}
      onChange={(name) => {
        const found = TEMPLATES.find((one) => one.name === name)
        if (!found) return
        const { findings } = draft.sections
        const text = [findings.trimEnd(), outlineOf(found)].filter((one) => one !== '').join('\n')
        onDraft({ ...draft, sections: { ...draft.sections, findings: text } })
      }}
    />
  )
}
