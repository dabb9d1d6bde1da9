/** The comparison of output and original, in the terminal and as a page. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { toCommandError } from '../../src/cli/command-error.js'
import { Output } from '../../src/cli/output.js'
import { buildProgram } from '../../src/cli/program.js'
// Loaded before the command does: Jest cannot link modules that are imported at the same time.
import '../../src/cli/facility/local-deidentify.js'
import { diffOf } from '../../src/cli/facility/diff.js'
import { diffLines } from '../../src/cli/facility/diff-terminal.js'
import { file, type Written } from '../deidentify/_build.js'

const ESCAPE = '\u001b'
const NAME = 'QUIXLEY<b>^ZORAN'
const elements: Written[] = [
  [0x00080005, 'CS', 'ISO_IR 100'],
  [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.66'],
  [0x00080018, 'UI', '1.2.3.4'],
  [0x00080060, 'CS', 'CT'],
  [0x00081030, 'LO', 'CT Schädel ohne KM'],
  [0x00081140, 'SQ', { items: [[[0x00081155, 'UI', '1.2.3.9']]] }],
  [0x00100010, 'PN', NAME],
  [0x00100020, 'LO', 'MR4471902'],
  [0x0020000d, 'UI', '1.2.3'],
  [0x0020000e, 'UI', '1.2.3.1'],
]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nocturne-diff-'))
  await writeFile(join(folder, 'one.dcm'), file(elements))
  await writeFile(join(folder, 'cut.dcm'), file(elements).subarray(0, -3))
})
afterAll(() => rm(folder, { recursive: true }))

async function deidentify(words: readonly string[], terminal?: { readonly columns: number }) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  if (terminal) Object.assign(stdout, { isTTY: true, ...terminal })
  const output = new Output({ stdout, stderr }, words.includes('--json'))
  const signal = new AbortController().signal
  const cli = { output: () => output, signal, endsItself: () => undefined }
  const given = ['deidentify', ...words, '--profile', 'pseudonymize']
  const program = await buildProgram(cli, { stdout, stderr })
  const status = await program.parseAsync(given, { from: 'user' }).then(
    () => output.exitCode,
    (error: unknown) => toCommandError(error).exit,
  )
  const text = (stream: PassThrough): string => {
    const read: unknown = stream.read()
    return Buffer.isBuffer(read) ? read.toString() : ''
  }
  return { status, stdout: text(stdout), stderr: text(stderr) }
}

describe('nocturne deidentify --diff', () => {
  it('shows before and after, and marks what was removed, replaced and kept', async () => {
    const { stdout, status } = await deidentify([join(folder, 'one.dcm'), '--diff'])
    expect(status).toBe(0)
    expect(stdout).toMatch(/^~ PatientName +QUIXLEY<b>\^ZORAN +│ [0-9A-F]{16}$/m)
    expect(stdout).toMatch(/^ {2}StudyDescription +CT Schädel ohne KM +│ CT Schädel ohne KM$/m)
    expect(stdout).toMatch(/^\+ PatientIdentityRemoved +│ YES$/m)
    expect(stdout).toMatch(/^~ {3}ReferencedSOPInstanceUID +1\.2\.3\.9 +│ 2\.25\./m)
    expect(stdout).not.toContain('\u001b')
  })

  it('has colours on a terminal only, and lines no wider than it', async () => {
    const one = join(folder, 'one.dcm')
    const { stdout } = await deidentify([one, '--diff'], { columns: 90 })
    expect(stdout).toContain('\u001b[33m~ PatientName')
    const lines = stdout
      .split('\n')
      .map((line) => line.replace(`${ESCAPE}[33m`, '').replace(`${ESCAPE}[0m`, ''))
      .map((line) => line.replace(`${ESCAPE}[31m`, '').replace(`${ESCAPE}[32m`, ''))
      .slice(1)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(90)
  })

  it('shows no values in machine-readable output', async () => {
    const one = join(folder, 'one.dcm')
    const page = join(folder, 'json.html')
    const { stdout, stderr } = await deidentify([one, '--diff-html', page, '--json'])
    expect(stdout).toContain('"action": "replaced"')
    expect(stdout + stderr).not.toMatch(/QUIXLEY|MR4471902/)
    expect((await deidentify([one, '--diff', '--json'])).status).toBe(2)
  })

  it('writes one page for all files, which loads nothing and has no scripts', async () => {
    const page = join(folder, 'page.html')
    const { stdout, stderr, status } = await deidentify([folder, '--diff-html', page])
    expect(status).toBe(1)
    expect(stderr).toContain('cut.dcm')
    expect(stdout).not.toContain('QUIXLEY')
    expect((await stat(page)).mode & 0o777).toBe(0o600)
    const html = await readFile(page, 'utf8')
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`)
    expect(html).toContain('QUIXLEY&#60;b&#62;^ZORAN')
    expect(html).not.toMatch(/<script|<b>|https?:|src=/)
    expect(html).toMatch(/<tr class="replaced"><th scope="row">PatientName/)
    expect(html).toContain('No output was produced')
  })
})

describe('a comparison', () => {
  const before = new Map([
    ['00081030', '頭部 CT 造影 '.repeat(12)],
    ['00100010', 'ZORAN'],
  ])
  const rows = diffOf(before, new Map([['00081030', 'CT']]), new Set())

  it.each([40, 71, 72, 100, 200])('fits into %i columns, wide characters included', (columns) => {
    for (const { text } of diffLines(rows, columns)) {
      const wide = text.match(/[\u3000-\u9fff]/gu)?.length ?? 0
      expect(text.length + wide).toBeLessThanOrEqual(columns)
    }
    expect(rows.map(({ mark }) => mark)).toEqual(['replaced', 'removed'])
  })
})
