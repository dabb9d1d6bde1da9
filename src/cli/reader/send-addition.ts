/** Sends a recipient's key packets to the gateway, with the proof that it asks for. */
import { createHash } from 'node:crypto'
import { challengeAnswer } from '../../protocol/http/cases.js'
import type { ChallengeAnswer } from '../../protocol/http/cases.js'
import { gatewayAnswer, sessionAnswer } from '../../protocol/http/gateway.js'
import { recipientAnswer } from '../../protocol/http/recipients.js'
import type { PacketsAnswer, RecipientAnswer } from '../../protocol/http/recipients.js'
import { packetsText, recipientStatement } from '../../protocol/recipient-statement.js'
import { proveKeyPacket } from '../../seal/proof/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { GatewayError } from '../client.js'
import type { GatewayClient } from '../client.js'
import { about, CommandError } from '../command-error.js'
import { parseAnswer } from '../parse-answer.js'
import { answerSealed } from './sealed-challenge.js'
import type { SealedAnswer } from './sealed-challenge.js'

export interface AdditionToSend {
  readonly listed: PacketsAnswer
  readonly key: PrivateKey
  readonly addition: {
    readonly recipient: string
    readonly fingerprint: string
    readonly packets: readonly { readonly envelope: string; readonly packet: string }[]
  }
}

/**
 * The gateway's challenge is good for these packets alone.
 *
 * @throws CommandError `not_sealed_to_key`, and refusals of the gateway
 */
export async function sendAddition(
  client: GatewayClient,
  work: AdditionToSend,
): Promise<RecipientAnswer> {
  const path = `/v1/transfers/${work.listed.id}/recipients`
  try {
    return parseAnswer(recipientAnswer, await client.post(path, work.addition))
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code !== 'recipient_unproven') throw error
    const challenge = parseAnswer(challengeAnswer, error.answer.challenge)
    const proof = await proofFor(client, work, challenge)
    return parseAnswer(recipientAnswer, await client.post(path, { ...work.addition, ...proof }))
  }
}

/**
 * A signature with the session key of the manifest; for a transfer sealed before proof keys
 * existed, the answer to the sealed challenge.
 */
async function proofFor(
  client: GatewayClient,
  { listed, key, addition: { packets: sent, ...whom } }: AdditionToSend,
  challenge: ChallengeAnswer,
): Promise<{ readonly nonce: string; readonly signature: string } | SealedAnswer> {
  const session = parseAnswer(sessionAnswer, await client.json({ path: '/v1/session' }))
  const { name } = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const { nonce, transfer } = challenge
  const common = { gateway: name, case: challenge.case, transfer, nonce }
  const packets = sent.map(({ envelope, packet }) => ({
    envelope,
    sha256: sha256(Buffer.from(packet, 'base64')),
  }))
  if (challenge.isAnswerOnly === true) {
    const { recipient, fingerprint } = whom
    const purpose = ['recipient', recipient, fingerprint, sha256(packetsText(packets))]
    return answerSealed(challenge, { ...common, reader: session.principal }, purpose, key)
  }
  const own = listed.envelopes.find(({ envelope }) => envelope === listed.manifest)
  if (!own)
    throw new CommandError('the gateway sent no key packet of the manifest', {
      code: 'not_sealed_to_key',
      hint: 'run nocturne rewrap ID to see to whom the transfer is sealed',
    })
  const statement = recipientStatement({ ...common, ...whom, packets, actor: session.principal })
  const packet = Buffer.from(own.packet, 'base64')
  const signature = await proveKeyPacket(packet, own.format, key, statement).catch(
    (error: unknown) => {
      throw about('the key packets', error)
    },
  )
  return { nonce, signature }
}

const sha256 = (data: string | Uint8Array): string =>
  createHash('sha256').update(data).digest('hex')
