/** The introduction to the reference. */

export const TEXT = `The gateway takes studies from facilities, de-identifies their headers, seals them to the readers on duty, and delivers
ciphertext. Anything that speaks HTTP and OpenPGP can be a client; the \`nocturne\` command is one.

**Authentication.** \`Authorization: Bearer TOKEN\`. Machines get a token from the operator, people sign in with their OpenPGP key.

**Errors** are \`application/problem+json\` (RFC 9457). Branch on \`code\`; \`hint\` says what to do; \`field\` names the part at fault;
\`type\` is the address of a page about the code. [All codes](/reference/errors).

- **400**: the request does not have the form described here: it is not JSON, a member is unknown, repeated or missing, or a value has the wrong form.
- **422**: the form is right, and what it says cannot be accepted: no such group, a signature that does not match, no file that could be taken.
- **404**: resources that you may not see get the same answer as those that do not exist.
- **503** and **507**: temporarily unavailable. Repeat the same request after \`Retry-After\` seconds; nothing from it was kept.

**HEAD** works wherever GET does. On sealed content it answers with size and ETag, and is no event of the ledger.

**Answers** may get new members. Ignore those that you do not know.`

export const TAGS = [
  { name: 'Sending', description: 'For facilities.' },
  {
    name: 'Sealing at the facility',
    description: 'For edges, which seal where the studies are made.',
  },
  { name: 'Quarantine and crosswalk', description: 'What a facility manages.' },
  { name: 'Reading', description: 'For reading groups.' },
  {
    name: 'Cases',
    description: 'A case is what one reader reads as one job: it is claimed, read and closed.',
  },
  { name: 'Reports', description: 'What readers send back, sealed to the facility.' },
  {
    name: 'Critical results',
    description: 'Findings that a person at the facility must read back.',
  },
  { name: 'Duty', description: 'For reading groups and officers.' },
  { name: 'Recipients', description: 'Who can open a transfer.' },
  { name: 'Signing in', description: 'Before the first request, and at the start of a shift.' },
  {
    name: 'Joining',
    description:
      'How a person is invited, sends a certificate, and is put into effect by the operator.',
  },
  { name: 'Ledger', description: 'For officers.' },
  { name: 'Reviews, holds, pruning', description: 'For officers.' },
  { name: 'Compliance', description: 'For officers: registers and assessments.' },
  { name: 'Operation', description: 'For operators.' },
  { name: 'FHIR', description: 'The ledger for other audit systems.' },
  { name: 'Health', description: 'For operators and their machines.' },
  { name: 'Pages', description: 'For browsers.' },
]
