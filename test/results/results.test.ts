/** Reports in the formats of a RIS and a PACS, read by independent programs. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  sendMllp,
  toEncapsulatedPdf,
  toFhir,
  toOru,
  toPdf,
  toSr,
  toText,
} from '../../src/results/index.js'
import { storeInstances } from '../../src/cli/facility/pacs.js'
import type { PacsTarget } from '../../src/cli/pacs/address.js'
import { eventually } from '../_eventually.js'
import { Fhir } from 'fhir'
import { finished } from './_report.js'

const has = (program: string, ...args: string[]) =>
  spawnSync(program, args, { stdio: 'ignore' }).error === undefined
const validator = new Fhir()
/** Missing terminology is not an error: the validator does not include it. */
const validate = (resource: object): readonly unknown[] =>
  validator
    .validate(resource, { errorOnUnexpected: true })
    .messages.filter(({ severity }) => ['error', 'fatal'].includes(String(severity)))
const hasHl7 = spawnSync('/usr/bin/python3', ['-c', 'import hl7']).status === 0

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'results-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('text', () => {
  it('names the patient, the status and every section', () => {
    expect(toText(finished({ status: 'preliminary', agreement: undefined }))).toBe(
      [
        'PRELIMINARY REPORT',
        '',
        'Patient: Müller, Jörg K',
        'Patient ID: MRN|7&8',
        'Birth date: 1962-04-17',
        'Sex: M',
        'Accession number: ACC^123',
        'Study: CT HEAD W/O',
        'Study date: 2026-11-29',
        'Referring physician: House, Gregory',
        'Facility: facility-a',
        '',
        'TECHNIQUE',
        'Axial CT without contrast.',
        '',
        'FINDINGS',
        'No haemorrhage.',
        'No fracture | mass \\ shift & ~.',
        '',
        'IMPRESSION',
        'Normal head CT – no bleed.',
        '',
        'Electronically signed by Dr. Ada Night, 2026-11-30T02:03:04.000Z',
        'Case K7Q-4MD, report 019aa000-0000-7000-8000-0000000000aa, issuer HOSPITAL-A',
        '',
      ].join('\n'),
    )
  })
})

const READ_HL7 = `
import sys, json, hl7
m = hl7.parse(sys.stdin.buffer.read().decode('utf-8'))
u = lambda s: m.unescape(str(s))
print(json.dumps({
  'type': u(m.segment('MSH')[9]), 'version': u(m.segment('MSH')[12]),
  'id': m.unescape(m['PID.F3.R1.C1']), 'issuer': m.unescape(m['PID.F3.R1.C4']), 'family': m.unescape(m['PID.F5.R1.C1']),
  'given': m.unescape(m['PID.F5.R1.C2']), 'accession': m.unescape(m['OBR.F18']), 'status': m.unescape(m['OBR.F25']),
  'lines': [u(s[5]) for s in m.segments('OBX') if str(s[2]) == 'TX'],
  'statuses': sorted(set(str(s[11]) for s in m.segments('OBX'))),
}))
`
const describeHl7 = hasHl7 ? describe : describe.skip
describeHl7(`HL7${hasHl7 ? '' : ' (skipped: no python3-hl7)'}`, () => {
  const read = (message: string): Record<string, unknown> =>
    JSON.parse(
      execFileSync('/usr/bin/python3', ['-c', READ_HL7], { input: message }).toString(),
    ) as Record<string, unknown>

  it('is read back identically by another parser, whatever the values contain', () => {
    const read1 = read(toOru(finished(), undefined, 'C1'))
    expect(read1).toMatchObject({
      type: 'ORU^R01^ORU_R01',
      version: '2.5.1',
      id: 'MRN|7&8',
      issuer: 'HOSPITAL-A',
      family: 'Müller',
      given: 'Jörg',
      accession: 'ACC^123',
      status: 'F',
      statuses: ['F'],
    })
    expect(read1.lines).toEqual(
      expect.arrayContaining([
        'FINAL REPORT',
        'MINOR DISCREPANCY with the preliminary report.',
        'No fracture | mass \\ shift & ~.',
        'Normal head CT – no bleed.',
      ]),
    )
  })

  it('marks a preliminary report, and an addendum', () => {
    expect(read(toOru(finished({ status: 'preliminary' }), undefined, 'C')).status).toBe('P')
    expect(read(toOru(finished({ status: 'addendum' }), undefined, 'C')).status).toBe('C')
  })

  it('of a part names its region, and does not complete the order', () => {
    const part = finished({ part: { code: 'R2B-7TX', region: 'chest' } })
    const title = 'FINAL REPORT, CHEST ONLY (part of case R2B-7TX)'
    const some = read(toOru({ ...part, isPartial: true }, undefined, 'C'))
    expect(some).toMatchObject({ status: 'A', statuses: ['F'] })
    expect(some.lines).toContain(title)
    expect(read(toOru(part, undefined, 'C')).status).toBe('F')
    const bundle = JSON.parse(toFhir({ ...part, isPartial: true }, undefined)) as {
      entry: { resource: Record<string, unknown> }[]
    }
    expect(validate(bundle)).toEqual([])
    expect(bundle.entry[2]?.resource).toMatchObject({ status: 'partial', code: { text: title } })
  })
})

