/** Who can open a transfer: key packets, adding and removing recipients. */
import * as z from 'zod/mini'
import { about, fingerprint, id } from '../words.js'
import type { Named } from '../words.js'
import { receipt } from './gateway.js'

const MAX = 10_000
const principal = z.string().check(z.minLength(1), z.maxLength(64))
const envelope = z.string().check(z.maxLength(64))
const packet = about('OpenPGP key packet (PKESK) in base64.', z.base64().check(z.maxLength(6_000)))

export const packetsAnswer = z.looseObject({
  id,
  recipients: about(
    'Everyone who can open the transfer now.',
    z.array(z.looseObject({ id: principal, fingerprint })).check(z.maxLength(MAX)),
  ),
  candidates: about(
    'Who may be added: readers of the group to whose current certificate it is not sealed yet.',
    z
      .array(
        z.looseObject({
          id: principal,
          fingerprint,
          certificate: z.string().check(z.maxLength(1_100_000)),
        }),
      )
      .check(z.maxLength(MAX)),
  ),
  envelopes: about(
    "Your own key packets, one per envelope, the manifest's included.",
    z
      .array(
        z.looseObject({
          envelope,
          format: about(
            'Version of the data packet that it belongs to.',
            z.enum(['seipd1', 'seipd2']),
          ),
          packet,
        }),
      )
      .check(z.maxLength(MAX)),
  ),
})
export type PacketsAnswer = Named<z.infer<typeof packetsAnswer>>

export const addRecipientRequest = z.strictObject({
  recipient: principal,
  fingerprint: about(
    'Fingerprint of the certificate that the packets are encrypted to.',
    fingerprint,
  ),
  packets: about(
    'One per envelope.',
    z.array(z.strictObject({ envelope, packet })).check(z.maxLength(MAX)),
  ),
})

export const removeRecipientRequest = z.strictObject({ recipient: principal })

export const recipientAnswer = z.looseObject({ id, recipient: principal, fingerprint, receipt })
export type RecipientAnswer = Named<z.infer<typeof recipientAnswer>>
