import { describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assessmentCsv } from '../../src/compliance/exports/rows.js'
import { assessmentWorkbook } from '../../src/compliance/exports/workbook.js'
import { assess } from '../../src/compliance/run.js'
import { zipOf } from '../../src/lib/zip.js'
import { AT, change, day, everythingInPlace } from './_site.js'

const DANGEROUS = '=HYPERLINK("http://x") <b>&"\u0007'

const facts = change('registers', {
  actions: [
    {
      ...{ id: 'a1', row: 'S-07', owner: 'officer-1', due: day(9), text: DANGEROUS },
      ...{ createdAt: AT, doneAt: undefined, evidence: undefined },
    },
  ],
})(everythingInPlace())
const assessment = assess(facts, {
  ...{ profile: 'hipaa', gateway: 'gateway.example.org', version: '0.1.0', statements: [] },
  sha256: (text) => createHash('sha256').update(text).digest('hex'),
})

const READ = `
import sys
try:
    import openpyxl
except ImportError:
    print('skipped: python3-openpyxl is not installed')
    sys.exit(0)
book = openpyxl.load_workbook(sys.argv[1])
for sheet in book:
    print(sheet.title, sheet.max_row, sheet.max_column, sheet.freeze_panes)
print(repr(book['Actions']['E2'].value), book['Actions']['E2'].data_type)
print(book['Protocol']['A1'].value, '|', book['Protocol']['F1'].value)
`

describe('an assessment in the columns of the protocol', () => {
  it('is CSV with a line for each of its 180 rows, none of which a spreadsheet evaluates', () => {
    const csv = assessmentCsv(assessment)
    expect(csv.startsWith('"Audit Type","Section","Key Activity"')).toBe(true)
    const records = csv.match(/^"(?:Privacy|Security|Breach)",/gm)
    expect(records).toHaveLength(180)
    expect(csv).not.toMatch(/(?:^|,)"=/m)
  })

  it('is a workbook that another program reads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nocturne-xlsx-'))
    try {
      const chunks: Uint8Array[] = []
      for await (const chunk of zipOf(assessmentWorkbook(assessment))) chunks.push(chunk)
      const [book, script] = [join(folder, 'a.xlsx'), join(folder, 'read.py')]
      writeFileSync(book, Buffer.concat(chunks))
      writeFileSync(script, READ)
      const found = execFileSync(
        process.env.NOCTURNE_TEST_PYTHON ?? '/usr/bin/python3',
        [script, book],
        {
          encoding: 'utf8',
        },
      )
      if (found.startsWith('skipped')) {
        console.warn(found)
        return
      }
      expect(found.trim().split('\n')).toEqual([
        'Protocol 181 17 A2',
        `Evidence ${assessment.observations.length + 1} 9 A2`,
        'Actions 2 7 A2',
        `'=HYPERLINK("http://x") <b>&" ' s`,
        'Audit Type | Required/Addressable',
      ])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
