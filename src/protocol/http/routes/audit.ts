import {
  anomaliesAnswer,
  eventsAnswer,
  patientAnswer,
  holdAnswer,
  holdRequest,
  holdsAnswer,
  patientRequest,
  questionsAnswer,
  planAnswer,
  retentionAnswer,
  reportRequest,
  reviewAnswer,
  reviewRequest,
} from '../audit.js'
import { eventsQuery, exportQuery, questionsQuery } from '../query.js'
import type { RouteDoc, Routes } from '../route.js'

const LEDGER = 'Ledger'
const KEEPING = 'Reviews, holds, pruning'
const FHIR = 'FHIR'
const officer: Pick<RouteDoc, 'roles'> = { roles: ['officer'] }
const zip = {
  about: 'A ZIP.',
  type: 'application/zip',
  headers: { 'Content-Disposition': 'Suggests a file name.' },
}
const fhir: Pick<RouteDoc, 'tag' | 'errorType'> = { tag: FHIR, errorType: 'application/fhir+json' }
const resource = (about: string) => ({ 200: { about, type: 'application/fhir+json' } })

/** When a patient is searched for. */
const SEARCHES = ['too_many_searches', 'second_officer_needed'] as const

export const AUDIT_ROUTES: Routes = {
  'GET /v1/audit/events': {
    ...officer,
    tag: LEDGER,
    summary: 'Search the ledger',
    about: 'Every read of the ledger is itself recorded as an event.',
    query: eventsQuery,
    answers: { 200: { about: 'One page, oldest first.', json: eventsAnswer } },
    errors: [...SEARCHES],
  },
  'GET /v1/audit/questions': {
    ...officer,
    tag: LEDGER,
    summary: 'How many events answer each question',
    about: 'For a first look: one read of the ledger instead of one per question.',
    query: questionsQuery,
    answers: { 200: { about: 'Every question, with its count.', json: questionsAnswer } },
  },
  'POST /v1/audit/patient': {
    ...officer,
    tag: LEDGER,
    summary: 'Everything that touched a patient',
    about:
      'Searches by the ID that the facility uses. The ID is turned into a keyed handle and recorded only in that form.',
    json: patientRequest,
    answers: { 200: { about: 'One page, oldest first.', json: patientAnswer } },
    errors: ['not_found', ...SEARCHES],
  },
  'GET /v1/audit/checkpoint': {
    ...officer,
    tag: LEDGER,
    summary: 'Signed head of the log',
    answers: { 200: { about: 'c2sp.org/tlog-checkpoint.', type: 'text/plain' } },
  },
  'GET /v1/audit/events/{index}/proof': {
    ...officer,
    tag: LEDGER,
    summary: 'Proof of one event',
    answers: { 200: { about: 'c2sp.org/tlog-proof.', type: 'text/plain' } },
    errors: ['event_pruned'],
  },
  'GET /v1/audit/tile/{level}/{path}': {
    ...officer,
    tag: LEDGER,
    summary: 'Hashes of the Merkle tree',
    about: 'c2sp.org/tlog-tiles.',
    path: { level: 'From 0.', path: '`x001/x234/067`, with the suffix `.p/W` for a partial tile.' },
    answers: {
      200: { about: 'Concatenated hashes of 32 bytes each.', type: 'application/octet-stream' },
    },
  },
  'GET /v1/audit/export': {
    ...officer,
    tag: LEDGER,
    summary: 'Export events with their proofs',
    query: exportQuery,
    answers: {
      200: {
        about:
          'With `format` a ZIP; without, lines of JSON (`application/x-ndjson`) with one proof each.',
        type: 'application/zip',
        otherTypes: ['application/x-ndjson'],
        headers: { 'Content-Disposition': 'Suggests a file name.' },
      },
    },
  },
  'POST /v1/audit/accounting': {
    ...officer,
    tag: LEDGER,
    summary: 'Accounting of disclosures',
    about: '45 CFR 164.528, as PDF and CSV.',
    json: reportRequest,
    answers: { 200: zip },
    errors: ['not_found', 'report_too_large', ...SEARCHES],
  },
  'POST /v1/audit/dossier': {
    ...officer,
    tag: LEDGER,
    summary: 'Facts of a suspected breach',
    about: 'As PDF and CSV.',
    json: reportRequest,
    answers: { 200: zip },
    errors: ['not_found', 'report_too_large', ...SEARCHES],
  },
  'POST /v1/audit/searches/{id}/approve': {
    ...officer,
    tag: LEDGER,
    summary: 'Agree to a search for a patient',
    about:
      'Where the site asks for a second officer: `id` comes with the error `second_officer_needed` of the other officer. It covers that patient for 24 hours.',
    answers: { 201: { about: 'Approved.', json: holdAnswer } },
    errors: ['not_found', 'second_officer_needed'],
  },
  'GET /v1/audit/review': {
    ...officer,
    tag: KEEPING,
    summary: 'What is due for review',
    answers: { 200: { about: 'The state of reviews.', json: reviewAnswer } },
  },
  'GET /v1/audit/anomalies': {
    ...officer,
    tag: KEEPING,
    summary: 'What to look at first in the review',
    answers: {
      200: { about: 'What is unusual since the last review, with reasons.', json: anomaliesAnswer },
    },
  },
  'POST /v1/audit/review': {
    ...officer,
    tag: KEEPING,
    summary: 'Record a review',
    json: reviewRequest,
    answers: { 201: { about: 'Recorded.', json: reviewAnswer } },
  },
  'GET /v1/audit/holds': {
    ...officer,
    tag: KEEPING,
    summary: 'Legal holds in force',
    answers: { 200: { about: 'All of them.', json: holdsAnswer } },
  },
  'POST /v1/audit/holds': {
    ...officer,
    tag: KEEPING,
    summary: 'Add a legal hold',
    about: 'It covers the events that match all members given; at least one member is required.',
    json: holdRequest,
    answers: { 201: { about: 'In force.', json: holdAnswer } },
    errors: ['not_found', 'too_many_holds'],
  },
  'POST /v1/audit/holds/{id}/remove': {
    ...officer,
    tag: KEEPING,
    summary: 'Remove a legal hold',
    answers: { 200: { about: 'Removed.', json: holdAnswer } },
  },
  'GET /v1/audit/retention': {
    ...officer,
    tag: KEEPING,
    summary: 'What is past the retention of the site, and what keeps some of it',
    about:
      'Contents of closed cases, held items, and reports. The gateway removes them by itself: key packets first, then objects.',
    answers: { 200: { about: 'The plan; nothing is changed.', json: retentionAnswer } },
  },
  'GET /v1/audit/prune': {
    ...officer,
    tag: KEEPING,
    summary: 'What pruning would remove',
    answers: { 200: { about: 'The plan.', json: planAnswer } },
    errors: ['store_unavailable'],
  },
  'POST /v1/audit/prune': {
    ...officer,
    tag: KEEPING,
    summary: 'Propose to prune',
    about: "An operator has 30 days to carry it out, on the gateway's machine.",
    answers: { 201: { about: 'Proposed.', json: planAnswer } },
    errors: ['nothing_to_prune', 'store_unavailable'],
  },
  'GET /fhir/metadata': {
    ...fhir,
    summary: 'CapabilityStatement',
    roles: 'anyone',
    answers: resource('CapabilityStatement.'),
  },
  'GET /fhir/CodeSystem/event-type': {
    ...fhir,
    summary: 'CodeSystem of event types',
    roles: 'anyone',
    answers: resource('CodeSystem.'),
  },
  'GET /fhir/AuditEvent': {
    ...officer,
    ...fhir,
    summary: 'Search the ledger as FHIR AuditEvents',
    about:
      'IHE ITI-81. `GET /fhir/metadata` lists the parameters. To search by anything that identifies a patient, use the body of `_search`.',
    answers: resource('Bundle of type searchset.'),
    errors: ['search_invalid', ...SEARCHES],
  },
  'POST /fhir/AuditEvent/_search': {
    ...officer,
    ...fhir,
    summary: 'The same search, with its parameters in the body',
    formType: 'application/x-www-form-urlencoded',
    form: {
      'patient.identifier': {
        about:
          '`namespace|ID` of a patient, as the facility uses it; other search parameters may be sent here too.',
      },
    },
    answers: resource('Bundle of type searchset.'),
    errors: ['search_invalid', ...SEARCHES],
  },
  'GET /fhir/AuditEvent/{id}': {
    ...officer,
    ...fhir,
    summary: 'One AuditEvent',
    answers: resource('AuditEvent.'),
  },
}
