import { acknowledgeReport, newReport } from '../../report.js'
import {
  reportAcknowledgedAnswer,
  reportAnswer,
  reportRecipientsAnswer,
  reportSentAnswer,
  reportsAnswer,
  reportsQuery,
} from '../reports.js'
import type { Routes } from '../route.js'

const REPORTS = 'Reports'

export const REPORT_ROUTES = {
  'GET /v1/cases/{id}/report-recipients': {
    tag: REPORTS,
    summary: 'Show whom a report is sealed to',
    about: 'Encrypt the report to all of these certificates in one message.',
    roles: ['reader'],
    answers: { 200: { about: 'Certificates in effect now.', json: reportRecipientsAnswer } },
    errors: ['recipient_unusable', 'report_without_crosswalk'],
  },
  'POST /v1/cases/{id}/reports': {
    tag: REPORTS,
    summary: 'Send a report',
    about:
      'Signed and sealed by the reader; the gateway cannot read it. The same message sent again is answered with the same report.',
    roles: ['reader'],
    json: newReport,
    answers: {
      200: { about: 'This message had come before.', json: reportSentAnswer },
      201: { about: 'The report is durable, and its facility is told.', json: reportSentAnswer },
    },
    errors: [
      'report_invalid',
      'report_out_of_turn',
      'report_under_way',
      'report_without_crosswalk',
      'reader_not_final',
      'case_state',
      'already_claimed',
      'recipient_unusable',
      'store_unavailable',
      'store_full',
    ],
  },
  'GET /v1/reports': {
    tag: REPORTS,
    summary: 'List reports',
    about: 'A sender gets those of their facility, a reader those of their groups, an officer all.',
    roles: ['sender', 'reader', 'officer'],
    query: reportsQuery,
    answers: { 200: { about: 'Reports, without what they say.', json: reportsAnswer } },
  },
  'GET /v1/reports/{id}': {
    tag: REPORTS,
    summary: 'Show a report',
    roles: ['sender', 'reader', 'officer'],
    path: { id: 'Of the report.' },
    answers: { 200: { about: 'The report and what its reader signed.', json: reportAnswer } },
    errors: ['object_missing'],
  },
  'GET /v1/reports/{id}/message': {
    tag: REPORTS,
    summary: 'Fetch a sealed report',
    about: 'One OpenPGP message: `gpg --decrypt` opens it with a key that it is sealed to.',
    roles: ['sender', 'reader'],
    path: { id: 'Of the report.' },
    answers: { 200: { about: 'The message.', type: 'application/pgp-encrypted' } },
    errors: ['object_missing', 'store_unavailable'],
  },
  'POST /v1/reports/{id}/acknowledge': {
    tag: REPORTS,
    summary: 'Acknowledge a report',
    about: 'The facility signs that it has opened, verified and kept the report.',
    roles: ['sender'],
    path: { id: 'Of the report.' },
    json: acknowledgeReport,
    answers: {
      200: { about: 'The report as it is now.', json: reportAcknowledgedAnswer },
    },
    errors: ['acknowledgement_invalid', 'report_under_way'],
  },
} as const satisfies Routes
