import * as z from 'zod/mini'
import { about } from '../../words.js'
import { priority } from '../transfers.js'
import type { RouteDoc, Routes } from '../route.js'
import { GATE_ERRORS } from './sending.js'

const storeQuery = z.strictObject({
  group: z.optional(about('Reading group; if omitted, the rules of the site decide.', z.string())),
  priority: z.optional(priority),
  complete: z.optional(about('`true`: the studies are complete.', z.enum(['true', 'false']))),
})

const outcome = (text: string) => ({ about: text, type: 'application/dicom+json' })

const STORE: Omit<RouteDoc, 'summary'> = {
  tag: 'Sending',
  about:
    'STOW-RS (PS3.18 10.5): `multipart/related; type="application/dicom"`, or one Part 10 file as the whole body. The answer is a data set in `application/dicom+json` or, where Accept asks for it, `application/dicom+xml`. An instance is reported as stored only once it is durable.',
  roles: ['sender'],
  query: storeQuery,
  headers: { Accept: '`application/dicom+json` or `application/dicom+xml`.' },
  formType: 'multipart/related',
  form: { instances: { about: 'One part per instance.', isFile: true, isRequired: true } },
  answers: {
    200: outcome('Every instance is stored.'),
    202: outcome('Some instances are stored or held; the data set says which.'),
    400: outcome('No instance could be understood; errors of the request itself are problems.'),
    409: outcome('No instance was stored.'),
    503: outcome('No instance was stored; send all of them again later.'),
  },
  errors: [
    'not_stow',
    'not_acceptable',
    'unknown_group',
    ...GATE_ERRORS,
    'broken_multipart',
    'slow_client',
    'too_many_items',
    'too_busy',
    'quota_reached',
    'store_unavailable',
    'store_full',
    'spool_full',
    'recipient_unusable',
  ],
}

const COMMITMENT: Omit<RouteDoc, 'summary' | 'answers'> = {
  tag: 'Sending',
  about:
    'Storage commitment (PS3.18 chapter 13). The data set has the instances that are durable in Referenced SOP Sequence, whether readers can have them or they are held, and all others in Failed SOP Sequence. Results are kept until a restart, or until newer ones need their place.',
  roles: ['sender'],
  headers: { Accept: '`application/dicom+json` or `application/dicom+xml`.' },
  path: { uid: 'Transaction UID.' },
}

export const DOOR_ROUTES: Routes = {
  'POST /dicom-web/commitment-requests/{uid}': {
    ...COMMITMENT,
    summary: 'Ask which instances are stored (DICOMweb)',
    json: z.record(z.string(), z.unknown()),
    answers: { 200: outcome('What is stored, and what is not.') },
    errors: ['not_acceptable', 'bad_request', 'too_many_items', 'transaction_in_use'],
  },
  'GET /dicom-web/commitment-requests/{uid}': {
    ...COMMITMENT,
    summary: 'Read the result again (DICOMweb)',
    answers: { 200: outcome('As it was answered to the request.') },
    errors: ['not_acceptable', 'not_found'],
  },
  'POST /dicom-web/studies': { ...STORE, summary: 'Store instances (DICOMweb)' },
  'POST /dicom-web/studies/{study}': {
    ...STORE,
    summary: 'Store instances of one study (DICOMweb)',
    path: { study: 'Study Instance UID; instances of another study are refused.' },
  },
}
