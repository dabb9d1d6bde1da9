import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { SubmitEvent } from 'react'
import { Button } from 'react-aria-components'
import type { KeptKey } from '../keys/kept/messages.js'
import { KeyWorker } from '../keys/key-worker-handle.js'
import { inFours } from '../session/in-fours.js'
import { Problem } from '../session/problem.js'
import { openSession } from '../session/session.js'
import type { Session } from '../session/session.js'
import { Forget } from './key-dialog.js'
import { askPasskey, noPasskeys } from './passkey.js'
import { Passphrase } from './passphrase.js'

/** What this browser keeps, asked of a worker of its own: nothing is unlocked by it. */
export async function keptKeys(): Promise<readonly KeptKey[]> {
  return inWorker(async (keys) => (await keys.ask({ do: 'kept' })).keys)
}

interface KeptSignInProps {
  readonly kept: KeptKey
  readonly onSession: (session: Session) => void
  readonly onForgotten: () => void
}

/** Signs in with a key that this browser keeps. */
export function KeptSignIn({ kept, onSession, onForgotten }: KeptSignInProps) {
  const { principal, passkeys, fingerprint } = kept
  const [passphrase, setPassphrase] = useState('')
  const unlocking = useMutation({
    mutationFn: (how: 'passkey' | 'passphrase') =>
      how === 'passkey' ? withPasskey(kept) : withPassphrase(principal, passphrase),
    onSuccess: (session) => {
      setPassphrase('')
      onSession(session)
    },
  })
  const forgetting = useMutation({
    mutationFn: () => inWorker((keys) => keys.ask({ do: 'forget', principal })),
    onSuccess: onForgotten,
  })
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (!unlocking.isPending) unlocking.mutate('passphrase')
  }
  const canTypeCode = kept.hasRecoveryCode ? ', or the recovery code of the printed sheet' : ''
  return (
    <section aria-label={`Key of ${principal}`} className="kept-key">
      <h2>{principal}</h2>
      <p className="quiet">Kept on this device, encrypted. Fingerprint {inFours(fingerprint)}</p>
      {passkeys.length > 0 && noPasskeys() === undefined && (
        <Button onPress={() => unlocking.isPending || unlocking.mutate('passkey')}>
          Sign in with the passkey
        </Button>
      )}
      {(kept.hasPassphrase || kept.hasRecoveryCode) && (
        <form onSubmit={submit}>
          <Passphrase label="Passphrase" value={passphrase} onChange={setPassphrase}>
            {kept.hasPassphrase ? `The one of this device${canTypeCode}` : 'The recovery code'}
          </Passphrase>
          <Button type="submit">
            {unlocking.isPending ? 'Signing in…' : 'Unlock and sign in'}
          </Button>
        </form>
      )}
      <Problem error={unlocking.error ?? forgetting.error} />
      <div className="buttons">
        <Forget onForget={() => forgetting.mutate()} />
      </div>
    </section>
  )
}

async function withPasskey({ principal, passkeys }: KeptKey): Promise<Session> {
  const { credential, secret } = await askPasskey(passkeys)
  const how = { by: 'passkey', credential, secret } as const
  return openSession(principal, (keys) =>
    keys.ask({ do: 'unlock kept', principal, with: how }, [secret.buffer]),
  )
}

const withPassphrase = (principal: string, passphrase: string): Promise<Session> =>
  openSession(principal, (keys) =>
    keys.ask({ do: 'unlock kept', principal, with: { by: 'passphrase', passphrase } }),
  )

async function inWorker<T>(ask: (keys: KeyWorker) => Promise<T>): Promise<T> {
  const keys = new KeyWorker()
  try {
    return await ask(keys)
  } finally {
    keys.lock()
  }
}
