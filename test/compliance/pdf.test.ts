import { describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compare } from '../../src/compliance/index.js'
import { assessmentPdf } from '../../src/compliance/exports/pdf.js'
import { assess } from '../../src/compliance/run.js'
import type { Facts } from '../../src/compliance/facts.js'
import { everythingInPlace, freshSite } from './_site.js'

const hasPoppler = spawnSync('pdfinfo', ['-v']).error === undefined

const run = (facts: Facts) =>
  assess(facts, {
    ...{ profile: 'hipaa', gateway: 'gateway.example.org', version: '0.1.0', statements: [] },
    sha256: (text) => createHash('sha256').update(text).digest('hex'),
  })

async function pdf(): Promise<Buffer> {
  const [before, after] = [run(everythingInPlace()), run(freshSite())]
  const chunks: Uint8Array[] = []
  for await (const chunk of assessmentPdf(after, {
    ...{ ledgerKey: 'gateway.example.org/audit+01234567+KEY', event: 41, madeBy: 'officer-1' },
    differences: { since: before.at, rows: compare(before, after) },
  }))
    chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('the PDF of an assessment', () => {
  it('is tagged, with headings, lists and tables, and a structure that every page refers to', async () => {
    const text = (await pdf()).toString('latin1')
    expect(text).toMatch(/\/Marked true/)
    for (const type of ['Document', 'H1', 'H2', 'P', 'L', 'LI', 'LBody', 'Table', 'TR', 'TH', 'TD'])
      expect(text).toContain(`/S /${type}\n`)
    const pages = text.match(/\/Type \/Page\n/g)?.length ?? 0
    expect(pages).toBeGreaterThan(5)
    expect(text.match(/\/StructParents \d+/g)).toHaveLength(pages)
  })

  it('is recognized as tagged, and read in order, by another program', async () => {
    if (!hasPoppler) {
      console.warn('skipped: poppler-utils is not installed')
      return
    }
    const folder = mkdtempSync(join(tmpdir(), 'nocturne-pdf-'))
    try {
      const file = join(folder, 'assessment.pdf')
      writeFileSync(file, await pdf())
      const said = (program: string, ...args: string[]) =>
        spawnSync(program, [...args, file, ...(program === 'pdftotext' ? ['-'] : [])], {
          encoding: 'utf8',
        })
      const info = said('pdfinfo')
      expect(info.stdout).toMatch(/Tagged:\s+yes/)
      expect(info.stderr).toBe('')
      const structure = said('pdfinfo', '-struct')
      expect(structure.stdout.match(/^ +Table/gm)?.length).toBeGreaterThan(4)
      const text = said('pdftotext', '-layout').stdout
      const headings = [
        'Summary',
        'What changed since',
        'Gaps and next',
        'Action plan',
        'Security: every row',
        'Evidence',
        'Source',
      ]
      const places = headings.map((heading) => text.indexOf(heading))
      expect(places.every((place) => place >= 0)).toBe(true)
      expect(places).toEqual(places.toSorted((a, b) => a - b))
      expect(text).toMatch(/not make anyone compliant/)
      // A command that is copied from the page is the one to run.
      expect(said('pdftotext').stdout).not.toMatch(/ --\n/)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
