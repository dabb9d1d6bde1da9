import { useMutation } from '@tanstack/react-query'
import { Button } from 'react-aria-components'
import type { KeyWorker } from '../keys/key-worker-handle.js'
import { Problem } from '../session/problem.js'
import { makePasskey, noPasskeys } from './passkey.js'
import { NewPassphrase } from './passphrase.js'

interface KeepProps {
  readonly keys: KeyWorker
  readonly principal: string
  readonly onKept: () => unknown
}

/** Keeps the key that the worker holds on this device, for a passkey to open. */
export function KeepWithPasskey({ keys, principal, onKept }: KeepProps) {
  const without = noPasskeys()
  const keeping = useMutation({
    mutationFn: async () => {
      const { credential, salt, secret } = await makePasskey(principal)
      const under = { by: 'passkey', credential, salt, secret } as const
      await keys.ask({ do: 'keep', principal, under }, [secret.buffer])
      await askToStay()
    },
    onSuccess: onKept,
  })
  if (without !== undefined) return <p>{without}</p>
  return (
    <>
      <Button onPress={() => keeping.isPending || keeping.mutate()}>
        {keeping.isPending ? 'Waiting for the passkey…' : 'Keep it here with a passkey'}
      </Button>
      <Problem error={keeping.error} />
    </>
  )
}

export function KeepWithPassphrase({ keys, principal, onKept }: KeepProps) {
  const keeping = useMutation({
    mutationFn: (passphrase: string) => keepUnderPassphrase(keys, principal, passphrase),
    onSuccess: onKept,
  })
  return (
    <>
      <NewPassphrase
        submit="Keep it here with this passphrase"
        pending="Encrypting the key…"
        isPending={keeping.isPending}
        onPassphrase={(passphrase) => keeping.mutate(passphrase)}
      />
      <Problem error={keeping.error} />
    </>
  )
}

export async function keepUnderPassphrase(
  keys: KeyWorker,
  principal: string,
  passphrase: string,
): Promise<void> {
  await keys.ask({ do: 'keep', principal, under: { by: 'passphrase', passphrase } })
  await askToStay()
}

/** Without it, a browser that runs short of space may remove the key; it may say no. */
const askToStay = (): Promise<boolean> => navigator.storage.persist().catch(() => false)
