import { updatesQuery } from '../../updates/stream.js'
import type { Routes } from '../route.js'

export const UPDATE_ROUTES: Routes = {
  'GET /v1/updates': {
    tag: 'Cases',
    summary: 'Be told what has changed, while it changes',
    about:
      'Server-sent events, until the client goes: `hello` at once, `change` with the topics that changed for the caller (`cases`, `reports`, `critical`, `duty`, `site`), `beat` every 10 seconds, and `end` when the session ends or the gateway stops. They say which lists to ask for again, and nothing of what is in them. `id` is a cursor: with `from` or `Last-Event-ID`, `hello` names what has changed since. Each account and each address may have a limited number of streams.',
    roles: ['sender', 'reader', 'officer', 'operator'],
    query: updatesQuery,
    headers: { 'Last-Event-ID': 'The cursor, as browsers send it; `from` wins.' },
    answers: { 200: { about: 'The stream.', type: 'text/event-stream' } },
    errors: ['too_many_updates'],
  },
}
