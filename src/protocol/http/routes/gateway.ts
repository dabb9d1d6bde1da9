import {
  challengeAnswer,
  challengeRequest,
  gatewayAnswer,
  keyCheckAnswer,
  keyCheckedAnswer,
  keyCheckedRequest,
  logAnswer,
  logQuery,
  memberAnswer,
  memberRequest,
  membersAnswer,
  sessionAnswer,
  signInRequest,
  tokenAnswer,
} from '../gateway.js'
import { healthAnswer, readyAnswer, unreadyAnswer } from '../health.js'
import type { Routes } from '../route.js'

const SIGN_IN = 'Signing in'
const HEALTH = 'Health'
const PAGES = 'Pages'

export const GATEWAY_ROUTES: Routes = {
  'GET /healthz': {
    tag: HEALTH,
    summary: 'Alive',
    about:
      'The process answers, whatever the state of its database and store. For a supervisor that restarts it.',
    roles: 'anyone',
    answersAlways: true,
    answers: { 200: { about: 'It is alive.', json: healthAnswer } },
  },
  'GET /readyz': {
    tag: HEALTH,
    summary: 'Able to serve',
    about:
      'The state of database, store and ledger, probed at most every ten seconds, and what works but is weaker than it should be. While the gateway is still starting, the body is `{ready: false, waitsFor}` instead. For a load balancer and for the operator: people, keys and sinks are named to an operator alone.',
    roles: 'anyone',
    answersAlways: true,
    answers: {
      200: { about: 'The gateway accepts and delivers transfers.', json: readyAnswer },
      503: {
        about: 'It does not accept or deliver transfers; `checks` or `waitsFor` says why.',
        json: unreadyAnswer,
      },
    },
  },
  'GET /metrics': {
    tag: HEALTH,
    summary: 'Prometheus metrics',
    about:
      "Needs an operator's token, on the gateway's own machine too; the listener of `gateway.metrics` needs none. No label comes from a request.",
    roles: ['operator'],
    answers: { 200: { about: 'Text exposition format.', type: 'text/plain' } },
  },
  'GET /v1/gateway': {
    tag: SIGN_IN,
    summary: 'Name, keys and limits of the gateway',
    about:
      'Compare the fingerprint and the ledger key once with those that the operator gave you over another channel, and pin them from then on.',
    roles: 'anyone',
    answers: { 200: { about: 'The gateway.', json: gatewayAnswer } },
  },
  'GET /v1/log': {
    tag: SIGN_IN,
    summary: 'Signed head of the ledger, and that it extends an earlier one',
    about:
      'For clients that compare the head with the one that they saw last. A log shorter than `from` answers 404.',
    roles: ['sender', 'reader', 'officer', 'operator', 'recovery'],
    query: logQuery,
    answers: { 200: { about: 'Hashes only: nothing of what the entries hold.', json: logAnswer } },
    errors: ['not_found'],
  },
  'GET /v1/members/waiting': {
    tag: SIGN_IN,
    summary: 'Readers who wait to join a group',
    about: 'Where the site asks for a second person: `directory.confirm: two`.',
    roles: ['officer', 'operator'],
    answers: { 200: { about: 'Who waits.', json: membersAnswer } },
  },
  'POST /v1/members/confirm': {
    tag: SIGN_IN,
    summary: 'Confirm that a reader joins a group',
    about: 'From then on, studies of the group are sealed to the reader too.',
    roles: ['officer', 'operator'],
    json: memberRequest,
    answers: { 201: { about: 'In effect.', json: memberAnswer } },
    errors: ['not_found'],
  },
  'POST /v1/sign-in/challenge': {
    tag: SIGN_IN,
    summary: 'Get a text to sign',
    about: 'The answer is the same whether the principal exists or not.',
    roles: 'anyone',
    json: challengeRequest,
    answers: { 200: { about: 'The text, valid for two minutes.', json: challengeAnswer } },
    errors: ['rate_limited'],
  },
  'POST /v1/sign-in': {
    tag: SIGN_IN,
    summary: 'Exchange a signed challenge for a token',
    about:
      "The signature is detached, armored, over the challenge's octets, by the key registered with the gateway for the principal. Signing in never decrypts anything.",
    roles: 'anyone',
    json: signInRequest,
    answers: { 200: { about: 'A token for one shift of 12 hours.', json: tokenAnswer } },
    errors: ['challenge_invalid', 'rate_limited'],
  },
  'POST /v1/sign-out': {
    tag: SIGN_IN,
    summary: 'End the session: the token is revoked',
    roles: 'any role',
    answers: { 204: { about: 'The token is not accepted any more.' } },
  },
  'GET /v1/session': {
    tag: SIGN_IN,
    summary: 'Whom the token identifies, and until when',
    roles: 'any role',
    answers: { 200: { about: 'The session.', json: sessionAnswer } },
  },
  'POST /v1/key-check': {
    tag: SIGN_IN,
    summary: 'Begin a readiness check of my key',
    about:
      "Shows before the first urgent study that your key can open what is sealed to it. Answer only a message of exactly the form described and whose origin is this gateway: anything else could be a patient's study.",
    roles: ['reader', 'recovery'],
    answers: {
      200: { about: 'A text sealed to the certificate in effect.', json: keyCheckAnswer },
    },
    errors: ['recipient_unusable'],
  },
  'POST /v1/key-check/answer': {
    tag: SIGN_IN,
    summary: 'Complete the readiness check',
    roles: ['reader', 'recovery'],
    json: keyCheckedRequest,
    answers: { 200: { about: 'The key works; this is recorded.', json: keyCheckedAnswer } },
    errors: ['challenge_invalid', 'key_check_signature'],
  },
  'GET /': {
    tag: PAGES,
    summary: 'Start page',
    about: 'Which page is for whom.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /read': {
    tag: PAGES,
    summary: 'Worklist and viewer for readers',
    about:
      'Signs in with a private key that stays in a worker of the page, whose policy blocks all connections.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /send': {
    tag: PAGES,
    summary: 'Page for facilities',
    about:
      'Sends studies, shows what became of them, opens reports with the identity restored, and reads critical results back. The private key stays in a worker.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /office': {
    tag: PAGES,
    summary: 'Page for officers',
    about:
      'Questions to the ledger with counts, timelines of a person, a patient or a case, verification in the browser, reports, reviews, holds, figures and registers. The private key stays in a worker.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /join': {
    tag: PAGES,
    summary: 'Page for invited people',
    about:
      'Makes a key in a worker of the page, or reads one, and sends its certificate. The secret of the link is in the fragment, which browsers do not send.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /run': {
    tag: PAGES,
    summary: 'Page for operators',
    about:
      'What the gateway knows about itself, with the next step; certificates, tokens and sessions, people, duty, doors, queues. The private key stays in a worker.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /open': {
    tag: PAGES,
    summary: 'Page that opens sealed files in a browser',
    about: 'The private key stays in the page, whose policy blocks all connections.',
    roles: 'anyone',
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /openapi.json': {
    tag: PAGES,
    summary: 'This document',
    about: 'OpenAPI 3.1, generated from the schemas with which the gateway parses requests.',
    roles: 'anyone',
    answersAlways: true,
    answers: { 200: { about: 'OpenAPI 3.1.', type: 'application/openapi+json' } },
  },
  'GET /reference': {
    tag: PAGES,
    summary: 'This page',
    roles: 'anyone',
    answersAlways: true,
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /reference/errors': {
    tag: PAGES,
    summary: 'All error codes',
    roles: 'anyone',
    answersAlways: true,
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
  'GET /reference/errors/{code}': {
    tag: PAGES,
    summary: 'What an error code means, and what to do',
    about: 'The address is the `type` of the problem.',
    roles: 'anyone',
    answersAlways: true,
    path: { code: 'A code of the catalogue, such as `recipient_unusable`.' },
    answers: { 200: { about: 'HTML.', type: 'text/html' } },
  },
}
