import {
  groupQuery,
  groupRecipientsAnswer,
  handoverAnswer,
  handoversAnswer,
  newHandover,
} from '../handovers.js'
import type { Routes } from '../route.js'

const DUTY = 'Duty'

export const HANDOVER_ROUTES = {
  'GET /v1/handovers': {
    tag: DUTY,
    summary: 'List hand-overs',
    about: 'A reader sees those of the groups they read for; an officer sees all.',
    roles: ['reader', 'officer'],
    answers: { 200: { about: 'The newest hand-overs.', json: handoversAnswer } },
  },
  'GET /v1/handovers/recipients': {
    tag: DUTY,
    summary: 'Show whom the note of a hand-over is sealed to',
    roles: ['reader'],
    query: groupQuery,
    answers: { 200: { about: 'Certificates in effect now.', json: groupRecipientsAnswer } },
    errors: ['not_a_reader', 'recipient_unusable'],
  },
  'POST /v1/handovers': {
    tag: DUTY,
    summary: 'Hand over',
    about:
      'Lists what is open in the group: your claims, unread cases, preliminary reports without a final one, and critical results that nobody has read back. Your claims stay yours until a colleague accepts.',
    roles: ['reader'],
    json: newHandover,
    answers: { 200: { about: 'The hand-over.', json: handoverAnswer } },
    errors: ['not_a_reader', 'recipient_unusable'],
  },
  'POST /v1/handovers/{id}/accept': {
    tag: DUTY,
    summary: 'Accept a hand-over',
    about: "The giver's claims in the group end; claim their cases with your own proof.",
    roles: ['reader'],
    path: { id: 'Of the hand-over.' },
    answers: { 200: { about: 'The hand-over as it is now.', json: handoverAnswer } },
    errors: ['not_a_reader', 'handover_done'],
  },
} as const satisfies Routes
