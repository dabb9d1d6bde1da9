import { beforeAll, describe, expect, it } from '@jest/globals'
import { Ajv } from 'ajv'
import type { ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { oscalFiles } from '../../src/compliance/oscal/files.js'
import { assess } from '../../src/compliance/run.js'
import type { Facts } from '../../src/compliance/facts.js'
import { AT, day, DAY, everythingInPlace, freshSite, noFacts } from './_site.js'

const SCHEMA = fileURLToPath(new URL('oscal-schema.json', import.meta.url))

const run = (facts: Facts) =>
  assess(facts, {
    ...{ profile: 'hipaa', gateway: 'gateway.example.org', version: '0.1.0' },
    statements: [
      {
        ...{ id: 's1', row: 'S-33', says: 'met', text: 'two locked doors\nand a guard' },
        ...{ attachments: ['cd'.repeat(32)], until: day(90), by: 'officer-1', at: AT - DAY },
      },
    ],
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })
const filesOf = (facts: Facts) => {
  const assessment = run(facts)
  const entries = new Set(assessment.observations.flatMap(({ evidence }) => evidence.entries))
  const proofs = [...entries].map((index) => ({
    index,
    proof: `c2sp.org/tlog-proof@v1\n${index}\n`,
  }))
  return oscalFiles(assessment, proofs)
}
const SITES = { 'with everything in place': everythingInPlace, fresh: freshSite, unread: noFacts }

/** All values of the matching keys, at any depth. */
function valuesOf(value: unknown, keys: RegExp): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => valuesOf(one, keys))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    typeof inner === 'string' && keys.test(key) ? [inner] : valuesOf(inner, keys),
  )
}

describe.each(Object.entries(SITES))('OSCAL of a site %s', (_name, site) => {
  const files = filesOf(site())
  let validate: ValidateFunction

  beforeAll(() => {
    // The schema's patterns use \p{L}, which needs the `u` flag; strict mode would reject its
    // comment keywords.
    const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true })
    addFormats.default(ajv)
    validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object)
  })

  it.each(files)("$name is valid against NIST's schema", ({ document }) => {
    validate(document)
    expect(validate.errors ?? []).toEqual([])
  })

  it.each(files)('$name is invalid without what the schema requires', ({ document }) => {
    const [[key, body] = ['', {}]] = Object.entries(document as Record<string, object>)
    validate({ [key]: { ...body, metadata: undefined } })
    expect(validate.errors ?? []).not.toEqual([])
  })

  it('is valid for another validator as well', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nocturne-oscal-'))
    try {
      const paths = files.map(({ name, document }) => {
        const path = join(folder, name)
        writeFileSync(path, JSON.stringify(document))
        return path
      })
      const script = fileURLToPath(new URL('validate_oscal.py', import.meta.url))
      const found = execFileSync('python3', [script, SCHEMA, ...paths], { encoding: 'utf8' })
      // Without python3-jsonschema the output says so, and nothing else.
      if (found.startsWith('skipped')) console.warn(found)
      else expect(found.trim().split('\n')).toEqual(files.map(({ name }) => `${name} valid`))
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })

  it('has every reference resolved', () => {
    const byName = new Map(files.map((file) => [file.name, file.document]))
    const catalogIds = new Set(valuesOf(byName.get('catalog.json'), /^id$/))
    for (const { document } of files) {
      const own = new Set(valuesOf(document, /^uuid$/))
      for (const href of valuesOf(document, /^(href|source)$/))
        expect(href.startsWith('#') ? own.has(href.slice(1)) : byName.has(href)).toBe(true)
      const missing = valuesOf(document, /-uuid$/).filter((uuid) => !own.has(uuid))
      expect(missing).toEqual([])
      const unknown = valuesOf(document, /^(control-id|target-id|statement-id)$/)
      expect(unknown.filter((id) => !catalogIds.has(id))).toEqual([])
    }
  })

  it('uses each UUID once, and has no finding without an observation with evidence', () => {
    for (const { document } of files) {
      const uuids = valuesOf(document, /^uuid$/)
      expect(new Set(uuids).size).toBe(uuids.length)
    }
    const text = JSON.stringify(files.find(({ name }) => name === 'assessment-results.json'))
    expect(text).not.toContain('"related-observations":[]')
    expect(text).not.toContain('"relevant-evidence":[]')
  })
})
