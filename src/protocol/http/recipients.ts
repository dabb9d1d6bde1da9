/** Who can open a transfer: key packets, adding and removing recipients. */
import * as z from 'zod/mini'
import { about, fingerprint, id } from '../words.js'
import type { Named } from '../words.js'
import { proofFields } from '../case-requests.js'
import { challengeAnswer } from './cases.js'
import { receipt } from './gateway.js'
import { problem } from './problem.js'

const MAX = 10_000
const principal = z.string().check(z.minLength(1), z.maxLength(64))
const envelope = z.string().check(z.maxLength(64))
const packet = about('OpenPGP key packet (PKESK) in base64.', z.base64().check(z.maxLength(6_000)))

export const packetsAnswer = z.looseObject({
  id,
  recipients: about(
    'Everyone who can open the transfer now.',
    z
      .array(
        z.looseObject({
          id: principal,
          fingerprint,
          addedBy: z.optional(about('Who added it after sealing.', principal)),
          unproven: z.optional(
            about(
              'It was added, and its reader has not opened the transfer with it yet: it may be replaced or removed.',
              z.boolean(),
            ),
          ),
        }),
      )
      .check(z.maxLength(MAX)),
  ),
  candidates: about(
    'Who may be added: readers of the group who are not known to open it with their current certificate.',
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
  manifest: z.optional(
    about("The manifest's envelope, whose session key proves that you can open it.", envelope),
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
  ...proofFields,
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

export type AddRecipientRequest = z.infer<typeof addRecipientRequest>

/** The problem that answers an addition; it contains a challenge when there was no proof. */
export const recipientProblem = z.looseObject({
  ...problem.shape,
  challenge: z.optional(challengeAnswer),
})

export const removeRecipientRequest = z.strictObject({ recipient: principal })

export const recipientAnswer = z.looseObject({ id, recipient: principal, fingerprint, receipt })
export type RecipientAnswer = Named<z.infer<typeof recipientAnswer>>
