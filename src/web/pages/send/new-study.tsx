import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Button, ProgressBar } from 'react-aria-components'
import { PRIORITIES } from '../../../protocol/priority.js'
import type { Priority } from '../../../protocol/priority.js'
import { Choice } from '../session/choice.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { chosenFiles, droppedFiles } from './dropped.js'
import { patientsIn, readLocal, studiesOf } from './local-files.js'
import type { LocalFile } from './local-files.js'
import { LocalStudies } from './local-studies.js'
import { RequisitionForm } from './requisition-form.js'
import { isWritten, missingIn, ordersOf, sendRequisition } from './requisition.js'
import type { Written } from './requisition.js'
import { SentReport } from './sent-report.js'
import { send } from './upload.js'

const PRIORITY_TEXTS: Readonly<Record<Priority, string>> = {
  routine: 'Routine',
  urgent: 'Urgent',
  stat: 'STAT: life or limb',
}

interface Progress {
  readonly bytes: number
  readonly text: string
}

/** Selecting files, looking at what they are, and sending them. */
export function NewStudy({ session }: { readonly session: Session }) {
  const study = useNewStudy(session)
  const { files, reading, sending, progress, total, patients } = study
  return (
    <section aria-label="New study" className="card">
      <h1>Send a study</h1>
      {!sending.isPending && <Select onFiles={study.add} isReading={reading.isPending} />}
      <Problem error={reading.error} />
      <LocalStudies
        studies={study.studies}
        without={study.without}
        onChange={(uid, isIncluded) => {
          const next = new Set(study.without)
          if (isIncluded) next.delete(uid)
          else next.add(uid)
          study.setWithout(next)
        }}
      />
      {patients.length > 1 && (
        <p className="problem" role="alert">
          <strong>These are files of {patients.length} patients.</strong> Send one patient at a
          time: uncheck the others.
        </p>
      )}
      {sending.isPending && <Underway {...{ progress, total }} />}
      {files.length > 0 && !sending.isPending && (
        <>
          <Where {...{ session, study }} />
          {study.studies.some(({ uid }) => uid !== '') && (
            <RequisitionForm
              session={session}
              canBeMatched={study.orders.length > 0}
              written={study.written}
              onChange={study.setWritten}
            />
          )}
          <Sends {...{ session, study }} />
        </>
      )}
      <Problem error={sending.error} />
      {sending.data && <SentReport sent={sending.data} />}
    </section>
  )
}

function useNewStudy(session: Session) {
  const [files, setFiles] = useState<readonly LocalFile[]>([])
  const [without, setWithout] = useState<ReadonlySet<string>>(new Set())
  const [group, setGroup] = useState(session.who.groups?.[0])
  const [priority, setPriority] = useState<Priority>('routine')
  const [written, setWritten] = useState<Written>({})
  const [progress, setProgress] = useState<Progress>({ bytes: 0, text: '' })
  const queries = useQueryClient()
  const reading = useMutation({
    mutationFn: async (added: Promise<readonly File[]>) => {
      const read: LocalFile[] = []
      for (const file of await added) read.push(await readLocal(file))
      setFiles((before) => [...before, ...read])
    },
  })
  const studies = studiesOf(files)
  const chosen = studies.filter(({ uid }) => !without.has(uid))
  const toSend = chosen.flatMap((one) => one.files)
  const orders = ordersOf(chosen)
  const total = chosen.reduce((sum, { bytes }) => sum + bytes, 0)
  const clear = () => {
    setFiles([])
    setWithout(new Set())
    setWritten({})
  }
  const sending = useMutation({
    mutationFn: async () => {
      setProgress({ bytes: 0, text: '' })
      if (isWritten(written)) await sendRequisition(session, orders, written)
      return send(session, {
        ...{ files: toSend, group: group ?? '', priority },
        onBytes: (bytes) => setProgress({ bytes: Math.min(bytes, total), text: '' }),
        onWaiting: (why) => setProgress((now) => ({ ...now, text: `${why} Trying again.` })),
      })
    },
    onSuccess: () => {
      clear()
      void queries.invalidateQueries({ queryKey: ['own'] })
    },
  })
  const add = (added: Promise<readonly File[]>) => {
    sending.reset()
    reading.mutate(added)
  }
  return {
    ...{ files, studies, without, setWithout, toSend, total, patients: patientsIn(chosen) },
    ...{ group, setGroup, priority, setPriority, orders, written, setWritten },
    ...{ progress, reading, sending, add, clear },
  }
}

