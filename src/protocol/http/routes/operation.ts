import { revokedAnswer, siteAnswer, tokensAnswer } from '../../operation/http.js'
import type { RouteDoc, Routes } from '../route.js'

const operator: Pick<RouteDoc, 'roles' | 'tag'> = { roles: ['operator'], tag: 'Operation' }

export const OPERATION_ROUTES: Routes = {
  'GET /v1/site': {
    ...operator,
    summary: 'How the site is set up, and what is queued',
    about:
      'Facilities, groups, people, certificates, doors, quotas, notices and backups as they are now.',
    answers: { 200: { about: 'The site.', json: siteAnswer } },
  },
  'GET /v1/tokens': {
    ...operator,
    summary: 'Tokens and sessions',
    about: 'Without the tokens themselves.',
    answers: { 200: { about: 'All of them.', json: tokensAnswer } },
  },
  'POST /v1/tokens/{id}/revoke': {
    ...operator,
    summary: 'Revoke a token, or end a session',
    about: 'It takes effect from the next request.',
    answers: { 200: { about: 'Revoked.', json: revokedAnswer } },
  },
}
