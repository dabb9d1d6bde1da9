import { LIMIT_RULES, formatLimit } from '../limits.js'
import { DOOR_EXPECTATIONS } from './doors-expectations.js'

const ID = 'write 1 to 63 characters of a-z, 0-9 and "-", beginning with a letter or digit'
const FILE = 'write the path of a file, relative to the site folder'

/** What to write at each place in nocturne.yaml; list positions are `[]`. */
const EXPECTED: Readonly<Record<string, string>> = {
  '': 'write the keys gateway, database, store, facilities, groups, people and recovery',
  gateway: 'write gateway: { name: gateway.example.org, listen: 127.0.0.1:8080 }',
  'gateway.name':
    'write the gateway\'s own host name in lower case, at most 120 characters of a-z, 0-9, "." and "-", for example gateway.example.org; never change it later',
  'gateway.listen': 'write HOST:PORT, for example 127.0.0.1:8080 or "[::1]:8080"',
  'gateway.tls': 'write tls: { cert: tls/cert.pem, key: tls/key.pem }',
  'gateway.tls.cert': 'write the path of the PEM file with the certificate and its chain',
  'gateway.tls.key': 'write the path of the PEM file with the private key',
  'gateway.metrics': 'write HOST:PORT for /metrics, for example 127.0.0.1:9464',
  proxies:
    'write proxies: { trusted: [127.0.0.1], protocol: forwarded } for X-Forwarded-For, or protocol: proxy for the PROXY protocol',
  'proxies.trusted': 'write a list of addresses or networks, for example [127.0.0.1, 10.1.0.0/16]',
  'proxies.protocol': 'write forwarded or proxy',
  'gateway.origin':
    'write the origin that clients see, only scheme and host, for example https://gateway.example.org',
  database:
    'write sqlite:data/nocturne.db, or postgres://USER@HOST/NAME with the password in NOCTURNE_DATABASE_PASSWORD or NOCTURNE_DATABASE_PASSWORD_FILE, and ?sslrootcert=FILE for a private CA',
  store:
    'write { kind: files, path: data/objects }, or { kind: s3, bucket: NAME, region: REGION } and optionally endpoint, caFile, forcePathStyle, prefix',
  'store.kind': 'write files or s3',
  'store.path': 'write the path of a folder, for example data/objects',
  'store.bucket': 'write the name of the bucket: 3 to 63 of a-z, 0-9, "." and "-"',
  'store.region': 'write the region of the bucket, for example us-east-1',
  'store.endpoint':
    'write the address of the S3 server, for example https://s3.example.org, or omit it for AWS; plain HTTP is for 127.0.0.1 only',
  'store.caFile': 'write the path of a PEM file with the certificate of the authority',
  'store.forcePathStyle': 'write true or false, without quotes',
  'store.prefix': 'write a prefix without leading or trailing slashes, for example nocturne/night',
  facilities:
    'save the certificate of a facility as keys/ID.asc, add "- { id: ID, certificate: keys/ID.asc, profile: pseudonymize, groups: [GROUP] }", then run `nocturne secret new ID --site DIR`',
  'facilities[]':
    'write { id: ID, certificate: keys/ID.asc, profile: pseudonymize, groups: [GROUP] }',
  'facilities[].id': ID,
  'facilities[].certificate': FILE,
  'facilities[].profile': 'write strip, pseudonymize, or the path of your own profile',
  'facilities[].groups': 'write the IDs of the groups it may send to, for example [nights]',
  'facilities[].groups[]': 'write the ID of a group',
  'facilities[].documents': 'write pass or quarantine',
  'facilities[].documentTypes':
    'write a list of media types that may pass, such as [application/pdf, image/*], or omit it',
  'facilities[].documentTypes[]':
    'write a media type such as application/pdf, or image/* for all images',
  'facilities[].clientCertificates':
    'write a list of fingerprints, as `openssl x509 -noout -fingerprint -sha256 -in FILE` prints them',
  'facilities[].clientCertificates[]':
    'write what `openssl x509 -noout -fingerprint -sha256 -in FILE` prints after =',
  'gateway.tls.clientCertificates': 'write true or false',
  'facilities[].releasedBy':
    'write the IDs of people with the role sender and this facility, for example [dr-lee], or omit it',
  'facilities[].releasedBy[]': 'write the ID of a person with the role sender and this facility',
  'facilities[].edges':
    'write the IDs of people with the role sender and this facility that seal there, for example [edge-1], or omit it',
  'facilities[].edges[]': 'write the ID of a person with the role sender and this facility',
  'facilities[].encryptedAttributes':
    "write the path of a PEM file with an X.509 certificate of the facility's RSA key, or a list of up to 8, or omit it",
  'facilities[].requisition':
    'write the fields that a requisition must have, such as [reason, callback], or omit it',
  'facilities[].requisition[]':
    'write one of procedure, reason, question, contrast, history and callback',
  'facilities[].timezone':
    'write an IANA name such as America/Chicago or Europe/Berlin, or omit it',
  'facilities[].priors':
    'write priors: { aeTitle: PACS, address: HOST:PORT } or priors: { url: https://HOST/dicom-web/ }, with studies, years and same: [region], or omit it',
  'facilities[].priors.aeTitle':
    'write the AE title of the PACS, as it stands in doors.dimse.peers for this facility',
  'facilities[].priors.address': 'write the HOST:PORT at which the PACS answers queries',
  'facilities[].priors.url':
    'write the DICOMweb address of the PACS, such as https://pacs.example.org/dicom-web/',
  'facilities[].priors.authorizationFile':
    'write the path of a file with the value of the Authorization header, such as "Bearer TOKEN", or omit it',
  'facilities[].priors.ca':
    'write the path of a PEM file with the authority that issued the certificate of the PACS, or omit it',
  'facilities[].priors.studies': 'write how many prior studies a case gets at most, from 1 to 20',
  'facilities[].priors.years': 'write how many years back they may be, from 1 to 50',
  'facilities[].priors.same':
    'write what they must have in common with the new study: [region], [modality], [region, modality] or []',
  'facilities[].critical':
    'write critical: { contacts: [ID], failSafe: ID, minutes: 30m, hours: 6h, days: 3d }, or omit it',
  'facilities[].critical.contacts':
    'write whom to notify about a critical result, in order: the ID of the facility itself, or of people with the role sender and this facility',
  'facilities[].critical.contacts[]':
    'write the ID of the facility itself, or of a person with the role sender and this facility',
  'facilities[].critical.failSafe':
    'write the ID of the person who is notified when no contact reads a critical result back, or omit it for all operators',
  'facilities[].critical.minutes': 'write a duration such as 30m',
  'facilities[].critical.hours': 'write a duration such as 6h',
  'facilities[].critical.days': 'write a duration such as 3d',
  groups: 'add "- { id: nights, timezone: America/Chicago, readers: [ID] }" for each reading group',
  'groups[]': 'write { id: nights, timezone: America/Chicago, readers: [ID] }',
  'groups[].id': ID,
  'groups[].timezone': 'write an IANA name such as America/Chicago or Europe/Berlin',
  'groups[].readers': 'write the IDs of people with the role reader, for example [reader-1]',
  'groups[].readers[]': 'write the ID of a person with the role reader',
  'groups[].duty':
    'write duty: { weekly: ["mon-fri 18:00-08:00"], dates: ["2026-12-25 00:00-24:00"] }, or omit it',
  'groups[].duty.weekly': 'write a list such as ["mon-fri 18:00-08:00", "sat,sun 00:00-24:00"]',
  'groups[].duty.weekly[]':
    'write days and hours in quotes, for example "mon-fri 18:00-08:00": days are sun, mon, tue, wed, thu, fri, sat or daily; hours that end earlier than they begin continue into the next day',
  'groups[].duty.dates':
    'write a list such as ["2026-12-25 00:00-24:00", "2026-07-04 off"], each date once',
  'groups[].duty.dates[]':
    'write a date and its hours in quotes, for example "2026-12-25 00:00-24:00", or "2026-07-04 off" when nobody is on duty',
  'groups[].duty.sealTo':
    'write group, or roster to seal studies only to those who are on duty or soon will be',
  'groups[].duty.roster':
    'write a list such as [{ reader: reader-1, weekly: ["daily 18:00-08:00"] }, { backup: reader-2, weekly: ["daily 18:00-08:00"] }]',
  'groups[].duty.roster[]':
    'write { reader: ID, weekly: ["daily 18:00-08:00"] } or { backup: ID, weekly: [...] }, with dates where they differ',
  'groups[].duty.roster[].reader': 'write the ID of a reader of the group',
  'groups[].duty.roster[].backup': 'write the ID of a reader of the group',
  'groups[].coordinators':
    'write the IDs of the people who are notified when no reader reacts, or omit it for the operators',
  'groups[].coordinators[]': 'write the ID of one of the people',
  'groups[].clock':
    'write clock: { stat: "5m to claim, 30m to preliminary", routine: "8h to final" }, or omit it',
  'groups[].escalate':
    'write escalate: ["0m duty", "5m backup", "10m group", "20m operators"], or omit it',
  'groups[].escalate[]':
    'write a time and whom to notify in quotes, for example "5m backup": duty, backup, group, coordinator, operators, or the ID of a person',
  retention: 'write retention: { closed: 30d, quarantine: 90d, reports: 7y }, or omit it',
  'retention.closed':
    'write how long the contents of a case are kept after it was closed, such as 30d or 1y, or omit it',
  'retention.quarantine':
    'write how long an item is held in quarantine, such as 90d, or omit it to hold it until the facility decides',
  'retention.reports':
    'write how long the reports and crosswalks of a case are kept after it was closed, such as 7y, or omit it',
  cases: 'write cases: { claimMinutes: 60, closeOn: reported }, or omit it',
  'cases.claimMinutes': 'write how many minutes a claim lasts without activity, from 5 to 1440',
  'cases.closeOn': 'write reported, or acknowledged if reports are not sent through this gateway',
  notify:
    'write notify: { smtp: { host: mail.example.org, port: 587, from: nocturne@example.org }, webhooks: [], push: { hosts: [...], subject: "mailto:..." } }, or omit it',
  'notify.smtp':
    'write { host: mail.example.org, port: 587, from: nocturne@example.org }, and, if a password is needed, user: NAME and passwordFile: secrets/smtp',
  'notify.smtp.secure':
    'write true for TLS from the first byte (port 465), or omit it for STARTTLS',
  'notify.smtp.passwordFile':
    'write the path of a file with the password, for example secrets/smtp',
  'notify.smtp.ca': "write the path of a PEM file with the certificate of the server's authority",
  'notify.webhooks':
    'write a list of { id: pager, url: https://pager.example.org/hook, secretFile: secrets/pager }',
  'notify.webhooks[].url': 'write an https address; http is allowed only to this machine',
  'notify.webhooks[].secretFile':
    'write the path of a file with 24 or more random bytes, for example secrets/pager',
  'notify.push':
    'write { hosts: [fcm.googleapis.com, "*.push.services.mozilla.com"], subject: "mailto:operator@example.org" }',
  'notify.push.hosts': 'write the host names of push services that browsers of your readers use',
  'notify.push.subject':
    'write a mailto: or https: address at which the push service can reach you',
  people:
    'save the certificate of each person as keys/ID.asc and add "- { id: ID, role: reader, certificate: keys/ID.asc }"; roles are reader, sender, officer and operator',
  'people[]': 'write { id: ID, role: reader, certificate: keys/ID.asc }',
  'people[].id': ID,
  'people[].role': 'write reader, sender, officer or operator',
  'people[].certificate': FILE,
  'people[].contact': 'write contact: { email: name@example.org }, or omit it',
  'people[].contact.email': 'write an e-mail address',
  'people[].contact.quiet':
    'write quiet: { timezone: America/Chicago, weekly: ["daily 22:00-07:00"] }, or omit it',
  'people[].contact.quiet.timezone': 'write an IANA name such as America/Chicago or Europe/Berlin',
  'people[].contact.quiet.weekly':
    'write a list such as ["daily 22:00-07:00"], which leaves some hours of the week',
  'people[].contact.quiet.weekly[]':
    'write days and hours in quotes, for example "daily 22:00-07:00"',
  'people[].contact.quiet.dates':
    'write a list such as ["2026-12-25 00:00-24:00", "2026-12-31 off"]',
  'people[].contact.quiet.dates[]':
    'write a date and its hours in quotes, for example "2026-12-25 00:00-24:00", or "2026-12-31 off" for none',
  'people[].facility': 'write the ID of the facility that a sender sends for',
  recovery: 'write the path of the recovery certificate, for example keys/recovery.asc',
  keys: 'write { fips: true } or { allowRsa2048: true }, or omit it',
  'keys.fips': 'write true to accept only certificates with RSA or NIST curves, or false',
  'keys.allowRsa2048': 'write true to also accept RSA keys of 2048 bits, or false',
  witnesses:
    'write a list of { name: facility-a, url: https://witness.example.org, key: ... }, each with a different name, or omit it',
  'witnesses[]': 'write { name: facility-a, url: https://witness.example.org, key: ... }',
  'witnesses[].name': ID,
  'witnesses[].url': 'write the address of the witness, for example https://witness.example.org',
  'witnesses[].key':
    'write the line that `nocturne witness new` printed on the machine of the witness',
  ledger: 'write ledger: { retention: { years: 7 }, review: { days: 7 } }, or omit it',
  'ledger.retention': 'write retention: { years: 7 }',
  'ledger.retention.years':
    'write 6 or more: 45 CFR 164.316(b)(2)(i) requires six years, and nothing is pruned without an officer',
  'ledger.review': 'write review: { days: 7 }',
  'ledger.review.days':
    'write the maximum number of days between reviews of activity, from 1 to 366',
  sinks:
    'write a list of { id: siem, url: syslog+tls://siem.example.org:6514 }, each with a different ID, or omit it',
  'sinks[]':
    'write { id: siem, url: syslog+tls://siem.example.org:6514, format: dicom, ca: tls/siem-ca.pem, certificate: tls/siem.pem, key: tls/siem-key.pem }; all except ID and url may be omitted; certificate and key only together',
  'sinks[].id': ID,
  'sinks[].url': 'write syslog+tls://HOST:PORT, for example syslog+tls://siem.example.org:6514',
  'sinks[].format':
    'write dicom (DICOM audit messages, IHE ITI-20), fhir (AuditEvent) or json (the entries themselves)',
  'sinks[].ca': "write the path of a PEM file with the certificate of the sink's authority",
  'sinks[].certificate': 'write the path of a PEM file with the client certificate of the gateway',
  'sinks[].key': 'write the path of a PEM file with the key of that certificate',
  textDetector: 'write { threads: 2 } or { kind: none }, or omit it',
  'textDetector.kind': 'write tesseract or none',
  'textDetector.threads': 'write how many images are read at a time, from 1 to 64',
  'textDetector.clears':
    'write false to hold images at risk even when nothing in them identifies the patient',
  ...DOOR_EXPECTATIONS,
  registers: 'write registers: { enforce: warn }, or omit it',
  'registers.enforce':
    'write warn (record an alert and continue) or block (refuse what the registers do not permit, but never STAT)',
  scanner: 'write scanner: { clamd: /run/clamav/clamd.ctl }, or omit it',
  'scanner.clamd': 'write the absolute path of the socket of clamd, or its HOST:PORT',
  directory: 'write directory: { confirm: one }, or omit it',
  'directory.confirm':
    'write one, or two if an officer or operator must confirm each new reader of a group',
  officers: 'write officers: { searchesPerHour: 30, patientSearch: one }, or omit it',
  'officers.searchesPerHour':
    'write how many patients an officer may search for within an hour, from 1 to 1,000',
  'officers.patientSearch':
    'write one, or two if a second officer must agree to every search for a patient',
  backup: 'write backup: { to: /mnt/backup/nocturne }, on another disk than the site, or omit it',
  'backup.to': 'write the path of a folder, on another disk than the site',
  'backup.certificate':
    'write the path of the certificate that backups are sealed to, or omit it to seal them to recovery',
  limits: 'write a map such as { itemBytes: 8 GiB, idleSeconds: 30 }, or omit it',
  logLevel: 'write trace, debug, info, warn, error, fatal or silent',
}

/** What may be written at a place in nocturne.yaml. */
export function expectationOf(path: readonly PropertyKey[]): string {
  const [top, name] = path
  if (top === 'limits' && typeof name === 'string') {
    const rule = Object.entries(LIMIT_RULES).find(([known]) => known === name)?.[1]
    if (rule) {
      const { min, max, unit } = rule
      const kind = unit === 'bytes' ? 'bytes, or a size such as 512 MiB,' : 'a whole number'
      return `write ${kind} from ${formatLimit(min, unit)} to ${formatLimit(max, unit)}`
    }
  }
  const place = path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[]` : `${text}${text && '.'}${String(part)}`,
    '',
  )
  return EXPECTED[place] ?? 'see config/example-site/nocturne.yaml'
}

/** A place in nocturne.yaml in readable form: `facilities[0].groups[1]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number'
        ? `${text}[${String(part)}]`
        : `${text}${text && '.'}${shorten(String(part))}`,
    '',
  )
}

/** Makes a word from the site's files fit on one line of a terminal. */
export function shorten(word: string): string {
  const clean = word.replace(/[^\x20-\x7e]/g, '?')
  return clean.length > 80 ? `${clean.slice(0, 77)}...` : clean
}
