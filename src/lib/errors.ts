/**
 * One error class and one catalogue. A message never carries data from a request, a file or a key: what a
 * person reads is the fixed text and hint below, and the cause stays inside the process.
 */

interface Entry {
  /** HTTP status that this code answers with. */
  readonly status: number
  /** What happened, as a fixed sentence without a final period. */
  readonly title: string
  /** What to do next. */
  readonly hint: string
  /** It is about one item of an upload, and the others go on. */
  readonly concernsItemAlone: boolean
}

const entry = (status: number, title: string, hint: string): Entry => ({
  status,
  title,
  hint,
  concernsItemAlone: false,
})

const item = (status: number, title: string, hint: string): Entry => ({
  ...entry(status, title, hint),
  concernsItemAlone: true,
})

export const CATALOGUE = {
  // Requests
  bad_request: entry(
    400,
    'the request cannot be understood',
    'compare it with the HTTP section of the README',
  ),
  not_found: entry(
    404,
    'there is no such thing here',
    'check the address; what you may not see is answered like this too',
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
  no_files: entry(422, 'the upload holds no files', 'send at least one part named "files"'),
  unexpected_part: entry(
    400,
    'a part has a name that is not known',
    'name file parts "files" and give them a filename; the fields are group, priority and complete, before the files',
  ),
  bad_field: entry(
    422,
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
  internal: entry(
    500,
    'the gateway made a mistake',
    'give the operator the request id of this answer',
  ),

  // Who and may they
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

  // Transfers
  unknown_group: entry(
    422,
    'this facility does not send to such a group',
    "name one of the groups in the facility's configuration",
  ),
  recipient_unusable: entry(
    422,
    'a certificate this transfer must be sealed to cannot be used',
    'run `nocturne check` on the gateway, and replace the certificate it names',
  ),
  transfer_not_open: entry(
    409,
    'the transfer is no longer open',
    'start a new transfer for further files',
  ),
  transfer_not_available: entry(
    409,
    'the transfer is not available',
    'it may be open still, or given up; look at its state',
  ),
  transfer_empty: entry(
    409,
    'the transfer holds no accepted item',
    'add a file before you complete it',
  ),
  already_claimed: entry(
    409,
    'the transfer is claimed already',
    'choose another transfer, or ask the reader who claimed it to release it',
  ),
  not_claimed: entry(409, 'you do not hold the claim', 'claim the transfer first'),
  acknowledgement_invalid: entry(
    422,
    'the acknowledgement does not match what was sealed',
    'open the transfer again and sign what you opened; if it fails again, tell the operator',
  ),

  // Stores and ledger
  store_unavailable: entry(
    503,
    'the object store cannot be reached',
    'nothing was kept; send it again later, the operator is told by /readyz',
  ),
  store_full: entry(
    507,
    'the object store is full',
    'nothing was kept; the operator must make room',
  ),
  object_missing: entry(
    500,
    'stored data is missing or changed',
    'tell the operator; the ledger tells what was stored',
  ),
  database_unavailable: entry(
    503,
    'the database cannot be reached',
    'nothing was kept; send it again later',
  ),
  database_newer: entry(
    500,
    'the database was made by a newer version of nocturne',
    'start that version, or restore a copy of the database from before it',
  ),
  ledger_unavailable: entry(
    503,
    'the ledger cannot be written, so nothing is released or taken',
    'try again later; the operator is told by /readyz',
  ),
  ledger_broken: entry(
    500,
    'the ledger does not verify',
    'stop the gateway and run `nocturne audit verify --site DIR`',
  ),

  // Items
  empty_file: item(422, 'the file is empty', 'export it again from the modality'),
  item_too_large: item(
    413,
    'the file is larger than this gateway takes',
    'ask the operator to raise limits.itemBytes',
  ),
  unrecognized: item(
    422,
    'the file is neither DICOM nor a document of a known type',
    'send DICOM, PDF, images or text, or give the part its content type',
  ),
  not_dicom: item(
    422,
    'the file says it is DICOM but cannot be read as DICOM',
    'export it again from the modality',
  ),
  truncated: item(422, 'the file ends before it should', 'export it again from the modality'),
  malformed: item(
    422,
    'the file breaks the rules of DICOM encoding',
    'export it again from the modality, or release it from quarantine after a look',
  ),
  header_over_limit: item(
    422,
    'the DICOM header is larger than this gateway takes',
    'ask the operator to raise limits.headerBytes',
  ),
  unsupported_syntax: item(
    422,
    'the transfer syntax is not known',
    'send it in a transfer syntax of PS3.5',
  ),
  media_directory: item(
    422,
    'a DICOMDIR names patients and points at file names; it does not travel',
    'nothing: the instances it lists travel by themselves',
  ),
  inflates_too_much: item(
    422,
    'the deflated data set expands too much',
    'send it in an uncompressed transfer syntax',
  ),
  private_sop_class: item(
    422,
    'a private SOP class cannot be de-identified',
    'release it from quarantine after a look',
  ),
  document_held: item(
    422,
    'this facility holds documents back, since they cannot be de-identified',
    'release it from quarantine after a look, or set documents: pass for the facility',
  ),
  encapsulated_document: item(
    422,
    'an encapsulated document cannot be de-identified',
    'send the document by itself, or release it from quarantine after a look',
  ),
  identifier_left: item(
    422,
    'an identifier was still found after de-identification',
    'release it from quarantine after a look',
  ),
  output_disagrees: item(
    422,
    'the de-identified header reads differently by two parsers',
    'release it from quarantine after a look',
  ),
  missing_identity: item(
    422,
    'the instance lacks a UID that every instance must have',
    'export it again from the modality',
  ),
  instance_conflict: item(
    422,
    'another instance with this UID but other content is in the transfer',
    'find out which one is right, and send that',
  ),
  duplicate: item(200, 'the same content is in the transfer already', 'nothing'),
  archive_malformed: item(
    422,
    'the archive cannot be read',
    'make the ZIP again, or send the files themselves',
  ),
  archive_encrypted: item(
    422,
    'the archive is protected with a password',
    'send the files themselves; the gateway encrypts them',
  ),
  archive_entry_damaged: item(
    422,
    'the file is damaged inside its archive',
    'make the ZIP again, or send the file itself',
  ),
  archive_unsupported: item(
    422,
    'the file is compressed in a way that is not known',
    'make the ZIP again with the usual method (deflate), or send the file itself',
  ),
  archive_bomb: item(422, 'the archive expands too much', 'send the files themselves'),
  archive_too_deep: item(422, 'archives are nested too deeply', 'send the files themselves'),
  unsafe_step_failed: item(
    422,
    'a step of de-identification failed',
    'release it from quarantine after a look',
  ),

  // Keys, messages
  certificate_unreadable: entry(
    422,
    'this is not an OpenPGP certificate',
    'export the public key in ASCII armor',
  ),
  certificate_is_secret: entry(
    422,
    'this file holds a secret key',
    'share the certificate only; if the secret key was shared, make a new key',
  ),
  certificate_expired: entry(
    422,
    'the certificate has expired',
    'extend it or make a new one, and exchange it again',
  ),
  certificate_not_yet_valid: entry(
    422,
    'the certificate is not valid yet',
    'check the clocks, or wait',
  ),
  certificate_revoked: entry(422, 'the certificate is revoked', 'exchange a new one'),
  certificate_weak: entry(
    422,
    'the certificate uses algorithms that are too weak',
    'make a new key with `nocturne key new`',
  ),
  certificate_cannot_encrypt: entry(
    422,
    'the certificate has no usable encryption subkey',
    'add an encryption subkey, or make a new key with `nocturne key new`',
  ),
  key_unreadable: entry(
    422,
    'this is not an OpenPGP private key',
    'give the file that `nocturne key new` or your OpenPGP program made',
  ),
  key_locked: entry(422, 'the private key needs its passphrase', 'give it with --passphrase-file'),
  cannot_open: entry(
    422,
    'the message cannot be opened',
    'check that it was sealed to this key; if it was, it was changed on the way: fetch it again',
  ),
  manifest_mismatch: entry(
    422,
    'the items do not match the manifest',
    'fetch the transfer again; if it fails again, tell the operator',
  ),

  // Site and command
  site_invalid: entry(
    500,
    "the site's configuration has mistakes",
    'run `nocturne check --site DIR` and mend what it names',
  ),
  site_exists: entry(409, 'the folder holds a site already', 'choose an empty folder'),
  secret_exists: entry(
    409,
    'the facility has a secret already',
    'keep it: with another one every patient and study would get a new pseudonym',
  ),
  site_in_use: entry(
    409,
    'a gateway is running on this site already',
    'stop it first; several gateways need PostgreSQL as their database',
  ),
  unknown_principal: entry(
    404,
    'there is nobody of that name in the configuration',
    'see people and facilities in nocturne.yaml',
  ),
  usage: entry(400, 'the command was used wrongly', 'see --help'),
  file_unreadable: entry(400, 'a file cannot be read', 'check the path and its permissions'),
  gateway_unreachable: entry(
    503,
    'the gateway cannot be reached',
    'check --gateway and that it is running',
  ),
  insecure_gateway: entry(
    400,
    'a token is never sent over plain HTTP beyond this machine',
    'use https://',
  ),
} as const satisfies Record<string, Entry>

export type Code = keyof typeof CATALOGUE

/** The others of its request go on. */
export const concernsItemAlone = (code: Code): boolean => CATALOGUE[code].concernsItemAlone

/** Every error that people outside may see. `cause` is for the log of the process's own mistakes, never sent. */
export class NocturneError extends Error {
  override readonly name = 'NocturneError'
  readonly code: Code
  /** A name from the configuration (never from a request) that makes the hint concrete, such as a recipient's id. */
  readonly subject: string | undefined

  constructor(code: Code, options: { cause?: unknown; subject?: string } = {}) {
    super(CATALOGUE[code].title, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.subject = options.subject
  }

  get status(): number {
    return CATALOGUE[this.code].status
  }

  get hint(): string {
    return CATALOGUE[this.code].hint
  }
}

/** The error as it is, when it is one of ours; else `fallback` with the error as its cause. */
export function asNocturneError(error: unknown, fallback: Code = 'internal'): NocturneError {
  return error instanceof NocturneError ? error : new NocturneError(fallback, { cause: error })
}

/** The `code` of a Node.js system error (`ENOSPC`, `ENOENT`, ...), or undefined. */
export function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
