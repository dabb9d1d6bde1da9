import {
  changedAnswer,
  knownUploadAnswer,
  transferAnswer,
  transfersAnswer,
  uploadAnswer,
  uploadProblem,
} from '../transfers.js'
import {
  crosswalksAnswer,
  discardRequest,
  discardsRequest,
  quarantineAnswer,
  receiptAnswer,
} from '../facility.js'
import { crosswalkQuery, pageQuery, quarantineQuery } from '../query.js'
import { PRIORITIES } from '../../priority.js'
import type { FormField, RouteDoc, Routes } from '../route.js'

const SENDING = 'Sending'
const FACILITY = 'Quarantine and crosswalk'

const files: FormField = {
  about:
    'One part per file: DICOM, ZIP or document; the kind is detected from the content. The part needs a file name, which is not kept.',
  isFile: true,
  isRequired: true,
}

/** Errors that end a whole upload. Items have codes of their own in the answer. */
const UPLOAD_ERRORS = [
  'not_multipart',
  'broken_multipart',
  'unexpected_part',
  'bad_field',
  'no_files',
  'too_many_items',
  'transfer_too_large',
  'slow_client',
  'recipient_unusable',
  'nothing_accepted',
  'facility_key_unknown',
  'gateway_key_unfit',
  'too_busy',
  'quota_reached',
  'store_unavailable',
  'store_full',
  'spool_full',
] as const satisfies RouteDoc['errors']

/** Where registers block, `registers.enforce: block`. */
export const GATE_ERRORS = [
  'agreement_missing',
  'vendor_unanswered',
] as const satisfies RouteDoc['errors']

const KEY_ERRORS = ['upload_under_way', 'upload_key_reused'] as const satisfies RouteDoc['errors']

/** Headers of a client that may lose the answer. */
const UPLOAD_HEADERS = {
  'Idempotency-Key':
    'A random key of your own, 16 to 128 letters, digits and `-._~:`. When the answer is lost, `GET /v1/uploads/{key}` tells what became of the request; sent again under the same key, it is answered as the first time, with `Idempotent-Replayed: true`.',
}
const UPLOAD_HEADERS_ANSWERED = {
  Location: 'Address of the transfer.',
  'Idempotent-Replayed': '`true` when the request had come before under the same key.',
}

const sealedOriginal = {
  200: {
    about: 'One whole OpenPGP message, sealed to the facility alone.',
    type: 'application/pgp-encrypted',
    headers: { 'Content-Length': 'Size of the message.' },
  },
}

