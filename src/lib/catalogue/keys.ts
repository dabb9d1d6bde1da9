/** Certificates, keys and messages; the site and the command. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const KEYS = {
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
  certificate_cannot_sign: entry(
    422,
    'the certificate has no usable key that signs',
    'make a new key with `nocturne key new`',
  ),
  certificate_not_waiting: entry(
    404,
    'no replaced certificate waits for confirmation',
    'put the new file in place and start the gateway: it reports pending certificates',
  ),
  certificate_not_confirmed: entry(
    422,
    'the signature does not confirm the new certificate',
    'let its owner sign the statement that `nocturne key confirm --site DIR --principal P` prints, with the old or the new key',
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
  manifest_not_signed: entry(
    422,
    "the gateway's signature does not hold",
    'give the certificate that the gateway had when the transfer was sealed; if it was that one, somebody else signed, or signed with a key that had ended',
  ),
  manifest_mismatch: entry(
    422,
    'the items do not match the manifest',
    'fetch the transfer again; if it fails again, tell the operator',
  ),

  site_invalid: entry(
    500,
    "the site's configuration has mistakes",
    'run `nocturne check --site DIR` and mend what it names',
  ),
  gateway_key_unfit: entry(
    500,
    "the gateway's own key cannot sign a manifest",
    'put another one in its place: `nocturne key new --name gateway --out gateway.asc` (with --algorithm nistP384 under keys.fips), then secrets/gateway.asc and keys/gateway.asc, and start again; what the old one signed stays good',
  ),
  text_detector_missing: entry(
    500,
    'the packages of the text detector are not installed',
    'run `npm ci` without --omit=optional, or write textDetector: { kind: none } in nocturne.yaml',
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
    'no such principal in the configuration',
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
