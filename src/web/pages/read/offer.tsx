import { useState } from 'react'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../protocol/http/cases.js'
import { OVERRIDE_REASONS } from '../../../protocol/case-requests.js'
import type { OverrideReason } from '../../../protocol/case-requests.js'
import { Choice } from '../session/choice.js'
import { useKeys } from '../session/use-keys.js'
import type { TakeOver } from './opening.js'

const REASON_TEXTS: Readonly<Record<OverrideReason, string>> = {
  agreed: 'Agreed with the holder',
  unreachable: 'The holder cannot be reached',
  emergency: 'The patient cannot wait',
  'shift-ended': "The holder's shift has ended",
}

interface OfferProps {
  readonly of: CaseView
  readonly isMine: boolean
  readonly isPending: boolean
  readonly onStart: (takeOver: TakeOver) => void
}

/** Before a case is opened: who holds it, and claiming or taking it over. */
export function Offer({ of, isMine, isPending, onStart }: OfferProps) {
  const isHeld = of.claimedBy !== undefined && !isMine
  useKeys(isHeld || isPending ? {} : { Enter: () => onStart(undefined) })
  if (isHeld) return <Held {...{ of, isPending, onStart }} />
  return (
    <section className="offer">
      <p>Your key proves that you can open the case before you hold it.</p>
      <Button autoFocus className="first" onPress={() => onStart(undefined)} isDisabled={isPending}>
        {isPending ? 'Claiming…' : isMine ? 'Open' : 'Claim and open'}
      </Button>
    </section>
  )
}

function Held({ of, isPending, onStart }: Omit<OfferProps, 'isMine'>) {
  const [reason, setReason] = useState<OverrideReason>()
  return (
    <section className="offer">
      <p>
        <strong>{of.claimedBy} holds this case.</strong> If you take it over, they are told, and the
        ledger keeps your reason.
      </p>
      <Choice
        label="Reason"
        value={reason}
        options={OVERRIDE_REASONS.map((one) => [one, REASON_TEXTS[one]])}
        onChange={setReason}
      />
      <Button onPress={() => onStart(reason)} isDisabled={isPending || !reason}>
        {isPending ? 'Taking over…' : 'Take over and open'}
      </Button>
    </section>
  )
}
