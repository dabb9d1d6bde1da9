import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import {
  Button,
  Dialog,
  Heading,
  Label,
  Modal,
  ModalOverlay,
  TextArea,
  TextField,
} from 'react-aria-components'
import type { CriticalView } from '../../../protocol/http/critical.js'
import { CONTACT_ROLES, MAX_FINDING_CHARS } from '../../../protocol/critical.js'
import type { ContactRole } from '../../../protocol/critical.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { duration } from '../session/time-left.js'
import { useNow } from '../session/use-now.js'
import { openCritical, openCriticals, typeBack } from './facility.js'
import { usePace } from '../session/use-updates.js'

const POLL_MS = 5_000

/** A critical result takes the whole page until somebody has read it back. */
export function CriticalAlarm({ session }: { readonly session: Session }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['own', 'critical'],
    queryFn: () => openCriticals(session),
    refetchInterval: usePace(POLL_MS),
  })
  const raised = data?.find(({ state }) => state === 'raised')
  const comparing = data?.filter(({ state }) => state === 'comparing') ?? []
  useEffect(() => {
    document.title = `${raised ? 'CRITICAL RESULT - ' : ''}Send - Nocturne`
  }, [raised])
  return (
    <>
      <Problem error={error} />
      {comparing.map(({ id, code }) => (
        <p key={id} className="done" role="status">
          {code}: read back; the radiologist compares the words. Stay at the phone.
        </p>
      ))}
      <ModalOverlay
        isOpen={raised !== undefined}
        isKeyboardDismissDisabled
        className="react-aria-ModalOverlay alarm"
      >
        <Modal>
          <Dialog role="alertdialog">
            {raised && (
              <Alarm key={raised.id} {...{ session, view: raised }} onDone={() => void refetch()} />
            )}
          </Dialog>
        </Modal>
      </ModalOverlay>
    </>
  )
}

interface AlarmProps {
  readonly session: Session
  readonly view: CriticalView
  readonly onDone: () => void
}

function Alarm({ session, view, onDone }: AlarmProps) {
  const [role, setRole] = useState<ContactRole>()
  const [text, setText] = useState('')
  const left = Date.parse(view.dueAt) - useNow()
  const { data, error } = useQuery({
    queryKey: ['finding', view.id],
    queryFn: () => openCritical(session, view.id),
  })
  const typing = useMutation({
    mutationFn: async () => data && role && typeBack(session, data, { role, text: text.trim() }),
    onSuccess: onDone,
  })
  return (
    <main>
      <Heading slot="title" level={1}>
        Critical result on {view.code}
      </Heading>
      <p>
        Within {view.level}, by {view.author}:{' '}
        <strong className="bad">
          {duration(Math.abs(left))} {left < 0 ? 'over' : 'left'}
        </strong>
      </p>
      <Problem error={error} />
      {data && <p className="finding">{data.text}</p>}
      <div className="editor">
        <Choice
          label="Who takes it"
          value={role}
          options={CONTACT_ROLES.map((one) => [one, one.replace('-', ' ')])}
          onChange={setRole}
        />
        <TextField value={text} onChange={setText} maxLength={MAX_FINDING_CHARS}>
          <Label>Read it back: type the finding in full</Label>
          <TextArea rows={3} spellCheck="false" />
        </TextField>
        <Problem error={typing.error} />
        <div className="buttons">
          <Button
            className="first"
            onPress={() => typing.mutate()}
            isDisabled={!data || !role || text.trim() === '' || typing.isPending}
          >
            {typing.isPending ? 'Sending…' : 'Read back'}
          </Button>
          <span className="quiet">
            It stays here until it is read back, here or by phone to the radiologist.
          </span>
        </div>
      </div>
    </main>
  )
}
