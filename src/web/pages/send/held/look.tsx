import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from 'react-aria-components'
import { CATALOGUE } from '../../../../lib/errors.js'
import type { Code } from '../../../../lib/errors.js'
import { DISCARD_REASONS } from '../../../../protocol/discard-statement.js'
import type { DiscardReason } from '../../../../protocol/discard-statement.js'
import type { HeldItem } from '../../../../protocol/http/facility.js'
import { RELEASE_REASONS } from '../../../../protocol/release-statement.js'
import type { ReleaseReason } from '../../../../protocol/release-statement.js'
import { Viewport } from '../../read/viewport.js'
import { Papers } from '../../read/writing/papers.js'
import { Choice } from '../../session/choice.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { useKeys } from '../../session/use-keys.js'
import { discardHeld, openHeld, releaseHeld, sortHeld } from './held-items.js'
import type { OpenedHeld } from './held-items.js'

const RELEASE_TEXTS: Readonly<Record<ReleaseReason, string>> = {
  'no-identifiers-seen': 'I looked at all of it: nothing names the patient',
  'needed-for-treatment': 'It is needed for treatment as it is',
}
const DISCARD_TEXTS: Readonly<Record<DiscardReason, string>> = {
  'not-needed': 'The reader does not need it',
  'sent-otherwise': 'It was sent in another way',
  'wrong-patient': 'It is of another patient',
  damaged: 'It is damaged',
}

interface LookProps {
  readonly session: Session
  /** Of the case, or the ID of a transfer that is in none. */
  readonly code: string
  readonly items: readonly HeldItem[]
  readonly onClose: () => void
}

/** The held items of a case, opened on this machine. Nothing of them is kept when it closes. */
export function LookAtHeld({ session, code, items, onClose }: LookProps) {
  const [done, setDone] = useState(0)
  const names = items.map(({ transfer, item }) => `${transfer} ${item}`).join()
  const opening = useQuery({
    queryKey: ['held content', names],
    queryFn: async () => {
      const opened = await openHeld(session, items, setDone)
      return { opened, ...(await sortHeld(opened)) }
    },
    ...{ gcTime: 0, staleTime: Infinity, retry: false },
  })
  useKeys({ Escape: onClose })
  const { data } = opening
  return (
    <section aria-label={`Held of ${code}`} className="look">
      <div className="buttons">
        <h2>Held of {code}</h2>
        <span className="grow" />
        <Button autoFocus onPress={onClose}>
          Decide later <kbd>Esc</kbd>
        </Button>
      </div>
      <Problem error={opening.error} />
      {opening.isPending && (
        <p role="status">
          Opening {done} of {items.length} with your key…
        </p>
      )}
      {data?.series && <Viewport series={data.series} isComplete lacks={[]} />}
      {data && data.documents.length > 0 && <Papers documents={data.documents} />}
      <Decide {...{ session, items, onClose }} opened={data?.opened} />
    </section>
  )
}

interface DecideProps extends Pick<LookProps, 'session' | 'items' | 'onClose'> {
  /** Undefined when they could not be opened: then they can only be discarded. */
  readonly opened: readonly OpenedHeld[] | undefined
}

function Decide({ session, items, opened, onClose }: DecideProps) {
  const [release, setRelease] = useState<ReleaseReason>()
  const [discard, setDiscard] = useState<DiscardReason>()
  const { releasing, discarding, isBusy } = useDecision(session, onClose)
  const releasable = (opened ?? []).filter(({ held }) => held.releasable)
  const stuck = items.length - items.filter((one) => one.releasable).length
  return (
    <>
      <Problem error={releasing.error ?? discarding.error} />
      <StillHeld answer={releasing.data} />
      {stuck > 0 && (
        <p className="quiet">
          {stuck === items.length ? 'None' : `${stuck}`} of them can be released by looking: correct
          and resend, or discard.
        </p>
      )}
      <div className="pair decide">
        {releasable.length > 0 && (
          <div>
            <Choice
              label="Release, because"
              value={release}
              options={RELEASE_REASONS.map((one) => [one, RELEASE_TEXTS[one]])}
              onChange={setRelease}
            />
            <Button
              className="first"
              isDisabled={release === undefined || isBusy}
              onPress={() => release && releasing.mutate({ opened: releasable, reason: release })}
            >
              {releasing.isPending
                ? 'Signing and sending…'
                : `Sign and release ${releasable.length}`}
            </Button>
          </div>
        )}
        <div>
          <Choice
            label="Discard, because"
            value={discard}
            options={DISCARD_REASONS.map((one) => [one, DISCARD_TEXTS[one]])}
            onChange={setDiscard}
          />
          <Button
            isDisabled={discard === undefined || isBusy}
            onPress={() => discard && discarding.mutate({ items, reason: discard })}
          >
            {discarding.isPending ? 'Signing…' : `Sign and discard ${items.length}`}
          </Button>
        </div>
      </div>
    </>
  )
}

function useDecision(session: Session, onClose: () => void) {
  const queries = useQueryClient()
  const settle = () => queries.invalidateQueries({ queryKey: ['own'] })
  const releasing = useMutation({
    mutationFn: ({ opened, reason }: { opened: readonly OpenedHeld[]; reason: ReleaseReason }) =>
      releaseHeld(session, opened, reason),
    onSuccess: async ({ items }) => {
      await settle()
      if (items.every(({ outcome }) => outcome === 'accepted')) onClose()
    },
  })
  const discarding = useMutation({
    mutationFn: ({ items, reason }: { items: readonly HeldItem[]; reason: DiscardReason }) =>
      discardHeld(session, items, reason),
    onSuccess: async () => {
      await settle()
      onClose()
    },
  })
  return { releasing, discarding, isBusy: releasing.isPending || discarding.isPending }
}

/** What did not pass although it was released. */
function StillHeld({
  answer,
}: {
  readonly answer: Awaited<ReturnType<typeof releaseHeld>> | undefined
}) {
  const still = (answer?.items ?? []).filter(({ outcome }) => outcome !== 'accepted')
  if (still.length === 0) return null
  const codes = new Set(still.flatMap(({ code }) => code ?? []))
  const titles = [...codes].map((code) =>
    code in CATALOGUE ? CATALOGUE[code as Code].title : code,
  )
  return (
    <p className="problem" role="alert">
      <strong>{still.length} did not pass:</strong> {titles.join('; ')}.
    </p>
  )
}
