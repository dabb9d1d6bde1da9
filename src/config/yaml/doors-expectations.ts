/** What holds for each door that has a port of its own. */
const ofPort = (door: 'dimse' | 'mllp'): Readonly<Record<string, string>> => ({
  [`doors.${door}.tls`]: 'write tls: { cert: tls/cert.pem, key: tls/key.pem }',
  [`doors.${door}.tls.cert`]: 'write the path of the PEM file with the certificate and its chain',
  [`doors.${door}.tls.key`]: 'write the path of the PEM file with the private key',
  [`doors.${door}.plainFrom`]:
    'write a list of addresses that may connect without TLS, for example [10.1.2.0/24], or omit it',
  [`doors.${door}.plainFrom[]`]:
    'write an address such as 10.1.2.3 or a network such as 10.1.2.0/24',
  [`doors.${door}.peers[].addresses`]:
    'write a list of addresses that it connects from, for example [10.1.2.3], or omit it',
  [`doors.${door}.peers[].addresses[]`]:
    'write an address such as 10.1.2.3 or a network such as 10.1.2.0/24',
  [`doors.${door}.peers[].certificate`]:
    'write the path of a PEM file with the certificate of the peer or its authority',
})

/** What to write for the doors and the intake of studies. */
export const DOOR_EXPECTATIONS: Readonly<Record<string, string>> = {
  ...ofPort('dimse'),
  ...ofPort('mllp'),
  doors:
    'write doors: { dimse: { listen: 127.0.0.1:11112, peers: [{ aeTitle: PACS, facility: ID }] } }, or omit it',
  'doors.stow': 'write true to accept studies over STOW-RS (DICOMweb), or false',
  'doors.dimse':
    'write { listen: HOST:PORT, aeTitle: NOCTURNE, tls: { cert: tls/cert.pem, key: tls/key.pem }, peers: [{ aeTitle: PACS, facility: ID, addresses: [10.1.2.3] }] }',
  'doors.dimse.listen': 'write HOST:PORT, for example 127.0.0.1:11112 or 0.0.0.0:2762',
  'doors.dimse.aeTitle': 'write the AE title of the gateway: 1 to 16 characters, without backslash',
  'doors.dimse.peers': 'write a list of { aeTitle: PACS, facility: ID, addresses: [10.1.2.3] }',
  'doors.dimse.peers[]':
    'write { aeTitle: PACS, facility: ID }, with addresses: [10.1.2.3] or certificate: tls/pacs.pem unless it connects from this machine',
  'doors.dimse.peers[].aeTitle':
    "write the peer's own AE title: 1 to 16 characters, without backslash",
  'doors.dimse.peers[].facility': 'write the ID of the facility whose studies it sends',
  'doors.dimse.peers[].report':
    'write the HOST:PORT at which the peer receives storage commitment reports, or omit it',
  'doors.mllp':
    'write { listen: HOST:PORT, tls: { cert: tls/cert.pem, key: tls/key.pem }, peers: [{ application: RIS, facility: ID, addresses: [10.1.2.3] }] }',
  'doors.mllp.listen': 'write HOST:PORT, for example 127.0.0.1:2575',
  'doors.mllp.peers': 'write a list of { application: RIS, facility: ID, addresses: [10.1.2.3] }',
  'doors.mllp.peers[]':
    'write { application: RIS, facility: ID }, with addresses: [10.1.2.3] or certificate: tls/ris.pem unless it connects from this machine',
  'doors.mllp.peers[].application': 'write the Sending Application (MSH-3) of the peer',
  'doors.mllp.peers[].facility': 'write the ID of the facility whose orders it sends',
  'intake.requisitionDays':
    'write after how many days a requisition without a study is removed, from 1 to 90',
  intake: 'write intake: { quiet: 30, cap: 3600 }, or omit it',
  'intake.quiet':
    'write the number of seconds without a further instance after which a study is closed, from 1 to 3,600: 30, or { stat: 15, urgent: 30, routine: 60 }',
  'intake.rules':
    'write a list of { when: { modality: MG }, then: { group: nights, priority: urgent } }, or omit it',
  'intake.rules[]':
    'write { when: { modality: [CT, MR], bodyPart: HEAD }, then: { group: nights, priority: stat } }; a rule without when matches everything',
  'intake.rules[].when':
    'write conditions from facility, aeTitle, modality, station, bodyPart, address and hours, each a value or a list',
  'intake.rules[].when.address':
    'write an address such as 10.1.2.3, a network such as 10.1.2.0/24, or a list of them',
  'intake.rules[].when.hours':
    'write days and hours such as mon-fri 18:00-07:00, or a list of them',
  'intake.rules[].then':
    'write group: ID or hold: true, and optionally priority: routine, urgent or stat, and profile: NAME',
  'intake.rules[].then.group': 'write the ID of one of the groups that the facility sends to',
  'intake.rules[].then.priority': 'write routine, urgent or stat',
  'intake.rules[].then.profile': 'write strip, pseudonymize, or the path of your own profile',
  'intake.rules[].then.hold': 'write true: the study waits until a person names its group',
  'intake.timezone':
    'write the IANA name of the time zone of the hours in intake.rules, such as America/New_York',
  'intake.cap':
    'write the number of seconds after which a study is closed in any case, from 10 to 86,400',
}
