import { assignRequest, assignedAnswer, waitingAnswer } from '../intake.js'
import type { Routes } from '../route.js'

const TAG = 'Sending'

export const INTAKE_ROUTES: Routes = {
  'GET /v1/intake/waiting': {
    tag: TAG,
    summary: 'List the studies that wait until a person names their group',
    about:
      'Studies from a PACS for which no rule of the site names a group, or that a rule holds for a person. A sender sees those of their facility, an operator all of them.',
    roles: ['sender', 'operator'],
    answers: { 200: { about: 'What waits.', json: waitingAnswer } },
  },
  'POST /v1/intake/waiting/{id}/assign': {
    tag: TAG,
    summary: 'Name the group that reads a study',
    about:
      'The study becomes available to the group at once, or when all of it has arrived; later images of it follow. The name of whoever decided is in the ledger.',
    roles: ['sender', 'operator'],
    path: { id: 'ID of the transfer.' },
    json: assignRequest,
    answers: { 200: { about: 'It is on its way.', json: assignedAnswer } },
    errors: ['study_not_waiting', 'unknown_group', 'recipient_unusable', 'not_found'],
  },
}
