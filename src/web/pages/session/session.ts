/** A signed-in person: the token, and the worker that has the key. Nothing of it is stored. */
import type { GatewayAnswer, SessionAnswer } from '../../../protocol/http/gateway.js'
import { KeyWorker } from '../keys/key-worker-handle.js'
import { DEMO_GATEWAY } from './demo.js'
import type { DemoLink } from './demo.js'
import { GatewayRefusal, aboutGateway, signIn } from './gateway.js'
import type { Gateway } from './gateway.js'
import { forgetAllButDrafts } from './drafts.js'

export interface Session {
  readonly gateway: Gateway
  readonly about: GatewayAnswer
  readonly keys: KeyWorker
  readonly who: SessionAnswer
}

/** After this time without a key press or a movement of the pointer, the page locks itself. */
export const IDLE_MS = 15 * 60_000

/** @throws KeyError, GatewayRefusal; no key is kept then */
export async function openSession(
  principal: string,
  unlock: (keys: KeyWorker) => Promise<unknown>,
): Promise<Session> {
  const keys = new KeyWorker()
  try {
    await unlock(keys)
    const about = await aboutGateway()
    const gateway = await signIn(principal, async (challenge) => {
      const { origin } = about
      const { signature } = await keys.ask({ do: 'sign in', challenge, origin, principal })
      return signature
    })
    return { gateway, about, keys, who: await gateway.session() }
  } catch (error) {
    keys.lock()
    throw error
  }
}

export const unlockingFile =
  (key: File, passphrase: string) =>
  async (keys: KeyWorker): Promise<void> => {
    const bytes = new Uint8Array(await key.arrayBuffer())
    const request = { do: 'unlock', key: bytes, passphrase: passphrase || undefined } as const
    await keys.ask(request, [bytes.buffer])
  }

/** @throws GatewayRefusal `not_a_demo` on any site but the demo; the key is not used there */
export async function openDemoSession({ principal, key }: DemoLink): Promise<Session> {
  const { name } = await aboutGateway()
  if (name !== DEMO_GATEWAY)
    throw new GatewayRefusal('This is not the demo site.', {
      code: 'not_a_demo',
      hint: 'Sign in with your own key.',
    })
  return openSession(principal, unlockingFile(key, ''))
}

/** The key is gone at once; the token is revoked if the gateway can be reached. */
export function endSession({ gateway, keys }: Session): void {
  keys.lock()
  forgetAllButDrafts()
  void gateway.signOut().catch(() => undefined)
}
