/** What an invited person signs, composed here: the page cannot have anything else signed. */
import { writeJoin } from '../../../protocol/joining/statement.js'
import { signDetached } from '../../../seal/browser.js'
import type { PrivateKey } from '../../../seal/browser.js'
import type { Join, KeyResults } from './messages.js'

export async function joinWith(
  key: PrivateKey,
  { gateway, invitation, principal }: Join,
): Promise<KeyResults['join']> {
  const { certificate, fingerprint } = key
  const statement = writeJoin({ gateway, invitation, principal, fingerprint })
  const signature = await signDetached(statement, key, new Date())
  return { certificate, signature, fingerprint }
}
