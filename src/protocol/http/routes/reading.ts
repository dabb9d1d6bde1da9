import {
  addRecipientRequest,
  packetsAnswer,
  recipientAnswer,
  recipientProblem,
  removeRecipientRequest,
} from '../recipients.js'
import { claimRequest, releaseRequest } from '../../case-requests.js'
import { CLAIM_ERRORS, CLAIM_PROBLEM } from './cases.js'
import { acknowledgementRequest, changedAnswer, inboxAnswer } from '../transfers.js'
import type { RouteDoc, Routes } from '../route.js'

const READING = 'Reading'
const RECIPIENTS = 'Recipients'

const DOWNLOAD = {
  roles: ['reader'],
  headers: {
    Range:
      'One range of bytes (RFC 9110 section 14); a request for several ranges gets the whole message. The ranges of one download are one event.',
    'If-Range':
      'ETag of the part you already have: if the message has changed since, the whole message is sent.',
  },
  answers: {
    200: {
      about: 'One whole OpenPGP message: your key packet, then the data packet.',
      type: 'application/pgp-encrypted',
      headers: {
        ETag: 'Changes with the object and with your certificate.',
        'Accept-Ranges': '`bytes`.',
        'Nocturne-Event':
          'Index of the event `download.begun`; its receipt is at `receipts/{index}`.',
      },
    },
    206: {
      about: 'The requested range.',
      type: 'application/pgp-encrypted',
      headers: {
        'Content-Range': 'The range sent, and the size of the whole message.',
        ETag: 'As for the whole message.',
        'Nocturne-Event': 'As for the whole message.',
      },
    },
  },
  errors: [
    'transfer_not_available',
    'range_not_satisfiable',
    'too_busy',
    'store_unavailable',
    'object_missing',
  ],
} as const satisfies Partial<RouteDoc>

export const READING_ROUTES: Routes = {
  'GET /v1/inbox': {
    tag: READING,
    summary: 'List transfers that are waiting for me',
    roles: ['reader'],
    answers: { 200: { about: 'Available transfers.', json: inboxAnswer } },
  },
  'POST /v1/transfers/{id}/claim': {
    tag: READING,
    summary: 'Claim the case of a transfer',
    about: 'Like `/v1/cases/{id}/claim`, but with the ID of a transfer.',
    roles: ['reader'],
    json: claimRequest,
    answers: { 200: { about: 'You hold the claim.', json: changedAnswer } },
    errors: CLAIM_ERRORS,
    problem: CLAIM_PROBLEM,
  },
  'POST /v1/transfers/{id}/release': {
    tag: READING,
    summary: 'Release the claim on the case of a transfer',
    roles: ['reader'],
    json: releaseRequest,
    answers: { 200: { about: 'Others may claim it.', json: changedAnswer } },
    errors: ['not_claimed', 'case_state'],
  },
  'GET /v1/transfers/{id}/manifest': {
    ...DOWNLOAD,
    tag: READING,
    summary: 'Fetch the manifest',
    about:
      "Open it with your key and verify the gateway's signature before you trust any item. HEAD returns the size and ETag and is not recorded in the ledger.",
  },
  'GET /v1/transfers/{id}/items/{index}': {
    ...DOWNLOAD,
    tag: READING,
    summary: 'Fetch an item',
    about:
      'The event `download.begun` is durable before the first byte goes out. Compare the data packet and the content with the digests in the manifest. HEAD returns the size and ETag and is not recorded in the ledger.\n\n`curl -H "Authorization: Bearer $TOKEN" $URL/v1/transfers/$ID/items/1 | gpg --decrypt > ct.dcm`',
  },
  'POST /v1/transfers/{id}/acknowledge': {
    tag: READING,
    summary: 'Acknowledge what was opened',
    about: 'Takes a signed statement about the manifest. The transfer then leaves the inbox.',
    roles: ['reader'],
    json: acknowledgementRequest,
    answers: { 200: { about: 'It is acknowledged.', json: changedAnswer } },
    errors: ['acknowledgement_invalid', 'already_claimed', 'transfer_not_available'],
  },
  'GET /v1/transfers/{id}/receipts': {
    tag: READING,
    summary: 'Receipts of everything I did with a transfer',
    about:
      "One JSON value per line: event, index in the log, proof. Other people's events are not included.",
    roles: ['sender', 'reader'],
    answers: { 200: { about: 'Lines of JSON.', type: 'application/x-ndjson' } },
  },
  'GET /v1/transfers/{id}/receipts/{index}': {
    tag: READING,
    summary: 'Receipt of one event',
    roles: ['sender', 'reader'],
    path: { index: 'The index from the `Nocturne-Event` header of a download.' },
    answers: { 200: { about: 'c2sp.org/tlog-proof.', type: 'text/plain' } },
  },
  'GET /v1/transfers/{id}/key-packets': {
    tag: RECIPIENTS,
    summary: 'My key packets, and who may be added',
    about:
      'To add a colleague, open your key packets and encrypt the session keys to them: no data moves.',
    roles: ['reader', 'recovery'],
    answers: { 200: { about: 'Packets, recipients and candidates.', json: packetsAnswer } },
    errors: ['transfer_not_available'],
  },
  'POST /v1/transfers/{id}/recipients': {
    tag: RECIPIENTS,
    summary: 'Add a recipient',
    about:
      'Without a proof the answer is the problem `recipient_unproven` with a challenge for exactly these packets. Sign it with the key derived from the session key of the manifest, or answer with the SHA-256 of the content sealed to you. The packets are unproven until the recipient has opened the transfer.',
    roles: ['reader', 'recovery'],
    json: addRecipientRequest,
    answers: { 201: { about: 'The key packets are stored.', json: recipientAnswer } },
    problem: { of: 'recipient_unproven', json: recipientProblem },
    errors: [
      'recipient_unproven',
      'challenge_invalid',
      'recipient_not_allowed',
      'recipient_unusable',
      'key_packets_invalid',
      'transfer_not_available',
    ],
  },
  'POST /v1/transfers/{id}/recipients/remove': {
    tag: RECIPIENTS,
    summary: 'Remove a recipient who left the group, or packets that were never opened',
    roles: ['reader', 'recovery'],
    json: removeRecipientRequest,
    answers: {
      200: { about: 'The recipient can no longer fetch any of it.', json: recipientAnswer },
    },
    errors: ['recipient_not_allowed', 'transfer_not_available'],
  },
}
