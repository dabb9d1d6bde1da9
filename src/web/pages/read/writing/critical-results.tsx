import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Button, Label, TextArea, TextField } from 'react-aria-components'
import type { CaseView } from '../../../../protocol/http/cases.js'
import { CRITICAL_LEVELS, MAX_FINDING_CHARS } from '../../../../protocol/critical.js'
import type { CriticalLevel } from '../../../../protocol/critical.js'
import type { SealedStatement } from '../../keys/messages.js'
import { Choice } from '../../session/choice.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { AuthorName } from './author-name.js'
import { CriticalResult } from './critical-result.js'
import { criticalsOf, raise, recipientsOf, sealFinding } from './reporting.js'
import { usePace } from '../../session/use-updates.js'

const POLL_MS = 5_000

const LEVEL_TEXTS: Readonly<Record<CriticalLevel, string>> = {
  minutes: 'Within minutes: danger to life now',
  hours: 'Within hours: needs treatment today',
  days: 'Within days: must not be lost',
}

interface CriticalResultsProps {
  readonly session: Session
  readonly of: CaseView
}

/** Critical results of one case: those that were raised, and a new one. */
export function CriticalResults({ session, of }: CriticalResultsProps) {
  const { data, error, refetch } = useQuery({
    queryKey: ['critical', of.id],
    queryFn: () => criticalsOf(session, of.id),
    refetchInterval: usePace(POLL_MS),
  })
  return (
    <section aria-label="Critical results">
      <Problem error={error} />
      {data?.map((view) => (
        <CriticalResult key={view.id} {...{ session, view }} onChanged={() => void refetch()} />
      ))}
      <Raise {...{ session, of }} onRaised={() => void refetch()} />
    </section>
  )
}

function Raise({ session, of, onRaised }: CriticalResultsProps & { onRaised: () => void }) {
  const { level, setLevel, text, setText, authorName, setAuthorName, raising } = useRaising(
    { session, of },
    onRaised,
  )
  return (
    <form
      aria-label="New critical result"
      className="editor"
      onSubmit={(event) => event.preventDefault()}
    >
      <h2>Raise a critical result</h2>
      <Choice
        label="It must be read back"
        value={level}
        placeholder="Select how soon"
        options={CRITICAL_LEVELS.map((one) => [one, LEVEL_TEXTS[one]])}
        onChange={setLevel}
      />
      <TextField value={text} onChange={setText} maxLength={MAX_FINDING_CHARS}>
        <Label>Finding, in one or two sentences that can be read back</Label>
        <TextArea rows={3} />
      </TextField>
      <AuthorName value={authorName} onChange={setAuthorName} />
      <Problem error={raising.error} />
      <div className="buttons">
        <Button
          className="first"
          onPress={() => raising.mutate()}
          isDisabled={raising.isPending || !level || text.trim() === ''}
        >
          {raising.isPending ? 'Raising…' : 'Sign, seal and raise'}
        </Button>
        <span className="quiet">
          It is escalated at {of.facility} until a person has read it back.
        </span>
      </div>
    </form>
  )
}

function useRaising({ session, of }: CriticalResultsProps, onRaised: () => void) {
  const [level, setLevel] = useState<CriticalLevel>()
  const [text, setText] = useState('')
  const [authorName, setAuthorName] = useState('')
  // The same message again is the same critical result.
  const sealed = useRef<SealedStatement>(undefined)
  const raising = useMutation({
    mutationFn: async () => {
      if (!level) return
      const found = await recipientsOf(session, of)
      const finding = { level, text: text.trim() }
      sealed.current ??= await sealFinding(session, of, finding, { found, authorName })
      await raise(session, of, sealed.current)
    },
    onSuccess: () => {
      setText('')
      setLevel(undefined)
      sealed.current = undefined
      onRaised()
    },
  })
  const changed = <T,>(set: (value: T) => void) => {
    return (value: T) => {
      sealed.current = undefined
      set(value)
    }
  }
  return {
    ...{ level, text, authorName, raising },
    setLevel: changed(setLevel),
    setText: changed(setText),
    setAuthorName: changed(setAuthorName),
  }
}
