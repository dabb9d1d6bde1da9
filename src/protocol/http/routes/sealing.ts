import {
  sealedAnswer,
  sealedItemAnswer,
  sealedRequest,
  sealerAnswer,
  sealingAnswer,
} from '../../sealing/http.js'
import { changedAnswer } from '../transfers.js'
import type { RouteDoc, Routes } from '../route.js'
import { GATE_ERRORS } from './sending.js'

const edge: Pick<RouteDoc, 'tag' | 'roles'> = { tag: 'Sealing at the facility', roles: ['sender'] }
const index = 'Number of the item in its transfer; 0 is the manifest.'

export const SEALING_ROUTES: Routes = {
  'GET /v1/sealing': {
    ...edge,
    summary: 'Fetch whom and how to seal',
    about:
      'For a sender that its facility names as an edge. Every certificate comes with the proof that the ledger has it: check each with the ledger key that you know before you seal to it.',
    answers: { 200: { about: 'The recipients and the rules.', json: sealingAnswer } },
    errors: ['edge_unknown', 'recipient_unusable'],
  },
  'POST /v1/sealed': {
    ...edge,
    summary: 'Begin a transfer that you sealed, or ask what is still wanted of it',
    about:
      'The signed statement names every data packet by digest and has the key packets; the gateway checks recipients, formats, sizes and signature, and cannot open any of it. You choose the ID of the transfer, a UUID of version 7: the same statement, sent again, changes nothing and returns what has not arrived.',
    json: sealedRequest,
    answers: { 200: { about: 'What to send.', json: sealedAnswer } },
    errors: [
      'edge_unknown',
      'sealed_invalid',
      'edge_signature_invalid',
      'unknown_group',
      ...GATE_ERRORS,
      'recipients_wrong',
      'recipient_unusable',
      'sealed_packets_invalid',
      'transfer_not_open',
      'too_many_items',
      'transfer_too_large',
      'quota_reached',
    ],
  },
  'POST /v1/sealed/{id}/items/{index}': {
    ...edge,
    summary: 'Send one data packet',
    about:
      'The body is the packet as `application/octet-stream`, without key packets. The answer means that it is durable. A packet that is there already is not stored again.',
    path: { index },
    answers: { 200: { about: 'It is stored.', json: sealedItemAnswer } },
    errors: [
      'transfer_not_open',
      'sealed_content_wrong',
      'broken_multipart',
      'slow_client',
      'too_busy',
      'store_unavailable',
      'store_full',
    ],
  },
  'POST /v1/sealed/{id}/complete': {
    ...edge,
    summary: 'Complete a transfer that you sealed',
    about: 'Readers see it from then on. Sent again after a lost answer, it returns the same.',
    answers: { 200: { about: 'The transfer is available.', json: changedAnswer } },
    errors: [
      'sealed_incomplete',
      'transfer_not_open',
      'recipients_wrong',
      'recipient_unusable',
      'sealed_packets_invalid',
    ],
  },
  'GET /v1/transfers/{id}/sealer': {
    tag: edge.tag,
    summary: 'Fetch the certificate of the edge that sealed a transfer',
    about: '**404** for a transfer that the gateway sealed.',
    roles: ['sender', 'reader', 'officer', 'recovery'],
    answers: { 200: { about: 'Who sealed it.', json: sealerAnswer } },
  },
}
