import { newCritical, newReadBack } from '../../critical.js'
import { signedRequest } from '../../signed.js'
import {
  criticalChangedAnswer,
  criticalQuery,
  criticalWholeAnswer,
  criticalsAnswer,
} from '../critical.js'
import { reportRecipientsAnswer } from '../reports.js'
import type { Routes } from '../route.js'

const CRITICAL = 'Critical results'
const path = { id: 'Of the critical result.' }
const CHANGED = { 200: { about: 'The critical result as it is now.', json: criticalChangedAnswer } }

export const CRITICAL_ROUTES = {
  'POST /v1/cases/{id}/critical': {
    tag: CRITICAL,
    summary: 'Raise a critical result',
    about:
      'Signed and sealed by the reader, to the certificates of `/report-recipients`. It is escalated until it is read back. The same message sent again is answered with the same critical result.',
    roles: ['reader'],
    json: newCritical,
    answers: {
      200: { about: 'This message had come before.', json: criticalChangedAnswer },
      201: { about: 'It is durable, and its escalation runs.', json: criticalChangedAnswer },
    },
    errors: [
      'critical_invalid',
      'report_under_way',
      'report_without_crosswalk',
      'recipient_unusable',
    ],
  },
  'GET /v1/critical': {
    tag: CRITICAL,
    summary: 'List critical results',
    about: 'A sender gets those of their facility, a reader those of their groups, an officer all.',
    roles: ['sender', 'reader', 'officer'],
    query: criticalQuery,
    answers: { 200: { about: 'Critical results, without what they say.', json: criticalsAnswer } },
  },
  'GET /v1/critical/{id}': {
    tag: CRITICAL,
    summary: 'Show a critical result',
    roles: ['sender', 'reader', 'officer'],
    path,
    answers: {
      200: {
        about: 'The critical result, its answers, and what was signed.',
        json: criticalWholeAnswer,
      },
    },
    errors: ['object_missing'],
  },
  'GET /v1/critical/{id}/message': {
    tag: CRITICAL,
    summary: 'Fetch a sealed finding',
    about: 'One OpenPGP message: `gpg --decrypt` opens it with a key that it is sealed to.',
    roles: ['sender', 'reader'],
    path,
    answers: { 200: { about: 'The message.', type: 'application/pgp-encrypted' } },
  },
  'GET /v1/critical/{id}/readback': {
    tag: CRITICAL,
    summary: 'Fetch the newest sealed read-back',
    roles: ['sender', 'reader'],
    path,
    answers: { 200: { about: 'The message.', type: 'application/pgp-encrypted' } },
  },
  'GET /v1/critical/{id}/recipients': {
    tag: CRITICAL,
    summary: 'Show whom a read-back is sealed to',
    roles: ['sender'],
    path,
    answers: { 200: { about: 'Certificates in effect now.', json: reportRecipientsAnswer } },
    errors: ['recipient_unusable', 'report_without_crosswalk'],
  },
  'POST /v1/critical/{id}/readback': {
    tag: CRITICAL,
    summary: 'Read a critical result back',
    about:
      "A person at the facility typed the finding; the facility's key signs that. With a `proof` that the words are the same, the critical result is closed; without it, a reader compares.",
    roles: ['sender'],
    path,
    json: newReadBack,
    answers: CHANGED,
    errors: ['critical_invalid', 'critical_state', 'report_under_way', 'recipient_unusable'],
  },
  'POST /v1/critical/{id}/compare': {
    tag: CRITICAL,
    summary: 'Compare a read-back with the finding',
    about: 'A reader signs whether the newest read-back has the meaning of the finding.',
    roles: ['reader'],
    path,
    json: signedRequest,
    answers: CHANGED,
    errors: ['critical_invalid', 'critical_state', 'report_under_way'],
  },
  'POST /v1/critical/{id}/phone': {
    tag: CRITICAL,
    summary: 'Log a phone call about a critical result',
    about:
      'A reader signs who took the finding, by role, when, and whether they read it back. A call without read-back is recorded and ends nothing.',
    roles: ['reader'],
    path,
    json: signedRequest,
    answers: CHANGED,
    errors: ['critical_invalid', 'critical_state', 'report_under_way'],
  },
} as const satisfies Routes
