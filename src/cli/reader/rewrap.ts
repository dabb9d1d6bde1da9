/**
 * Adds a recipient to a transfer on behalf of someone who can open it: the session keys are sealed
 * again on this machine.
 */
import { packetsAnswer, recipientAnswer } from '../../protocol/http/recipients.js'
import type { RecipientAnswer } from '../../protocol/http/recipients.js'
import { rewrapKeyPacket } from '../../seal/index.js'
import { toRecipient } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import { parseAnswer } from '../parse-answer.js'
import type { GatewayClient } from '../client.js'
import { about, CommandError } from '../command-error.js'
import { sendAddition } from './send-addition.js'

/** Who can open the transfer now, and who may be added. */
export async function listRecipients(client: GatewayClient, transfer: string) {
  const answer = await client.json({ path: `/v1/transfers/${transfer}/key-packets` })
  return parseAnswer(packetsAnswer, answer)
}

export interface Addition {
  readonly transfer: string
  readonly recipient: string
  /**
   * Fingerprint that the reader's certificate must have; if undefined, the gateway's answer is
   * accepted.
   */
  readonly fingerprint: string | undefined
  readonly key: PrivateKey
}

/**
 * The gateway asks for a proof that the caller can open the transfer (src/seal/README.md).
 *
 * @throws CommandError `recipient_not_allowed`, `recipient_unusable`, `cannot_open`, and refusals
 * of the gateway.
 */
export async function addRecipient(
  client: GatewayClient,
  { transfer, recipient: wanted, fingerprint: pinned, key }: Addition,
): Promise<RecipientAnswer> {
  const listed = await listRecipients(client, transfer)
  const { candidates, envelopes } = listed
  const candidate = candidates.find((one) => one.id === wanted)
  if (!candidate)
    throw new CommandError(`${wanted} may not be added`, {
      code: 'recipient_not_allowed',
      hint: 'run nocturne rewrap ID without --add to see who may be added; a reader must be in the group and able to open this format',
    })
  // This machine applies its own policy, and the certificate must be the one whose fingerprint is
  // shown.
  const recipient = await toRecipient(wanted, candidate.certificate, new Date()).catch(
    (error: unknown) => {
      throw about(wanted, error)
    },
  )
  const isNamed = recipient.fingerprint === candidate.fingerprint
  if (!isNamed || (pinned !== undefined && recipient.fingerprint !== pinned))
    throw new CommandError(`the certificate of ${wanted} is not the expected one`, {
      code: 'recipient_not_allowed',
      hint: `ask ${wanted} for the fingerprint over another channel, and tell the operator`,
    })
  const packets: { envelope: string; packet: string }[] = []
  for (const { envelope, format, packet } of envelopes) {
    const sealed = Buffer.from(packet, 'base64')
    const again = await rewrapKeyPacket(sealed, format, key, recipient, new Date()).catch(
      (error: unknown) => {
        throw about('the key packets', error)
      },
    )
    packets.push({ envelope, packet: Buffer.from(again).toString('base64') })
  }
  const addition = { recipient: wanted, fingerprint: recipient.fingerprint, packets }
  return sendAddition(client, { listed, key, addition })
}

export async function removeRecipient(
  client: GatewayClient,
  transfer: string,
  recipient: string,
): Promise<RecipientAnswer> {
  const path = `/v1/transfers/${transfer}/recipients/remove`
  return parseAnswer(recipientAnswer, await client.post(path, { recipient }))
}
