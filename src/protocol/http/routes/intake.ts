import {
  assignRequest,
  assignedAnswer,
  requisitionAnswer,
  requisitionRequest,
  waitingAnswer,
} from '../intake.js'
import type { RouteDoc, Routes } from '../route.js'

const TAG = 'Sending'

const REQUISITION_ERRORS = [
  'not_a_requisition',
  'requisition_unmatchable',
  'requisition_incomplete',
  'requisitions_full',
  'recipient_unusable',
  'quota_reached',
  'store_unavailable',
  'store_full',
  'spool_full',
] as const satisfies RouteDoc['errors']

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
  'POST /v1/requisitions': {
    tag: TAG,
    summary: 'Send the requisition of a study',
    about:
      'As fields in JSON, or as an order in HL7 v2 (`application/hl7-v2`: ORM^O01, OMG^O19, OMI^O23). Readers get a document of procedure, reason, question, contrast, history and call-back number, whose texts are cleaned of names; nothing else passes. It joins the case with the same accession number and patient, or waits for it.',
    roles: ['sender'],
    json: requisitionRequest,
    answers: { 201: { about: 'It is durable.', json: requisitionAnswer } },
    errors: REQUISITION_ERRORS,
  },
  'POST /fhir/ServiceRequest': {
    tag: TAG,
    summary: 'Send the requisition of a study (FHIR R4)',
    about:
      'What counts is in the resource itself and in `contained`: references are not followed. The identifier of type ACSN is the accession number.',
    roles: ['sender'],
    errorType: 'application/fhir+json',
    answers: { 201: { about: 'It is durable.', json: requisitionAnswer } },
    errors: [...REQUISITION_ERRORS, 'bad_request', 'slow_client'],
  },
}
