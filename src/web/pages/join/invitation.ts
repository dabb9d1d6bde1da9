/** The link that the page was opened with, and what is sent with it. */
import { joinAnswer, joinedAnswer } from '../../../protocol/joining/http.js'
import type { JoinAnswer } from '../../../protocol/joining/http.js'
import { spokenWords } from '../../../protocol/joining/spoken-words.js'
import type { KeyWorker } from '../keys/key-worker-handle.js'
import { call } from '../session/gateway.js'

export interface Link {
  readonly invitation: string
  readonly secret: string
}

/** What two people compare by phone. */
export interface Sent {
  readonly fingerprint: string
  readonly words: string
}

/** Removes the secret from the address and the history; undefined when there is none. */
export function takeLink(): Link | undefined {
  const { hash, pathname } = location
  if (hash !== '') history.replaceState(null, '', pathname)
  const [, invitation, secret] = /^#([0-9a-f-]{36})\.([\w-]{43})$/.exec(hash) ?? []
  return invitation !== undefined && secret !== undefined ? { invitation, secret } : undefined
}

/** @throws GatewayRefusal */
export const lookAt = (link: Link): Promise<JoinAnswer> => call(joinAnswer, '/v1/join', {}, link)

/** @throws GatewayRefusal, KeyError */
export async function sendCertificate(
  link: Link,
  { gateway, principal }: Pick<JoinAnswer, 'gateway' | 'principal'>,
  keys: KeyWorker,
): Promise<Sent> {
  const { invitation } = link
  const joined = await keys.ask({ do: 'join', gateway, invitation, principal })
  const { certificate, signature, fingerprint } = joined
  await call(joinedAnswer, '/v1/join/certificate', {}, { ...link, certificate, signature })
  return sentOf(link, fingerprint)
}

export const sentOf = async ({ invitation }: Link, fingerprint: string): Promise<Sent> => ({
  fingerprint,
  words: await spokenWords(invitation, fingerprint),
})
