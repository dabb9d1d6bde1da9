/** Sealing at the facility. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const SEALING = {
  edge_unknown: entry(
    403,
    'this sender is not registered to seal at its facility',
    'ask the operator to add its ID to facilities[].edges in nocturne.yaml, with its certificate under people',
  ),
  sealed_invalid: entry(
    422,
    'the statement about the sealed transfer does not match this gateway, facility or edge',
    'seal with the edge folder of this gateway, and with a nocturne that is not older than the gateway',
  ),
  edge_signature_invalid: entry(
    422,
    "the statement is not signed by the edge's certificate in effect",
    'sign with the key whose certificate the operator registered; after a new key, wait until the operator confirmed it',
  ),
  recipients_wrong: entry(
    409,
    'the transfer is not sealed to the recipients of its reading group',
    'let the edge fetch the recipients and seal the study again',
  ),
  sealed_packets_invalid: entry(
    422,
    'a key packet is missing, or not addressed to the recipient that it names',
    'seal the study again with nocturne, one key packet per recipient and envelope',
  ),
  sealed_content_wrong: entry(
    422,
    'the data packet is not the one that the signed statement names',
    'send the packet again as it was sealed; if it was changed on disk, seal the study again',
  ),
  sealed_incomplete: entry(
    409,
    'not all data packets of the transfer have arrived',
    'ask which are wanted with POST /v1/sealed, and send those',
  ),
  spool_full: entry(
    507,
    'too much waits at this edge for its gateway',
    'send it again once the line to the gateway is up; nothing was kept, and what was acknowledged before waits here safely',
  ),
} as const satisfies Record<string, Entry>
