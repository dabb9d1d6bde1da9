import { useMutation, useQuery } from '@tanstack/react-query'
import { Button } from 'react-aria-components'
import type { CaseView } from '../../../../protocol/http/cases.js'
import { DialogButton } from '../../session/titled-dialog.js'
import { inFours } from '../../session/in-fours.js'
import { Problem } from '../../session/problem.js'
import type { Session } from '../../session/session.js'
import { shareWith, sharersOf } from './share.js'

interface ShareProps {
  readonly session: Session
  readonly of: CaseView
}

/** Who can open the case, and letting a colleague with a new key open it. */
export const ShareButton = (props: ShareProps) => (
  <DialogButton
    text="Who can open it"
    title={`Who can open ${props.of.code}`}
    label="Who can open the case"
    className="key-list"
  >
    {() => <Sharers {...props} />}
  </DialogButton>
)

function Sharers({ session, of }: ShareProps) {
  const found = useQuery({
    queryKey: ['sharers', of.id, of.transfers.length],
    queryFn: () => sharersOf(session, of),
    // Each look at the key packets is an event in the ledger.
    refetchOnWindowFocus: false,
    retry: false,
  })
  const sharing = useMutation({
    mutationFn: async (colleague: { id: string; fingerprint: string }) => {
      if (found.data) await shareWith(session, found.data, colleague)
    },
    onSettled: () => found.refetch(),
  })
  if (!found.data)
    return found.error ? <Problem error={found.error} /> : <p role="status">Asking the gateway…</p>
  const { openedBy, colleagues } = found.data
  return (
    <>
      <p>Sealed to: {openedBy.join(', ')}.</p>
      {colleagues.length === 0 && <p>Every reader of the group can open it.</p>}
      {colleagues.length > 0 && (
        <p>
          These readers of the group cannot open it with their present key. Call them, and compare
          the fingerprint before you let them open it; the ledger records that you did.
        </p>
      )}
      <ul>
        {colleagues.map(({ id, fingerprint, isAdded }) => (
          <li key={id}>
            <p>
              <strong>{id}</strong> <span className="fingerprint">{inFours(fingerprint)}</span>
              {isAdded && ' was added, and has not opened it yet'}
            </p>
            <Button onPress={() => sharing.isPending || sharing.mutate({ id, fingerprint })}>
              {sharing.isPending && sharing.variables.id === id
                ? 'Sealing the keys…'
                : isAdded
                  ? `Add ${id} again`
                  : `Let ${id} open it`}
            </Button>
          </li>
        ))}
      </ul>
      {sharing.isSuccess && (
        <p role="status">{sharing.variables.id} can open the case from now on.</p>
      )}
      <Problem error={sharing.error} />
    </>
  )
}