describe('MLLP', () => {
  let server: Server
  let verdict = 'AA'
  const got: string[] = []
  let port: number
  beforeAll(async () => {
    server = createServer((socket) => {
      let all = ''
      socket.on('data', (chunk) => {
        all += chunk.toString()
        if (!all.endsWith('\x1c\r')) return
        got.push(all.slice(1, -2))
        const control = all.split('|')[9]
        socket.write(`\x0bMSH|^~\\&|RIS|||||ACK\rMSA|${verdict}|${control}\r\x1c\r`)
      })
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  it('delivers, and succeeds only when the RIS accepts', async () => {
    const message = toOru(finished(), undefined, 'C9')
    await sendMllp(message, { host: '127.0.0.1', port })
    expect(got.at(-1)).toBe(message)
    verdict = 'AE'
    await expect(sendMllp(message, { host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'ris_refused',
    })
    await expect(sendMllp(message, { host: '127.0.0.1', port: 1 })).rejects.toMatchObject({
      code: 'ris_unreachable',
    })
  })
})

const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const suiteOfStore = has('storescp', '--version') ? describe : describe.skip

suiteOfStore(`C-STORE to a PACS${has('storescp', '--version') ? '' : ' (needs dcmtk)'}`, () => {
  let folder = ''
  let port = 0
  let server: ChildProcess | undefined
  const start = async (...more: readonly string[]) => {
    folder = await mkdtemp(join(tmpdir(), 'nocturne-store-'))
    port = await freePort()
    server = spawn('storescp', [...more, '-od', folder, '-aet', 'PACS', String(port)])
    expect(await eventually(() => isListening(port), Boolean, 20_000)).toBe(true)
  }
  const target = (more: Partial<PacsTarget> = {}): PacsTarget => ({
    ...{ host: '127.0.0.1', port, called: 'PACS', calling: 'NOCTURNE' },
    ...more,
  })
  afterEach(async () => {
    server?.kill('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  })

  it.each([[[]], [['--max-pdu', '4096']]])(
    'stores both instances as they were made, twice without harm (storescp %j)',
    async (options) => {
      await start(...options)
      const report = finished()
      const files = [toSr(report), toEncapsulatedPdf(report, await toPdf(report))]
      await storeInstances(files, target())
      await storeInstances(files, target())
      const names = await readdir(folder)
      expect(names).toHaveLength(2)
      for (const name of names) {
        const stored = await readFile(join(folder, name))
        const dataset = (file: Buffer) => file.subarray(144 + file.readUInt32LE(140))
        expect(files.some((file) => dataset(file).equals(dataset(stored)))).toBe(true)
      }
    },
    60_000,
  )

  it('fails when the PACS is away, or refuses the association', async () => {
    await start('--refuse')
    const files = [toSr(finished())]
    await expect(storeInstances(files, target())).rejects.toMatchObject({ code: 'pacs_refused' })
    await expect(storeInstances(files, target({ port: 1 }))).rejects.toMatchObject({
      code: 'pacs_unreachable',
    })
  }, 60_000)
})

describe('FHIR', () => {
  it('is a valid R4 bundle with the original identifiers', async () => {
    const bundle = JSON.parse(toFhir(finished(), await toPdf(finished()))) as {
      entry: { resource: Record<string, unknown> }[]
    }
    expect(validate(bundle)).toEqual([])
    for (const { resource } of bundle.entry) expect(validate(resource)).toEqual([])
    const [patient, , report] = bundle.entry.map(({ resource }) => resource)
    expect(patient).toMatchObject({ identifier: [{ value: 'MRN|7&8' }], gender: 'male' })
    expect(report).toMatchObject({
      status: 'final',
      conclusion: 'MINOR DISCREPANCY with the preliminary report.\nNormal head CT – no bleed.',
    })
  })
})

const hasDciodvfy = has('dciodvfy')
const describeDicom = hasDciodvfy ? describe : describe.skip
describeDicom(`DICOM${hasDciodvfy ? '' : ' (skipped: no dicom3tools)'}`, () => {
  const errorsOf = (file: string): readonly string[] =>
    spawnSync('dciodvfy', [file])
      .stderr.toString()
      .split('\n')
      .filter((line) => line.startsWith('Error'))

  it.each(['preliminary', 'final', 'addendum'] as const)(
    'SR of a %s report passes dciodvfy, and dcmtk reads its text',
    (status) => {
      const file = join(dir, `${status}.dcm`)
      writeFileSync(file, toSr(finished({ status })))
      expect(errorsOf(file)).toEqual([])
      const text = execFileSync('dsrdump', ['+Pl', '+U8', file]).toString()
      expect(text).toContain('Normal head CT – no bleed.')
      expect(text).toContain(
        status === 'preliminary'
          ? 'PRELIMINARY REPORT'
          : status === 'final'
            ? 'FINAL REPORT'
            : 'ADDENDUM',
      )
    },
  )

  it('PDF passes dciodvfy, in the original study', async () => {
    const file = join(dir, 'pdf.dcm')
    writeFileSync(file, toEncapsulatedPdf(finished(), await toPdf(finished())))
    expect(errorsOf(file)).toEqual([])
    const dump = execFileSync('dcmdump', [
      '-q',
      '+P',
      '0020,000d',
      '+P',
      '0008,0050',
      file,
    ]).toString()
    expect(dump).toContain('1.2.840.99999.1.2.3')
    expect(dump).toContain('ACC^123')
  })

  it('is the same instance every time, and so is the PDF', async () => {
    expect(toSr(finished()).equals(toSr(finished()))).toBe(true)
    const first = toEncapsulatedPdf(finished(), await toPdf(finished()))
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(toEncapsulatedPdf(finished(), await toPdf(finished())).equals(first)).toBe(true)
  })
})

const hasPdftotext = has('pdftotext', '-v')
const describePdf = hasPdftotext ? describe : describe.skip
describePdf(`PDF${hasPdftotext ? '' : ' (skipped: no poppler-utils)'}`, () => {
  it('shows no character as a different one, and says when some are missing', async () => {
    const file = join(dir, 'report.pdf')
    writeFileSync(file, await toPdf(finished({ sections: { impression: '正常 ≥ 3 mm' } })))
    const text = execFileSync('pdftotext', ['-layout', file, '-']).toString()
    expect(text).toContain('[#][#] [#] 3 mm')
    expect(text).toContain('Characters that this page cannot show appear as boxes [#]')
    expect(text).toContain('Müller, Jörg K')
  })
})
