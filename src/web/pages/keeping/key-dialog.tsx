import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import type { RefObject } from 'react'
import { Button } from 'react-aria-components'
import { DialogButton } from '../session/titled-dialog.js'
import { Problem } from '../session/problem.js'
import type { Session } from '../session/session.js'
import { KeepWithPasskey, KeepWithPassphrase } from './keep-forms.js'
import { RecoverySheet } from './recovery-sheet.js'

/** Where the key of the signed-in person is, and what protects it there. */
export const KeyButton = ({ session }: { readonly session: Session }) => (
  <DialogButton text="My key" title="My key" className="key-list keeping">
    {(close) => <Kept session={session} fallback={close} />}
  </DialogButton>
)

interface KeptProps {
  readonly session: Session
  /** Has the focus when the control that had it is gone, so that keys still reach the dialog. */
  readonly fallback: RefObject<HTMLButtonElement | null>
}

function Kept({ session: { keys, about, who }, fallback }: KeptProps) {
  useEffect(() => {
    if (document.activeElement === document.body) fallback.current?.focus()
  })
  const { principal } = who
  const queries = useQueryClient()
  const found = useQuery({
    queryKey: ['kept', principal],
    queryFn: async () => (await keys.ask({ do: 'kept' })).keys,
    refetchOnWindowFocus: false,
  })
  const again = () => queries.invalidateQueries({ queryKey: ['kept', principal] })
  const forgetting = useMutation({
    mutationFn: () => keys.ask({ do: 'forget', principal }),
    onSuccess: again,
  })
  const recovering = useMutation({ mutationFn: () => keys.ask({ do: 'recovery', principal }) })
  if (recovering.data) {
    const close = () => {
      recovering.reset()
      void again()
    }
    return (
      <RecoverySheet {...{ principal, ...recovering.data }} gateway={about.name} onClose={close} />
    )
  }
  if (!found.data) return <Problem error={found.error} />
  const kept = found.data.find((one) => one.principal === principal)
  return (
    <>
      <p role="status">{kept ? keptText(kept) : NOT_KEPT}</p>
      <h3>Open it with a passkey</h3>
      <KeepWithPasskey {...{ keys, principal }} onKept={again} />
      <h3>Open it with {kept?.hasPassphrase === true ? 'another' : 'a'} passphrase</h3>
      <KeepWithPassphrase {...{ keys, principal }} onKept={again} />
      <h3>If the passphrase, the passkey or the device is lost</h3>
      <p>
        A recovery sheet has a code to print, and a file that only the code opens.
        {kept?.hasRecoveryCode === true && ' A new sheet replaces the code for this device.'}
      </p>
      <div className="buttons">
        <Button onPress={() => recovering.isPending || recovering.mutate()}>
          {kept?.hasRecoveryCode === true ? 'Make a new recovery sheet' : 'Make a recovery sheet'}
        </Button>
        {kept && <Forget onForget={() => forgetting.mutate()} />}
      </div>
      <Problem error={recovering.error ?? forgetting.error} />
    </>
  )
}

const NOT_KEPT =
  'This device does not keep your key: it is in memory until you lock or leave the page.'

interface Ways {
  readonly hasPassphrase: boolean
  readonly hasRecoveryCode: boolean
  readonly passkeys: readonly unknown[]
}

function keptText({ hasPassphrase, hasRecoveryCode, passkeys }: Ways): string {
  const ways = [
    ...(hasPassphrase ? ['a passphrase'] : []),
    ...(passkeys.length > 0
      ? [passkeys.length === 1 ? 'a passkey' : `${passkeys.length} passkeys`]
      : []),
    ...(hasRecoveryCode ? ['a recovery code'] : []),
  ]
  return `This device keeps your key, encrypted. It is opened by ${new Intl.ListFormat('en', { type: 'disjunction' }).format(ways)}.`
}

export function Forget({ onForget }: { readonly onForget: () => void }) {
  const [isAsking, setAsking] = useState(false)
  if (!isAsking) return <Button onPress={() => setAsking(true)}>Forget this key…</Button>
  return (
    <>
      <Button
        autoFocus
        onPress={() => {
          setAsking(false)
          onForget()
        }}
      >
        Remove it from this device
      </Button>
      <Button onPress={() => setAsking(false)}>Keep it</Button>
      <span>You then need the key file, or the recovery file with its code.</span>
    </>
  )
}
