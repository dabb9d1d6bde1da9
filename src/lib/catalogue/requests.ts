/** Requests, authentication and authorization. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const REQUESTS = {
  too_many_searches: entry(
    429,
    'too many patients were searched for within an hour',
    'wait, or ask the operator to raise officers.searchesPerHour; the same patient can be searched for again',
  ),
  second_officer_needed: entry(
    403,
    'a search for a patient needs a second officer',
    'ask another officer to approve it within 24 hours (`nocturne audit approve ID`), then search again',
  ),
  bad_request: entry(
    400,
    'the request is malformed',
    'compare it with the reference at /reference; `field` names the part at fault',
  ),
  search_invalid: entry(
    400,
    'the search uses an unsupported parameter or value',
    'GET /fhir/metadata lists the search parameters and their formats',
  ),
  not_found: entry(
    404,
    'no such resource',
    'check the address; resources you may not see get the same answer',
  ),
  method_not_allowed: entry(
    405,
    'this address does not support that method',
    'see the Allow header',
  ),
  not_multipart: entry(
    415,
    'an upload must be multipart/form-data',
    'send the files as parts named "files", for example: curl -F group=nights -F files=@ct.dcm',
  ),
  broken_multipart: entry(
    400,
    'the multipart body is malformed or incomplete',
    'send it again; nothing from this request was kept',
  ),
  no_files: entry(400, 'the upload contains no files', 'send at least one part named "files"'),
  unexpected_part: entry(
    400,
    'a part has an unknown name',
    'name file parts "files" and give each a filename; send the fields group, priority, complete, case, again and missing before them',
  ),
  bad_field: entry(
    400,
    'a form field has an invalid value',
    'group is a group ID; priority is routine, urgent or stat; complete and again are true or false; missing is a number',
  ),
  too_many_items: entry(
    413,
    'too many files for one request or one transfer',
    'open a transfer with complete=false and add the rest in further requests, as `nocturne send` does',
  ),
  transfer_too_large: entry(
    413,
    'the transfer exceeds the size limit of this gateway',
    'split it, or ask the operator to raise limits.transferBytes',
  ),
  nothing_accepted: entry(
    422,
    'none of the files in this request was accepted',
    'see the code of each item',
  ),
  report_too_large: entry(
    422,
    'the report would be too long',
    'request a shorter period, one patient, one reader or one transfer',
  ),
  agreement_missing: entry(
    403,
    'no agreement that allows this transfer is in force',
    'ask the officer to register one (nocturne register add agreement); a STAT study passes without one',
  ),
  vendor_unanswered: entry(
    403,
    'the due-diligence questions to this vendor are unanswered or overdue for review',
    'ask the officer to record the answers (nocturne register add vendor --replaces ID); a STAT study passes without them',
  ),
  reader_not_eligible: entry(
    403,
    "the reader's training or privilege for this facility is not in force, or none of their devices is attested as safe",
    'ask the officer to renew it with `nocturne register add training`, `privilege` or `device`; STAT studies can be claimed without it',
  ),
  reader_not_final: entry(
    403,
    "the reader's privilege for this facility covers preliminary reports only",
    'send the report as preliminary; a colleague with a privilege for final reports confirms it, or the officer registers one with `nocturne register add privilege`',
  ),
  register_invalid: entry(
    422,
    'a field of the register entry is missing or malformed',
    '`nocturne register add KIND --help` lists the fields and their formats',
  ),
  decision_invalid: entry(
    422,
    'the decision does not match the incident as it is now, or the officer who sent it has not signed it',
    'run `nocturne incident decide` with your own key; other decisions than a breach need all four factors: `nocturne incident assess`',
  ),
  register_full: entry(
    507,
    'the register is full',
    'end entries that no longer apply, and export the register',
  ),
  slow_client: entry(
    408,
    'no data arrived within the time limit',
    'send it again; nothing from this request was kept',
  ),
  header_too_large: entry(
    431,
    'the request header is too large',
    'send fewer or shorter header fields',
  ),
  range_not_satisfiable: entry(
    416,
    'the range lies outside the item',
    'repeat the request without Range',
  ),
  precondition_failed: entry(
    412,
    'the item has changed since you began',
    'fetch it again from the start',
  ),
  rate_limited: entry(
    429,
    'too many failed attempts',
    'wait for the number of seconds in Retry-After, then check the token or key',
  ),
  quota_reached: entry(
    429,
    'this facility has sent as much as it may within 24 hours',
    'send urgent studies as STAT, and ask the operator to raise limits.dailyBytes',
  ),
  too_many_updates: entry(
    429,
    'this account, or this address, has too many streams of updates open',
    'close other windows, or ask for the lists again every few seconds instead',
  ),
  too_busy: entry(
    503,
    'too many uploads or downloads are in progress',
    'try again in a few seconds; nothing was kept',
  ),
  gateway_opening: entry(
    503,
    'the gateway is starting and waiting for its database or object store',
    'try again after the number of seconds in Retry-After; /readyz tells the operator what is missing',
  ),
  internal: entry(
    500,
    'internal error in the gateway',
    'give the operator the request ID of this answer',
  ),

  unauthenticated: entry(
    401,
    'this request needs a valid token',
    'send Authorization: Bearer TOKEN; get one from the operator or with `nocturne sign-in`',
  ),
  client_certificate_required: entry(
    401,
    "requests of this facility must come with the facility's TLS client certificate",
    'connect with that certificate and its key (--client-certificate FILE), or ask the operator to list the new one under facilities[].clientCertificates',
  ),
  forbidden: entry(
    403,
    'your role does not permit this',
    'ask the operator which role your token has',
  ),
  challenge_invalid: entry(
    401,
    'the sign-in failed',
    'request a new challenge and sign it within two minutes with the key that is registered with the gateway',
  ),
} as const satisfies Record<string, Entry>