export const SENDING_ROUTES: Routes = {
  'POST /v1/transfers': {
    tag: SENDING,
    summary: 'Send files as a new transfer',
    about:
      "Fields come before files. The body is streamed: headers are de-identified and items sealed as they arrive, and no plaintext touches the disk. **201** means that at least one item was accepted or is a duplicate; look at every item's `outcome`. **422** `nothing_accepted` carries the same list. Any other error ends the request, and nothing from it is kept.",
    roles: ['sender'],
    headers: UPLOAD_HEADERS,
    formType: 'multipart/form-data',
    form: {
      group: { about: 'Reading group; may be omitted when the facility sends to only one.' },
      priority: { about: '`routine` if omitted.', values: PRIORITIES },
      complete: {
        about:
          '`false` keeps the transfer open for further requests and invisible to readers until it is completed; `true` if omitted.',
        values: ['true', 'false'],
      },
      case: { about: 'Case that the files belong to, of those that you sent: ID or code.' },
      missing: {
        about:
          'How many files of the study could not be sent: readers are told, in the signed manifest as well.',
      },
      again: {
        about:
          '`true` makes a new case of files that were sent before; otherwise they are recognised, and make none.',
        values: ['true', 'false'],
      },
      files,
    },
    answers: {
      201: {
        about: 'The outcome of each file.',
        json: uploadAnswer,
        headers: UPLOAD_HEADERS_ANSWERED,
      },
    },
    errors: ['group_not_named', 'unknown_group', ...GATE_ERRORS, ...KEY_ERRORS, ...UPLOAD_ERRORS],
    problem: { of: 'nothing_accepted', json: uploadProblem },
  },
  'POST /v1/transfers/{id}/items': {
    tag: SENDING,
    summary: 'Add files to an open transfer',
    roles: ['sender'],
    headers: UPLOAD_HEADERS,
    formType: 'multipart/form-data',
    form: { files },
    answers: {
      201: {
        about: 'The outcome of each file.',
        json: uploadAnswer,
        headers: UPLOAD_HEADERS_ANSWERED,
      },
    },
    errors: ['transfer_not_open', ...KEY_ERRORS, ...UPLOAD_ERRORS],
    problem: { of: 'nothing_accepted', json: uploadProblem },
  },
  'POST /v1/transfers/{id}/complete': {
    tag: SENDING,
    summary: 'Complete an open transfer',
    about: 'Signs and seals the manifest of all its items; readers see the transfer from then on.',
    roles: ['sender'],
    answers: { 200: { about: 'The transfer is available.', json: changedAnswer } },
    errors: ['transfer_not_open', 'transfer_empty', 'recipient_unusable', 'store_unavailable'],
  },
  'GET /v1/uploads/{key}': {
    tag: SENDING,
    summary: 'Ask what became of an upload',
    about:
      'For 30 days, by the `Idempotency-Key` of its request. **404**: it never arrived, or was given up and nothing of it kept; send it again.',
    roles: ['sender'],
    path: { key: 'As `Idempotency-Key` of the upload.' },
    answers: { 200: { about: 'It arrived.', json: knownUploadAnswer } },
  },
  'GET /v1/transfers': {
    tag: SENDING,
    summary: 'List transfers',
    about:
      'A sender sees those of their facility, a reader those of their groups, an officer all of them.',
    roles: ['sender', 'reader', 'officer'],
    query: pageQuery,
    answers: { 200: { about: 'One page.', json: transfersAnswer } },
  },
  'GET /v1/transfers/{id}': {
    tag: SENDING,
    summary: 'State and counts of one transfer',
    roles: ['sender', 'reader', 'officer', 'recovery'],
    answers: { 200: { about: 'The transfer.', json: transferAnswer } },
  },
  'GET /v1/quarantine': {
    tag: FACILITY,
    summary: 'List what is held back for my facility, and why',
    roles: ['sender'],
    query: quarantineQuery,
    answers: { 200: { about: 'One page.', json: quarantineAnswer } },
  },
  'GET /v1/transfers/{id}/quarantine/{index}': {
    tag: FACILITY,
    summary: 'Fetch a held original',
    about: 'HEAD returns the size and is not recorded in the ledger.',
    roles: ['sender'],
    answers: sealedOriginal,
    errors: ['quarantine_not_held', 'store_unavailable', 'object_missing'],
  },
  'POST /v1/transfers/{id}/quarantine/{index}/discard': {
    tag: FACILITY,
    summary: 'Delete a held original',
    about: 'Refused if the facility names the people who may decide: then a signature is needed.',
    roles: ['sender'],
    json: discardRequest,
    answers: { 200: { about: 'It is deleted.', json: receiptAnswer } },
    errors: ['quarantine_not_held', 'discard_invalid'],
  },
  'POST /v1/transfers/{id}/quarantine/discard': {
    tag: FACILITY,
    summary: 'Delete many held originals with one signature',
    about:
      'One signed statement names all of them and the reason: all are deleted, or none. It is signed by the key of the facility or, where the facility names the people who may decide, by the key of one of them.',
    roles: ['sender'],
    json: discardsRequest,
    answers: {
      200: { about: 'They are deleted; the receipt is of the last event.', json: receiptAnswer },
    },
    errors: ['quarantine_not_held', 'discard_invalid', 'recipient_unusable'],
  },
  'POST /v1/transfers/{id}/quarantine/{index}/release': {
    tag: FACILITY,
    summary: 'Release a held original as a new transfer',
    about:
      'The statement names the item, the findings that were looked at, the reason and the SHA-256 of the original: [its format](https://www.rfc-editor.org/rfc/rfc8785) is canonical JSON. It is checked before any byte of the original is processed. Only findings that a person can overrule by looking can be waived; headers are de-identified in any case.',
    roles: ['sender'],
    headers: UPLOAD_HEADERS,
    formType: 'multipart/form-data',
    form: {
      statement: { about: 'The signed text.', isRequired: true },
      signature: {
        about: "Armored detached OpenPGP signature by the facility's key.",
        isRequired: true,
      },
      files: { about: 'The original.', isFile: true, isRequired: true },
    },
    answers: {
      201: {
        about: 'The outcome of the item.',
        json: uploadAnswer,
        headers: UPLOAD_HEADERS_ANSWERED,
      },
    },
    errors: [
      'quarantine_not_held',
      'release_invalid',
      'not_waivable',
      ...KEY_ERRORS,
      ...UPLOAD_ERRORS,
    ],
    problem: { of: 'nothing_accepted', json: uploadProblem },
  },
  'POST /v1/transfers/{id}/quarantine/release': {
    tag: FACILITY,
    summary: 'Release many held originals as one transfer',
    about:
      'One signed statement names all of them; the originals follow in the same order. The new transfer continues the one in the address.',
    roles: ['sender'],
    headers: UPLOAD_HEADERS,
    formType: 'multipart/form-data',
    form: {
      statement: { about: 'The signed text.', isRequired: true },
      signature: { about: 'Armored detached OpenPGP signature.', isRequired: true },
      files: { about: 'The originals.', isFile: true, isRequired: true },
    },
    answers: {
      201: {
        about: 'The outcome of each item.',
        json: uploadAnswer,
        headers: UPLOAD_HEADERS_ANSWERED,
      },
    },
    errors: [
      'quarantine_not_held',
      'release_invalid',
      'not_waivable',
      ...KEY_ERRORS,
      ...UPLOAD_ERRORS,
    ],
    problem: { of: 'nothing_accepted', json: uploadProblem },
  },
  'GET /v1/crosswalk': {
    tag: FACILITY,
    summary: 'List the crosswalks of my facility',
    about: 'A crosswalk leads from the pseudonyms of one request back to the patients.',
    roles: ['sender'],
    query: crosswalkQuery,
    answers: { 200: { about: 'One page.', json: crosswalksAnswer } },
  },
  'GET /v1/crosswalk/{id}': {
    tag: FACILITY,
    summary: 'Fetch a crosswalk',
    about: 'HEAD returns the size and is not recorded in the ledger.',
    roles: ['sender'],
    answers: sealedOriginal,
    errors: ['store_unavailable', 'object_missing'],
  },
}
