import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import type { ReportStatus } from '../../../protocol/report.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { timeLeft } from '../session/time-left.js'
import { useKeys } from '../session/use-keys.js'
import { useNow } from '../session/use-now.js'
import { Offer } from './offer.js'
import { Opening, claim } from './opening.js'
import type { TakeOver } from './opening.js'
import { OpenedCase } from './opened-case.js'
import { ShareButton } from './sharing/share-button.js'
import { DeskPanel } from './writing/desk-panel.js'
import { usePace } from '../session/use-updates.js'

/** A claim is renewed while its case is open. */
const RENEW_MS = 5 * 60_000
const POLL_MS = 10_000

interface ReadingProps {
  readonly session: Session
  readonly opened: CaseView
  readonly onClose: () => void
}

export function Reading({ session, opened: of, onClose }: ReadingProps) {
  const { opening, sent, setSent, current, refetch, isMine, start } = useCase(session, of)
  const releasing = useMutation({
    mutationFn: () => session.gateway.release(of.id),
    onSuccess: onClose,
  })
  useKeys({ Escape: onClose })
  return (
    <main className="reading">
      <CaseBar of={current} me={session.who.principal}>
        {opening && isMine && (
          <Button onPress={() => releasing.mutate()} isDisabled={releasing.isPending}>
            Release the claim
          </Button>
        )}
        {opening && <ShareButton session={session} of={current} />}
        <Button onPress={onClose}>
          Worklist <kbd>Esc</kbd>
        </Button>
      </CaseBar>
      <Problem error={start.error ?? releasing.error} />
      {sent && (
        <p className="done" role="status">
          The {sent} report was sent, signed by you and sealed to {of.facility}.
          <Button autoFocus className="first" onPress={onClose}>
            Next case
          </Button>
        </p>
      )}
      {opening && (
        <LateImages opening={opening} of={current} onOpen={() => start.mutate(undefined)} />
      )}
      {opening ? (
        <WhileOpening
          {...{ session, opening, of: current }}
          onSent={(status) => {
            setSent(status)
            void refetch()
          }}
        />
      ) : (
        <Offer
          of={current}
          isMine={isMine}
          isPending={start.isPending}
          onStart={(takeOver) => start.mutate(takeOver)}
        />
      )}
    </main>
  )
}

/** The case as it is now, and what of it was opened here. */
function useCase(session: Session, of: CaseView) {
  const [opening, setOpening] = useState<Opening>()
  const [sent, setSent] = useState<ReportStatus>()
  const { data: current = of, refetch } = useQuery({
    queryKey: ['case', of.id],
    queryFn: () => session.gateway.case(of.id),
    refetchInterval: usePace(POLL_MS),
  })
  const isMine = current.claimedBy === session.who.principal
  const start = useMutation({
    mutationFn: async (takeOver: TakeOver) => {
      if (!isMine) await claim(session, current, takeOver)
      opening?.end()
      const started = new Opening(session, current)
      setOpening(started)
      void refetch()
      await started.run()
    },
  })
  useRenewal(session, of, opening !== undefined && sent === undefined)
  useEffect(() => () => opening?.end(), [opening])
  return { opening, sent, setSent, current, refetch, isMine, start }
}

interface CaseBarProps {
  readonly of: CaseView
  readonly me: string
  readonly children: React.ReactNode
}

function CaseBar({ of, me, children }: CaseBarProps) {
  const left = timeLeft(of, useNow())
  const holder = of.claimedBy === me ? 'you hold it' : of.claimedBy && `${of.claimedBy} holds it`
  return (
    <div className="case-bar">
      <h1>{of.code}</h1>
      <span data-urgency={left.urgency} className="left">
        {left.text}
      </span>
      <span>
        {of.facility}
        {of.modality && `, ${of.modality}`}
      </span>
      {of.priority === 'stat' && <strong>STAT</strong>}
      {holder && <span>{holder}</span>}
      {of.report && (
        <span>
          {of.report} by {of.reportedBy}
        </span>
      )}
      <span className="grow" />
      {children}
    </div>
  )
}

interface WhileOpeningProps {
  readonly session: Session
  readonly opening: Opening
  readonly of: CaseView
  readonly onSent: (status: ReportStatus) => void
}

function WhileOpening({ session, opening, of, onSent }: WhileOpeningProps) {
  const opened = useSyncExternalStore(opening.subscribe, opening.current)
  // A report is about what was opened here, not about what has arrived since.
  const read = { ...of, transfers: opening.transfers }
  return (
    <OpenedCase opened={opened}>
      <DeskPanel
        key={of.report ?? ''}
        {...{ session, of: read, documents: opened.documents, onSent }}
      />
    </OpenedCase>
  )
}

interface LateImagesProps {
  readonly opening: Opening
  readonly of: CaseView
  readonly onOpen: () => void
}

function LateImages({ opening, of, onOpen }: LateImagesProps) {
  const known = new Set(opening.transfers.map(({ id }) => id))
  if (of.transfers.every(({ id }) => known.has(id))) return null
  return (
    <p className="problem" role="alert">
      <strong>More images of this case have arrived.</strong> Your report is about those that you
      have opened. <Button onPress={onOpen}>Open them too</Button>
    </p>
  )
}

function useRenewal({ gateway }: Session, { id }: CaseView, isOpen: boolean): void {
  useQuery({
    queryKey: ['renew', id],
    queryFn: () => gateway.renew(id),
    enabled: isOpen,
    retry: false,
    refetchInterval: RENEW_MS,
    refetchIntervalInBackground: true,
  })
}
