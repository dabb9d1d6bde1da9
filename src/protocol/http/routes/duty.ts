import { swapRequest } from '../../case-requests.js'
import { dutyAnswer, swapAnswer } from '../duty.js'
import type { Routes } from '../route.js'

const DUTY = 'Duty'

export const DUTY_ROUTES: Routes = {
  'GET /v1/duty': {
    tag: DUTY,
    summary: 'Who is on duty now, and next',
    about: 'A reader sees the groups they read for, an officer all.',
    roles: ['reader', 'officer'],
    answers: { 200: { about: 'Rosters by group.', json: dutyAnswer } },
  },
  'POST /v1/duty': {
    tag: DUTY,
    summary: 'Swap duty',
    about:
      "`taker` has the duty of `giver` from `starts` until `ends`. A reader swaps their own duty, an officer anybody's.",
    roles: ['reader', 'officer'],
    json: swapRequest,
    answers: { 200: { about: 'The swap counts from now on.', json: swapAnswer } },
    errors: ['not_a_reader', 'swap_invalid'],
  },
}
