import {
  feedbackAnswer,
  feedbackListAnswer,
  feedbackRecipientsAnswer,
  newFeedback,
} from '../feedback.js'
import type { Routes } from '../route.js'

const REPORTS = 'Reports'

export const FEEDBACK_ROUTES = {
  'GET /v1/reports/{id}/feedback-recipients': {
    tag: REPORTS,
    summary: 'Show whom feedback on a report is sealed to',
    roles: ['sender', 'reader'],
    path: { id: 'Of the report.' },
    answers: { 200: { about: 'The certificate in effect now.', json: feedbackRecipientsAnswer } },
    errors: ['feedback_own', 'recipient_unusable'],
  },
  'POST /v1/reports/{id}/feedback': {
    tag: REPORTS,
    summary: 'Give feedback on a report',
    about:
      'Sealed to the author of the report. The ledger records that a review took place, not what it found.',
    roles: ['sender', 'reader'],
    path: { id: 'Of the report.' },
    json: newFeedback,
    answers: {
      200: { about: 'This message had come before.', json: feedbackAnswer },
      201: { about: 'The feedback is durable.', json: feedbackAnswer },
    },
    errors: ['feedback_own', 'report_under_way'],
  },
  'GET /v1/feedback': {
    tag: REPORTS,
    summary: 'List feedback',
    about: 'What you gave, and what you were given on your own reports.',
    roles: ['sender', 'reader'],
    answers: { 200: { about: 'Feedback, without what it says.', json: feedbackListAnswer } },
  },
  'GET /v1/feedback/{id}/message': {
    tag: REPORTS,
    summary: 'Fetch sealed feedback',
    about: 'One OpenPGP message. Only the author of the report gets it.',
    roles: ['reader'],
    path: { id: 'Of the feedback.' },
    answers: { 200: { about: 'The message.', type: 'application/pgp-encrypted' } },
  },
} as const satisfies Routes
