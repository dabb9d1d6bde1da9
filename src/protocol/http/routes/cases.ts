import {
  claimRequest,
  closeRequest,
  joinRequest,
  exportRequest,
  priorityRequest,
  reassignRequest,
  releaseRequest,
  rerouteRequest,
  shareRequest,
  splitRequest,
} from '../../case-requests.js'
import { caseAnswer, casesAnswer, caseView, claimProblem, lockedCasesAnswer } from '../cases.js'
import { figuresAnswer, figuresQuery } from '../figures.js'
import type { RouteDoc, Routes } from '../route.js'

const CASES = 'Cases'
const CHANGED = {
  200: { about: 'The case as it is now, and the receipt of the event.', json: caseAnswer },
}

export const CLAIM_ERRORS = [
  'claim_unproven',
  'challenge_invalid',
  'already_claimed',
  'not_a_reader',
  'case_state',
  'transfer_not_available',
  'reader_not_eligible',
] as const satisfies RouteDoc['errors']

export const CLAIM_PROBLEM = {
  of: 'claim_unproven',
  json: claimProblem,
} as const satisfies RouteDoc['problem']

export const CASE_ROUTES = {
  'GET /v1/cases': {
    tag: CASES,
    summary: 'List cases',
    about:
      'A reader gets the worklist of their groups, by time left; a sender gets the cases of their facility; an officer or operator gets all cases.',
    roles: ['sender', 'reader', 'officer', 'operator'],
    answers: {
      200: { about: 'The cases, without anything that identifies a patient.', json: casesAnswer },
    },
  },
  'GET /v1/cases/locked': {
    tag: CASES,
    summary: 'List cases of my groups that my present certificate does not open',
    about:
      'With the readers who can open each: any of them can add you (`POST /v1/transfers/{id}/recipients`).',
    roles: ['reader'],
    answers: { 200: { about: 'The cases; usually none.', json: lockedCasesAnswer } },
  },
  'GET /v1/turnaround': {
    tag: CASES,
    summary: 'Turnaround figures',
    about:
      'Median, 90th percentile and missed targets by facility, group, priority and step. A sender gets those of their facility, a reader those of their groups, an officer all. `format=csv` answers with a table.',
    roles: ['sender', 'reader', 'officer', 'operator'],
    query: figuresQuery,
    answers: {
      200: { about: 'The figures.', json: figuresAnswer, otherTypes: ['text/csv'] },
    },
  },
  'GET /v1/cases/{id}': {
    tag: CASES,
    summary: 'Show a case',
    about: 'The ID may be a case ID, a case code, or the ID of one of its transfers.',
    roles: ['sender', 'reader', 'officer', 'operator'],
    answers: { 200: { about: 'The case.', json: caseView } },
  },
  'POST /v1/cases/{id}/claim': {
    tag: CASES,
    summary: 'Claim a case',
    about:
      'Without a proof the answer is the problem `claim_unproven` with a challenge. Sign it with the key derived from the session key of the named transfer, or answer with the SHA-256 of the content sealed to you.',
    roles: ['reader'],
    json: claimRequest,
    answers: { 200: { about: 'You hold the claim until `claimUntil`.', json: caseAnswer } },
    errors: CLAIM_ERRORS,
    problem: CLAIM_PROBLEM,
  },
  'POST /v1/cases/{id}/renew': {
    tag: CASES,
    summary: 'Renew a claim',
    roles: ['reader'],
    answers: CHANGED,
    errors: ['not_claimed', 'case_state'],
  },
  'POST /v1/cases/{id}/release': {
    tag: CASES,
    summary: 'Release a claim',
    roles: ['reader'],
    json: releaseRequest,
    answers: CHANGED,
    errors: ['not_claimed', 'case_state'],
  },
  'POST /v1/cases/{id}/reassign': {
    tag: CASES,
    summary: 'Reassign a claim',
    about: 'Gives the claim to another reader of the group who can open the case.',
    roles: ['officer', 'operator'],
    json: reassignRequest,
    answers: CHANGED,
    errors: ['not_a_reader', 'case_state'],
  },
  'POST /v1/cases/{id}/close': {
    tag: CASES,
    summary: 'Close a case that is not reported here',
    roles: ['sender', 'reader', 'officer'],
    json: closeRequest,
    answers: CHANGED,
    errors: ['case_state'],
  },
  'POST /v1/cases/{id}/recall': {
    tag: CASES,
    summary: 'Recall a case',
    about: 'The facility takes it back before it is read.',
    roles: ['sender'],
    answers: CHANGED,
    errors: ['case_shared', 'case_state'],
  },
  'POST /v1/cases/{id}/reroute': {
    tag: CASES,
    summary: 'Withdraw a case that was sent to another group',
    about:
      'Contents are sealed to the readers of one group, so the facility first sends the same files to the other group; `to` is the case made of them.',
    roles: ['sender'],
    json: rerouteRequest,
    answers: CHANGED,
    errors: ['case_mismatch', 'case_other_patient', 'case_shared', 'case_state'],
  },
  'POST /v1/cases/{id}/join': {
    tag: CASES,
    summary: 'Join another case to this one',
    about:
      'The transfers of the other case are read with this one, and it is closed. A case with a report, or held by somebody else, does not join another.',
    roles: ['sender', 'reader'],
    json: joinRequest,
    answers: CHANGED,
    errors: [
      'case_mismatch',
      'case_other_patient',
      'case_shared',
      'already_claimed',
      'case_state',
      'transfer_not_available',
    ],
  },
  'POST /v1/cases/{id}/split': {
    tag: CASES,
    summary: 'Split a case',
    about:
      'The transfers named become a case of their own, which another reader may claim; its clock counts from the same moment.',
    roles: ['sender', 'reader'],
    json: splitRequest,
    answers: {
      200: { about: 'The new case, and the receipt of the event.', json: caseAnswer },
    },
    errors: [
      'case_mismatch',
      'case_shared',
      'already_claimed',
      'case_state',
      'transfer_not_available',
    ],
  },
  'POST /v1/cases/{id}/share': {
    tag: CASES,
    summary: 'Give a body region of a case to another reader',
    about:
      'The region becomes a part: a case with a code, claim, clock and reports of its own, read from the same images. `to` is a reader of the group, or the group itself. The whole case is final once its own final report and those on all of its parts have come.',
    roles: ['reader'],
    json: shareRequest,
    answers: {
      200: { about: 'The part, and the receipt of the event.', json: caseAnswer },
    },
    errors: ['not_a_reader', 'region_shared', 'case_shared', 'already_claimed', 'case_state'],
  },
  'POST /v1/cases/{id}/export': {
    tag: CASES,
    summary: 'Record a copy of a case for teaching or research',
    about:
      "Call before the copy is made, from opened files, on the reader's machine: de-identified by a profile that keeps no link to the patient.",
    roles: ['reader'],
    json: exportRequest,
    answers: CHANGED,
    errors: ['case_state'],
  },
  'POST /v1/cases/{id}/priority': {
    tag: CASES,
    summary: 'Change the priority of a case',
    roles: ['sender'],
    json: priorityRequest,
    answers: CHANGED,
    errors: ['case_shared', 'case_state'],
  },
} as const satisfies Routes
