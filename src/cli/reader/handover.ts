/** Hand-overs on a reader's machine: the note is sealed, opened and verified here. */
import {
  groupRecipientsAnswer,
  handoverAnswer,
  handoversAnswer,
} from '../../protocol/http/handovers.js'
import type { HandoverAnswer, HandoverView } from '../../protocol/http/handovers.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { claimCase } from './claim.js'
import type { Claiming } from './claim.js'
import { openSigned, recipientsOf, sealSigned } from './seal-back.js'

/** @param note undefined for a hand-over without words */
export async function giveHandover(
  client: GatewayClient,
  key: PrivateKey,
  group: string,
  note: string | undefined,
): Promise<HandoverAnswer> {
  if (note === undefined)
    return parseAnswer(handoverAnswer, await client.post('/v1/handovers', { group }))
  const path = `/v1/handovers/recipients?group=${group}`
  const found = parseAnswer(groupRecipientsAnswer, await client.json({ path }))
  const message = await sealSigned(Buffer.from(note), key, await recipientsOf(found))
  const body = { group, note: message.toString('base64') }
  return parseAnswer(handoverAnswer, await client.post('/v1/handovers', body))
}

export async function listHandovers(client: GatewayClient): Promise<readonly HandoverView[]> {
  return parseAnswer(handoversAnswer, await client.json({ path: '/v1/handovers' })).handovers
}

/** @throws CommandError `cannot_open`, or for a note that its giver did not sign */
export async function openNote(
  { note, giver, certificate }: HandoverView,
  key: PrivateKey,
): Promise<string | undefined> {
  if (note === undefined) return undefined
  const message = Buffer.from(note, 'base64')
  const text = await openSigned(message, [key], certificate, `the note of ${giver}`)
  return text.toString('utf8')
}

export interface Accepted {
  readonly handover: HandoverView
  readonly claimed: readonly string[]
  /** Codes of cases that a colleague took, or that were reported, in the meantime. */
  readonly left: readonly string[]
}

/**
 * Accepts, then claims each case that the giver held, with a proof. A case that cannot be claimed
 * waits for the group, and is escalated; the others are claimed all the same.
 */
export async function acceptHandover(work: Claiming, id: string): Promise<Accepted> {
  const answer = await work.client.post(`/v1/handovers/${id}/accept`, {})
  const { handover } = parseAnswer(handoverAnswer, answer)
  const claimed: string[] = []
  const left: string[] = []
  for (const one of handover.items.filter(({ kind }) => kind === 'claimed')) {
    try {
      await claimCase(work, one.id)
      claimed.push(one.code)
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      left.push(one.code)
    }
  }
  return { handover, claimed, left }
}
