import { describe, expect, it } from '@jest/globals'
import { PassThrough } from 'node:stream'
import { showRecords } from '../../src/cli/audit/audit-records.js'
import { Output } from '../../src/cli/output.js'
import { entryOf } from '../ledger/records/_entries.js'

const events = [
  { index: 3, entry: entryOf({ type: 'transfer.claimed' }) },
  { index: 9, entry: entryOf({ type: 'token.issued' }) },
]

async function shown(format: 'fhir' | 'dicom', answer: unknown, isJson = false): Promise<string> {
  const stdout = new PassThrough()
  const output = new Output({ stdout, stderr: new PassThrough() }, isJson)
  await showRecords(output, answer, format, 'https://gateway.example.org/')
  return String(stdout.read() ?? '')
}

describe('audit query --format', () => {
  it('prints a bundle of AuditEvents, with or without --json', async () => {
    const bundle = JSON.parse(await shown('fhir', events)) as { entry: { fullUrl: string }[] }
    expect(bundle.entry.map(({ fullUrl }) => fullUrl)).toEqual(
      events.map(({ entry }) => `https://gateway.example.org/fhir/AuditEvent/${entry.id}`),
    )
    expect(JSON.parse(await shown('fhir', events, true))).toEqual(bundle)
    expect(JSON.parse(await shown('fhir', []))).not.toHaveProperty('entry')
  })

  it('prints one audit message per line', async () => {
    const lines = (await shown('dicom', events)).trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toMatch(/^<AuditMessage>.*<\/AuditMessage>$/)
    const { messages } = JSON.parse(await shown('dicom', events, true)) as { messages: string[] }
    expect(messages).toEqual(lines)
  })

  it('refuses a response that is not from a ledger', async () => {
    await expect(shown('fhir', [{ index: 1, entry: { v: 2 } }])).rejects.toThrow(
      /not come from a compatible gateway/,
    )
  })
})
