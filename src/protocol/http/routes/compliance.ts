import {
  actionRequest,
  assessmentAnswer,
  assessmentQuery,
  assessmentRequest,
  assessmentsAnswer,
  doneRequest,
  entriesRequest,
  idAnswer,
  idsAnswer,
  incidentAnswer,
  registerAnswer,
  statementRequest,
} from '../compliance.js'
import { signedRequest } from '../../signed.js'
import type { RouteDoc, Routes } from '../route.js'

const officer: Pick<RouteDoc, 'roles' | 'tag'> = { roles: ['officer'], tag: 'Compliance' }
/** What can be wrong with an entry or a text apart from its form. */
const REGISTER_ERRORS = ['register_invalid', 'register_full', 'not_found'] as const
const INCIDENT_ERRORS = ['not_found', 'report_too_large'] as const
const incident = 'The `incident` of its entry in the register.'
const kind = 'Kind of the register, such as `agreement` or `training`.'

export const COMPLIANCE_ROUTES: Routes = {
  'GET /v1/registers/{kind}': {
    ...officer,
    summary: 'List a register',
    path: { kind },
    answers: { 200: { about: 'Its entries.', json: registerAnswer } },
  },
  'POST /v1/registers/{kind}': {
    ...officer,
    summary: 'Add entries to a register',
    path: { kind },
    json: entriesRequest,
    answers: { 201: { about: 'The entries were added.', json: idsAnswer } },
    errors: REGISTER_ERRORS,
  },
  'POST /v1/registers/{kind}/{id}/end': {
    ...officer,
    summary: 'End an entry of a register',
    path: { kind },
    answers: {
      200: { about: 'The entry is no longer in force; it stays in the ledger.', json: idAnswer },
    },
    errors: REGISTER_ERRORS,
  },
  'GET /v1/assessments': {
    ...officer,
    summary: 'List assessments, planned actions and statements',
    answers: {
      200: {
        about: 'The newest assessments, and the current plans and statements.',
        json: assessmentsAnswer,
      },
    },
  },
  'POST /v1/assessments': {
    ...officer,
    summary: 'Assess the site now',
    json: assessmentRequest,
    answers: { 201: { about: 'The assessment.', json: assessmentAnswer } },
    errors: REGISTER_ERRORS,
  },
  'GET /v1/assessments/{id}': {
    ...officer,
    summary: 'Export an assessment',
    path: { id: 'Its ID, or `newest`.' },
    query: assessmentQuery,
    answers: {
      200: {
        about: 'With `json` the assessment (`application/json`); with any other format a ZIP.',
        type: 'application/zip',
        otherTypes: ['application/json'],
        headers: { 'Content-Disposition': 'Suggests a file name.' },
      },
    },
    errors: REGISTER_ERRORS,
  },
  'POST /v1/assessments/statements': {
    ...officer,
    summary: 'State something about a row, as an officer',
    json: statementRequest,
    answers: { 201: { about: 'Recorded.', json: idAnswer } },
    errors: REGISTER_ERRORS,
  },
  'POST /v1/assessments/actions': {
    ...officer,
    summary: 'Plan an action',
    json: actionRequest,
    answers: { 201: { about: 'Planned.', json: idAnswer } },
    errors: REGISTER_ERRORS,
  },
  'POST /v1/assessments/actions/{id}/done': {
    ...officer,
    summary: 'Finish a planned action',
    json: doneRequest,
    answers: { 200: { about: 'Done.', json: idAnswer } },
    errors: REGISTER_ERRORS,
  },
  'GET /v1/incidents/{id}': {
    ...officer,
    summary: 'Facts and deadlines of an incident',
    path: { id: incident },
    answers: {
      200: { about: 'What the ledger shows about it now.', json: incidentAnswer },
    },
    errors: INCIDENT_ERRORS,
  },
  'GET /v1/incidents/{id}/pack': {
    ...officer,
    summary: 'Evidence about an incident',
    path: { id: incident },
    answers: {
      200: {
        about: 'A ZIP with a PDF, CSV files, templates of notices, and the proofs.',
        type: 'application/zip',
        headers: { 'Content-Disposition': 'Suggests a file name.' },
      },
    },
    errors: INCIDENT_ERRORS,
  },
  'POST /v1/incidents/{id}/decision': {
    ...officer,
    summary: 'Decide an incident, signed by the officer',
    path: { id: incident },
    json: signedRequest,
    answers: { 201: { about: 'Recorded in the register.', json: idAnswer } },
    errors: [...INCIDENT_ERRORS, 'decision_invalid', 'register_full'],
  },
}
