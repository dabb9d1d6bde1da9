/** Requests, who makes them, and whether they may. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const REQUESTS = {
  bad_request: entry(
    400,
    'the request cannot be understood',
    'compare it with the reference of the gateway, /reference: `field` names what is at fault',
  ),
  search_invalid: entry(
    400,
    'the search cannot be answered as it was asked',
    'GET /fhir/metadata lists the search parameters and how each is written',
  ),
  not_found: entry(
    404,
    'there is no such thing here',
    'check the address; resources you may not see get the same answer',
  ),
  method_not_allowed: entry(405, 'this address does not take that method', 'see the Allow header'),
  not_multipart: entry(
    415,
    'an upload must be multipart/form-data',
    'send the files as parts named "files", for example: curl -F group=nights -F files=@ct.dcm',
  ),
  broken_multipart: entry(
    400,
    'the multipart body is broken or ended early',
    'send it again; nothing of this request was kept',
  ),
  no_files: entry(400, 'the upload holds no files', 'send at least one part named "files"'),
  unexpected_part: entry(
    400,
    'a part has a name that is not known',
    'name file parts "files" and give them a filename; the fields are group, priority and complete, before the files',
  ),
  bad_field: entry(
    400,
    'a form field has a value that is not allowed',
    'group is a group id; priority is routine, urgent or stat; complete is true or false',
  ),
  too_many_items: entry(
    413,
    'too many files for one request or one transfer',
    'open a transfer with complete=false and add the rest in further requests, as `nocturne send` does',
  ),
  transfer_too_large: entry(
    413,
    'the transfer is larger than this gateway takes',
    'split it, or ask the operator to raise limits.transferBytes',
  ),
  nothing_accepted: entry(422, 'no file of this request was accepted', 'see the code of each item'),
  report_too_large: entry(
    422,
    'the report would be too long to be read',
    'ask for a shorter period, one patient, one reader or one transfer',
  ),
  agreement_missing: entry(
    403,
    'no agreement is in force that allows this transfer',
    'ask the officer to register it (nocturne register add agreement); a STAT study passes without one',
  ),
  reader_not_eligible: entry(
    403,
    'training or privilege of this reader for the facility is not in force',
    'ask the officer to renew it (nocturne register add training or privilege); a STAT study can be claimed all the same',
  ),
  register_invalid: entry(
    422,
    'a field of the register entry is missing or cannot be read',
    '`nocturne register add KIND --help` lists the fields and how each is written',
  ),
  register_full: entry(
    507,
    'the register holds as many entries as it can',
    'end entries that no longer count, and export the register',
  ),
  slow_client: entry(
    408,
    'no data came for too long',
    'send it again; nothing of this request was kept',
  ),
  header_too_large: entry(
    431,
    'the request header is too large',
    'send fewer or shorter header fields',
  ),
  range_not_satisfiable: entry(416, 'the range lies outside the item', 'ask again without Range'),
  precondition_failed: entry(
    412,
    'the item has changed since you began',
    'fetch it again from the start',
  ),
  rate_limited: entry(
    429,
    'too many failed attempts',
    'wait for the seconds in Retry-After, then check the token or key',
  ),
  too_busy: entry(
    503,
    'too many uploads are under way',
    'try again in a few seconds; nothing was kept',
  ),
  gateway_opening: entry(
    503,
    'the gateway is starting and waits for its database or object store',
    'try again after the seconds in Retry-After; /readyz tells the operator what it waits for',
  ),
  internal: entry(
    500,
    'internal error in the gateway',
    'give the operator the request id of this answer',
  ),

  unauthenticated: entry(
    401,
    'this needs a valid token',
    'send Authorization: Bearer TOKEN; get one from the operator or with `nocturne sign-in`',
  ),
  forbidden: entry(403, 'your role may not do this', 'ask the operator which role your token has'),
  challenge_invalid: entry(
    401,
    'the sign-in was not accepted',
    'ask for a new challenge and sign it within two minutes with the key the gateway knows',
  ),
} as const satisfies Record<string, Entry>
