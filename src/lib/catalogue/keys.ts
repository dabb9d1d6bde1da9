/** Certificates, keys and messages; the site and the command. */
import { entry } from './entry.js'
import type { Entry } from './entry.js'

export const KEYS = {
  certificate_unreadable: entry(
    422,
    'the file is not an OpenPGP certificate',
    'export the public key in ASCII armor',
  ),
  certificate_unsupported: entry(
    422,
    'the certificate uses an algorithm that is not supported',
    'use Curve25519, NIST P-256 or P-384, or RSA of 3072 bits or more: `nocturne key new` makes one',
  ),
  certificate_no_user_id: entry(
    422,
    'the certificate has no user ID',
    'add one with `gpg --quick-add-uid` and export the certificate again',
  ),
  certificate_several: entry(
    422,
    'the file holds several certificates',
    'export each one into a file of its own',
  ),
  certificate_is_secret: entry(
    422,
    'the file contains a secret key',
    'share only the certificate; if the secret key has been shared, make a new key',
  ),
  certificate_expired: entry(
    422,
    'the certificate has expired',
    'extend it or make a new one, and exchange certificates again',
  ),
  certificate_not_yet_valid: entry(
    422,
    'the certificate is not valid yet',
    'check the clocks of both machines, or wait until it is valid',
  ),
  certificate_revoked: entry(
    422,
    'the certificate has been revoked',
    'make a new key and exchange its certificate',
  ),
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
    'the certificate has no usable signing key',
    'make a new key with `nocturne key new`',
  ),
  certificate_taken: entry(
    409,
    'another principal has this certificate',
    'make a key of your own: everybody needs one that nobody else has',
  ),
  invitation_unusable: entry(
    404,
    'the invitation is not valid',
    'ask the operator for a new link: each works once, for a limited time, and for at most ten attempts',
  ),
  invitation_signature: entry(
    422,
    'the signature does not show that the sender has the private key',
    'sign with the key whose certificate you send; the page at /join does that',
  ),
  invitation_unanswered: entry(
    404,
    'no certificate has been sent for this invitation',
    '`nocturne invite list --site DIR` shows the invitations and their state',
  ),
  invitation_words: entry(
    422,
    'these are not the words of the certificate that was sent',
    'have them read out again from the start; if they still differ, somebody else answered: run `nocturne invite end NAME`, and tell the officer',
  ),
  principal_exists: entry(
    409,
    'the site already has somebody of that name',
    'choose another name; `nocturne invite list --site DIR` shows who was enrolled',
  ),
  certificate_not_waiting: entry(
    404,
    'no replacement certificate is pending confirmation',
    'put the new certificate in place and restart the gateway, which reports pending certificates',
  ),
  certificate_not_confirmed: entry(
    422,
    'the signature does not confirm the new certificate',
    'ask its owner to sign, with the old or the new key, the statement that `nocturne key confirm --site DIR --principal P` prints',
  ),
  key_unreadable: entry(
    422,
    'the file is not an OpenPGP private key',
    'give the private key file that `nocturne key new` or your OpenPGP program wrote',
  ),
  key_is_public: entry(
    422,
    'the file holds a public key, and the private key is needed',
    'give the private key: the file without .pub that `nocturne key new` wrote, or `gpg --export-secret-keys --armor`',
  ),
  key_several: entry(
    422,
    'the file holds several keys',
    'export the one that is meant: `gpg --export-secret-keys --armor FINGERPRINT`',
  ),
  key_unsupported: entry(
    422,
    'the private key uses an algorithm that is not supported',
    'use Curve25519, NIST P-256 or P-384, or RSA of 3072 bits or more: `nocturne key new` makes one',
  ),
  key_passphrase_wrong: entry(
    422,
    'the passphrase does not unlock the private key',
    'check the keyboard layout and the file: a final line break is ignored, other spaces count',
  ),
  key_cannot_sign: entry(
    422,
    'the private key opens, but has no part that signs',
    'export the whole key with its signing subkey (`gpg --export-secret-keys`); claims, acknowledgements and sign-in need it',
  ),
  key_not_yet_valid: entry(
    422,
    'the private key was made later than the present time of this machine',
    'correct the clock of this machine, preferably with NTP',
  ),
  key_expired: entry(
    422,
    'the private key has expired',
    'extend it (`gpg --quick-set-expire`) or make a new one, and give the operator the certificate',
  ),
  key_locked: entry(
    422,
    'the private key is protected by a passphrase',
    'give the passphrase with --passphrase-file',
  ),
  key_check_signature: entry(
    422,
    'the key opens the check, but its signature does not verify',
    'give the operator your current certificate: the signing subkey may be newer than the one that the gateway has; `nocturne key show` lists the subkeys',
  ),
  cannot_open: entry(
    422,
    'the message cannot be opened',
    'it was altered or truncated: fetch it again',
  ),
  not_sealed_to_key: entry(
    422,
    'the message is not sealed to this key',
    'give the key that it was sealed to; for a new key, ask a colleague who can open the study to run `nocturne rewrap ID --add YOU`',
  ),
  manifest_not_signed: entry(
    422,
    "the gateway's signature is not valid",
    'give the certificate that the gateway used when the transfer was sealed; if you did, the manifest was signed by another key or after this key had expired or been replaced',
  ),
  ledger_key_changed: entry(
    502,
    'the gateway has another ledger key than before',
    'ask the operator over another channel why it changed: a new key means a new log, or another gateway',
  ),
  gateway_key_changed: entry(
    502,
    'the gateway signs manifests with another key than before',
    'ask the operator over another channel for the fingerprint of the new key',
  ),
  log_inconsistent: entry(
    502,
    "the gateway's log does not continue the one seen before",
    'tell the compliance officer, and keep your receipts: entries were removed or changed, or an old backup was restored',
  ),
  receipt_invalid: entry(
    502,
    "the gateway's receipt does not verify",
    'tell the operator and the compliance officer: the event that it should prove may not be in the log',
  ),
  manifest_mismatch: entry(
    422,
    'the items do not match the manifest',
    'fetch the transfer again; if it fails again, tell the operator',
  ),

  site_invalid: entry(
    500,
    "the site's configuration contains errors",
    'run `nocturne check --site DIR` and correct what it reports',
  ),
  gateway_key_unfit: entry(
    500,
    "the gateway's own key cannot sign a manifest",
    'make a new one with `nocturne key new --name gateway --out gateway.asc` (add --algorithm nistP384 if keys.fips is set), replace secrets/gateway.asc and keys/gateway.asc, and restart; signatures by the old key remain valid',
  ),
  text_detector_missing: entry(
    500,
    'the packages that the text detector needs are not installed',
    'run `npm ci` without --omit=optional, or set textDetector: { kind: none } in nocturne.yaml',
  ),
  site_exists: entry(409, 'the folder already contains a site', 'choose an empty folder'),
  secret_exists: entry(
    409,
    'the facility already has a secret',
    'keep it: a different secret would give every patient and study a new pseudonym',
  ),
  site_in_use: entry(
    409,
    'a gateway is already running on this site',
    'stop it first; running several gateways requires PostgreSQL',
  ),
  unknown_principal: entry(
    404,
    'the configuration has no such principal',
    'look up the ID under people, facilities or groups in nocturne.yaml',
  ),
  usage: entry(400, 'the command line is not valid', 'see --help'),
  file_unreadable: entry(400, 'a file cannot be read', 'check the path and its permissions'),
} as const satisfies Record<string, Entry>
