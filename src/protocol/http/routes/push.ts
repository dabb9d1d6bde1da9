import { pushAnswer, pushEndRequest, pushRequest } from '../duty.js'
import type { Routes } from '../route.js'

const DUTY = 'Duty'
const ROLES = ['sender', 'reader', 'officer', 'operator'] as const

export const PUSH_ROUTES: Routes = {
  'GET /v1/push': {
    tag: DUTY,
    summary: 'Notifications in browsers',
    about: 'The key to subscribe with, and how many of your browsers are subscribed.',
    roles: ROLES,
    answers: { 200: { about: 'As it is now.', json: pushAnswer } },
  },
  'POST /v1/push': {
    tag: DUTY,
    summary: 'Notify a browser',
    about:
      'The body is the `PushSubscription` of the browser. Only hosts in `notify.push.hosts` are contacted, and what is sent is encrypted to the browser. After ten browsers the oldest one is forgotten.',
    roles: ROLES,
    json: pushRequest,
    answers: { 200: { about: 'Subscribed.', json: pushAnswer } },
    errors: ['push_not_allowed'],
  },
  'POST /v1/push/end': {
    tag: DUTY,
    summary: 'Stop notifying a browser',
    roles: ROLES,
    json: pushEndRequest,
    answers: { 200: { about: 'The browser is not subscribed, or no longer.', json: pushAnswer } },
  },
}
