import { useMutation, useQuery } from '@tanstack/react-query'
import { useEffect, useState, useSyncExternalStore } from 'react'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import { Opening, claim } from './opening.js'
import { OpenedCase } from './opened-case.js'
import { Problem } from './problem.js'
import type { Session } from './session.js'
import { timeLeft } from './time-left.js'
import { useKeys } from './use-keys.js'
import { useNow } from './use-now.js'

/** A claim is renewed while its case is open. */
const RENEW_MS = 5 * 60_000

interface ReadingProps {
  readonly session: Session
  readonly opened: CaseView
  readonly onClose: () => void
}

export function Reading({ session, opened: of, onClose }: ReadingProps) {
  const [opening, setOpening] = useState<Opening>()
  const now = useNow()
  const left = timeLeft(of, now)
  const isMine = of.claimedBy === session.who.principal
  const claiming = useMutation({
    mutationFn: async () => {
      if (!isMine) await claim(session, of)
      const started = new Opening(session, of)
      setOpening(started)
      await started.run()
    },
  })
  const releasing = useMutation({
    mutationFn: () => session.gateway.release(of.id),
    onSuccess: onClose,
  })
  useRenewal(session, of, opening !== undefined)
  useEffect(() => () => opening?.end(), [opening])
  const start = () => !opening && !claiming.isPending && claiming.mutate()
  useKeys(opening ? { Escape: onClose } : { Escape: onClose, Enter: start })
  return (
    <main className="reading">
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
        <span className="grow" />
        {opening && (
          <Button onPress={() => releasing.mutate()} isDisabled={releasing.isPending}>
            Release the claim
          </Button>
        )}
        <Button onPress={onClose}>Back to the worklist</Button>
      </div>
      <Problem error={claiming.error ?? releasing.error} />
      {opening ? (
        <WhileOpening opening={opening} />
      ) : (
        <section className="offer">
          <p>
            {of.claimedBy && !isMine
              ? `${of.claimedBy} holds this case.`
              : 'Your key proves that you can open the case before you hold it.'}
          </p>
          <Button autoFocus onPress={start} isDisabled={claiming.isPending}>
            {claiming.isPending ? 'Claiming…' : isMine ? 'Open' : 'Claim and open'}
          </Button>
        </section>
      )}
    </main>
  )
}

function WhileOpening({ opening }: { readonly opening: Opening }) {
  const opened = useSyncExternalStore(opening.subscribe, opening.current)
  return <OpenedCase opened={opened} />
}

function useRenewal({ gateway }: Session, { id }: CaseView, isOpen: boolean): void {
  useQuery({
    queryKey: ['renew', id],
    queryFn: () => gateway.renew(id),
    enabled: isOpen,
    refetchInterval: RENEW_MS,
    refetchIntervalInBackground: true,
  })
}