interface WhereProps {
  readonly session: Session
  readonly study: ReturnType<typeof useNewStudy>
}

function Where({ session, study }: WhereProps) {
  const { group, setGroup, priority, setPriority } = study
  return (
    <div className="pair">
      <Choice
        label="Reading group"
        value={group}
        options={(session.who.groups ?? []).map((one) => [one, one])}
        onChange={setGroup}
      />
      <Choice
        label="Priority"
        value={priority}
        options={PRIORITIES.map((one) => [one, PRIORITY_TEXTS[one]])}
        onChange={setPriority}
      />
    </div>
  )
}

/** A study is never kept back for want of its requisition: it may be sent without one. */
function Sends({ session, study }: WhereProps) {
  const { group, toSend, patients, sending, reading, clear, orders, written } = study
  const isOff = toSend.length === 0 || patients.length > 1 || !group || reading.isPending
  const lacks = orders.length > 0 && missingIn(written, session).length > 0
  return (
    <div className="buttons sends">
      {lacks && isWritten(written) ? (
        <Button className="first" isDisabled>
          Fill in what is required
        </Button>
      ) : (
        <Button className="first" onPress={() => sending.mutate()} isDisabled={isOff}>
          Send {toSend.length} files{lacks && ' without a requisition'}
        </Button>
      )}
      <Button onPress={clear}>Clear</Button>
    </div>
  )
}

interface SelectProps {
  readonly onFiles: (files: Promise<readonly File[]>) => void
  readonly isReading: boolean
}

function Select({ onFiles, isReading }: SelectProps) {
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const [isOver, setOver] = useState(false)
  return (
    <div
      className="drop"
      data-over={isOver}
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        onFiles(droppedFiles(event.dataTransfer))
      }}
    >
      <p>
        {isReading ? 'Reading…' : 'Drop a folder, files, a ZIP or the content of a CD here, or'}
      </p>
      <div className="buttons">
        <Button onPress={() => folder.current?.click()}>Select a folder</Button>
        <Button onPress={() => files.current?.click()}>Select files</Button>
      </div>
      <input
        ref={folder}
        hidden
        type="file"
        aria-label="Folder"
        webkitdirectory=""
        onChange={({ target }) => take(target, onFiles)}
      />
      <input
        ref={files}
        hidden
        type="file"
        aria-label="Files"
        multiple
        onChange={({ target }) => take(target, onFiles)}
      />
      <p className="quiet">
        Patient and study are read on this machine. The gateway removes what identifies the patient
        before anything is stored; file names are not sent.
      </p>
    </div>
  )
}

function take(input: HTMLInputElement, onFiles: SelectProps['onFiles']): void {
  if (input.files) onFiles(Promise.resolve(chosenFiles(input.files)))
  input.value = ''
}

function Underway({ progress, total }: { readonly progress: Progress; readonly total: number }) {
  const isAllSent = progress.bytes >= total
  return (
    <>
      <ProgressBar aria-label="Sending" value={progress.bytes} maxValue={Math.max(1, total)}>
        {({ percentage }) => (
          <>
            <progress value={percentage ?? 0} max={100} aria-hidden="true" />
            <span>
              {isAllSent
                ? ' Sent; the gateway checks and seals the last files…'
                : ` ${Math.floor(percentage ?? 0)} %`}
            </span>
          </>
        )}
      </ProgressBar>
      {progress.text && <p role="status">{progress.text}</p>}
    </>
  )
}
