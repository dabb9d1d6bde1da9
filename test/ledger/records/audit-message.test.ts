import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { EVENT_TYPES } from '../../../src/ledger/log/events.js'
import { toAuditMessage } from '../../../src/ledger/records/audit-message.js'
import { DCM_MEANINGS } from '../../../src/ledger/records/codes.js'
import { entries, entryOf, PATIENT, SENDER, SOURCE, SYSTEM, TRANSFER, TYPES } from './_entries.js'

/** The schema of PS3.15 A.5.1.1 in RELAX NG's XML syntax. */
const SCHEMA = fileURLToPath(new URL('audit-message.rng', import.meta.url))
const hasLint = spawnSync('xmllint', ['--version']).error === undefined
const needsLint = hasLint ? it : it.skip
const reason = hasLint ? '' : ' (skipped: xmllint is not installed)'

/** xmllint's errors for all messages in a single run; empty when they are valid. */
function complaintsOf(messages: readonly string[], options = ['--relaxng', SCHEMA]): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'audit-message-'))
  try {
    const files = messages.map((message, i) => {
      writeFileSync(join(folder, `${i}.xml`), message)
      return join(folder, `${i}.xml`)
    })
    const { stderr } = spawnSync('xmllint', ['--noout', ...options, ...files], {
      encoding: 'utf8',
      maxBuffer: 2 ** 26,
    })
    return stderr.split('\n').filter((line) => line !== '' && !line.endsWith(' validates'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const messageOf = (entry: Parameters<typeof toAuditMessage>[0]) => toAuditMessage(entry, 7, SOURCE)

describe('the audit message of an entry', () => {
  needsLint(`is valid by the schema of PS3.15 A.5.1 for every kind of event${reason}`, () => {
    const messages = TYPES.flatMap((type) =>
      fc.sample(entries(type), { seed: 1, numRuns: 12 }).map(messageOf),
    )
    expect(complaintsOf(messages)).toEqual([])
  })

  needsLint(`is told apart from one that the schema forbids${reason}`, () => {
    const good = messageOf(entryOf({ type: 'item.accepted', patient: PATIENT, transfer: TRANSFER }))
    const bad = [
      good.replace('EventOutcomeIndicator="0"', 'EventOutcomeIndicator="5"'),
      good.replace(/<ParticipantObjectName>.*?<\/ParticipantObjectName>/, ''),
      good.replace(/<ActiveParticipant.*<\/ActiveParticipant>/, ''),
      good.replace('originalText', 'meaning'),
    ]
    for (const message of bad) {
      expect(message).not.toBe(good)
      expect(complaintsOf([message])).not.toEqual([])
    }
  })

  it('keeps any value of an entry inside its attribute', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const { detail } = entryOf({
          type: 'token.issued',
          detail: { name: value.toWellFormed(), '"><evil a="': 'x' },
        })
        const message = messageOf(entryOf({ type: 'token.issued', ...(detail && { detail }) }))
        expect(message).not.toContain('<evil')
        expect(message.match(/<\/?AuditMessage>/g)).toHaveLength(2)
      }),
    )
  })

  it.each(Object.entries(EVENT_TYPES))('names %s by codes from CID 400 and 401', (_, codes) => {
    for (const code of codes) expect(DCM_MEANINGS).toHaveProperty([code])
    expect(codes[0]).toMatch(/^1101(0\d|1[0-4])$/)
    for (const type of codes.slice(1)) expect(type).toMatch(/^1101(2\d|3\d|4[0-2])$/)
  })

  it('identifies a study by its new UID, the patient by handle, and the sender with address', () => {
    const message = messageOf(
      entryOf({
        type: 'item.accepted',
        actor: SENDER,
        facility: 'facility-a',
        patient: PATIENT,
        transfer: TRANSFER,
        item: 3,
        detail: { study: '2.25.17', profile: 'pseudonymize' },
      }),
    )
    expect(message).toContain('ParticipantObjectID="2.25.17" ParticipantObjectTypeCode="2"')
    expect(message).toContain('csd-code="110180" codeSystemName="DCM"')
    expect(message).toContain(`ParticipantObjectID="${PATIENT}" ParticipantObjectTypeCode="1"`)
    expect(message).toContain('NetworkAccessPointID="192.0.2.7" NetworkAccessPointTypeCode="2"')
    expect(message).toContain('<Encrypted>true</Encrypted><Anonymized>true</Anonymized>')
  })

  it('has at most one requestor, who is never the actor of an alert (A.5.3.11)', () => {
    for (const type of TYPES) {
      for (const actor of [SENDER, SYSTEM]) {
        const message = messageOf(entryOf({ type, actor }))
        const requestors = message.match(/UserID="[^"]*"[^>]*UserIsRequestor="true"/g) ?? []
        expect(requestors).toHaveLength(1)
        if (EVENT_TYPES[type][0] === '110113') expect(requestors[0]).toContain('gateway.example')
      }
    }
  })
})
