import { useMutation, useQuery } from '@tanstack/react-query'
import { Button } from 'react-aria-components'
import { pushAnswer } from '../../../protocol/http/duty.js'
import type { Session } from '../session/session.js'

const SCRIPT = '/notices.js'

/** Turns notifications in this browser on and off; absent where site or browser has none. */
export function PushButton({ session }: { readonly session: Session }) {
  const { gateway } = session
  const state = useQuery({
    queryKey: ['push', session.who.principal],
    queryFn: async () => ({
      ...(await gateway.get(pushAnswer, '/v1/push')),
      isOn: (await ownSubscription()) !== null,
    }),
  })
  const change = useMutation({
    mutationFn: (isOn: boolean) => (isOn ? end(session) : begin(session, state.data?.publicKey)),
    onSuccess: () => state.refetch(),
  })
  if (!('serviceWorker' in navigator) || !('PushManager' in globalThis)) return null
  if (state.data?.publicKey === undefined) return null
  const { isOn } = state.data
  const text = isOn ? 'Stop notifying this browser' : 'Notify this browser'
  return (
    <>
      <Button onPress={() => change.mutate(isOn)} isDisabled={change.isPending}>
        {text}
      </Button>
      {change.error && <span role="alert">{change.error.message}</span>}
    </>
  )
}

async function ownSubscription(): Promise<PushSubscription | null> {
  if (!('serviceWorker' in navigator)) return null
  const registration = await navigator.serviceWorker.getRegistration(SCRIPT)
  return (await registration?.pushManager.getSubscription()) ?? null
}

async function begin({ gateway }: Session, publicKey: string | undefined): Promise<void> {
  if (publicKey === undefined) return
  if ((await Notification.requestPermission()) !== 'granted')
    throw new Error('Allow notifications for this page in your browser first.')
  await navigator.serviceWorker.register(SCRIPT)
  const { pushManager } = await navigator.serviceWorker.ready
  const made = await pushManager.subscribe({
    userVisibleOnly: true,
    applicationServerKey: publicKey,
  })
  try {
    await gateway.post(pushAnswer, '/v1/push', made.toJSON())
  } catch (error) {
    await made.unsubscribe()
    throw error
  }
}

/** The gateway forgets it first: a browser that is still subscribed is at worst notified again. */
async function end({ gateway }: Session): Promise<void> {
  const made = await ownSubscription()
  if (!made) return
  await gateway.post(pushAnswer, '/v1/push/end', { endpoint: made.endpoint })
  await made.unsubscribe()
}
