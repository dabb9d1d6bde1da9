import { swapRequest } from '../../case-requests.js'
import { dutyAnswer, swapAnswer } from '../duty.js'
import type { Routes } from '../route.js'

const DUTY = 'Duty'

export const DUTY_ROUTES: Routes = {
  'GET /v1/duty': {
    tag: DUTY,
    summary: 'Who is on duty now and next',
    about: 'A reader sees the groups they read for; officers and operators see all groups.',
    roles: ['reader', 'officer', 'operator'],
    answers: { 200: { about: 'Rosters by group.', json: dutyAnswer } },
  },
  'POST /v1/duty': {
    tag: DUTY,
    summary: 'Swap duty',
    about:
      "`taker` takes over the duty of `giver` from `starts` until `ends`. A reader can swap only their own duty; an officer can swap anyone's.",
    roles: ['reader', 'officer'],
    json: swapRequest,
    answers: { 200: { about: 'The swap is recorded.', json: swapAnswer } },
    errors: ['not_a_reader', 'swap_invalid'],
  },
}
