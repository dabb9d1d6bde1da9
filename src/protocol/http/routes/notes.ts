import { newNote, noteAnswer, noteRecipientsAnswer, notesAnswer } from '../notes.js'
import type { Routes } from '../route.js'

const CASES = 'Cases'

export const NOTE_ROUTES = {
  'GET /v1/cases/{id}/note-recipients': {
    tag: CASES,
    summary: 'Show whom a note on a case is sealed to',
    roles: ['sender', 'reader'],
    answers: { 200: { about: 'Certificates in effect now.', json: noteRecipientsAnswer } },
    errors: ['recipient_unusable'],
  },
  'GET /v1/cases/{id}/notes': {
    tag: CASES,
    summary: 'Fetch the notes on a case',
    roles: ['sender', 'reader'],
    answers: { 200: { about: 'The sealed notes.', json: notesAnswer } },
  },
  'POST /v1/cases/{id}/notes': {
    tag: CASES,
    summary: 'Note something on a case',
    about:
      'Sealed to the facility and the readers of the group: the gateway cannot read it, and the ledger says only that it was written.',
    roles: ['sender', 'reader'],
    json: newNote,
    answers: {
      200: { about: 'This message had come before.', json: noteAnswer },
      201: { about: 'The note is durable.', json: noteAnswer },
    },
    errors: ['case_state', 'report_under_way', 'too_many_notes'],
  },
} as const satisfies Routes
