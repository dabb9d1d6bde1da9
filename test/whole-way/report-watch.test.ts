/**
 * A facility's machine at night: `reports watch` unattended, with a RIS (python3-hl7 over TLS) that
 * first does not answer and then refuses, a watch that is killed meanwhile, and Orthanc as PACS.
 * Every output is read by a program that nobody here wrote.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Fhir } from 'fhir'
import { builtCommand } from '../_built.js'
import { newAuthority } from '../_certificates.js'
import type { Certificates } from '../_certificates.js'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from './_gateway.js'
import type { Ran, RunningGateway, TestSite } from './_gateway.js'
import { call, upload } from './_http.js'
import { claim, readerOf } from './_reader.js'
import { makeStudy } from './_study.js'

const PLANTED = 'ZEBRAFISH'
const TEXT = `FINDINGS: No haemorrhage \u2265 3 mm. ${PLANTED} | ^ & ~.\nIMPRESSION: Normal.\n`
const ORTHANC = '/usr/sbin/Orthanc'
const PYTHON = '/usr/bin/python3'

const absent = [
  ...(existsSync(ORTHANC) ? [] : ['orthanc']),
  ...(spawnSync(PYTHON, ['-c', 'import hl7.mllp']).status === 0 ? [] : ['python3-hl7']),
  ...(spawnSync('dciodvfy', ['--version']).error ? ['dicom3tools'] : []),
  ...(spawnSync('dcmdump', ['--version']).error ? ['dcmtk'] : []),
]
const peers = absent.length === 0 ? describe : describe.skip

/** A message as python3-hl7 understands it. */
interface Heard {
  readonly control: string
  readonly type: string
  readonly patient: string
  readonly accession: string
  readonly status: string
  readonly statuses: readonly string[]
  readonly lines: readonly string[]
  readonly pdf: string
  readonly whole: string
}

peers(`reports watch (needs: ${absent.join(' ') || 'nothing more'})`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let orthanc: ChildProcess
  let pacs: { readonly url: string; readonly dicom: number }
  let ris: { readonly child: ChildProcess; readonly port: string; readonly heard: Heard[] }
  let tls: Certificates
  let code = ''
  const original = { patient: '', study: '', accession: '' }
  const pseudonyms: string[] = []
  const children: ChildProcess[] = []
  const at = (name: string): string => join(site.dir, '..', name)
  const access = (principal: string) => [
    ...['--gateway', gateway.url, '--token-file', site.tokenFile(principal)],
    ...['--key', site.keyFile(principal)],
  ]
  const report = (status: string, ...more: readonly string[]): Promise<Ran> =>
    nocturne(
      ...['report', code, '--status', status, '--text', at('report.txt')],
      ...[...access('reader-1'), '--name', 'Dr. Ada Night', ...more],
    )

  beforeAll(async () => {
    site = await makeSite()
    const study = await makeStudy(at('study'), '--instances', '1', '--size', '64')
    gateway = await site.start()
    const { id } = (await upload(site, gateway, study)).body
    await claim(gateway, await readerOf(site), id)
    const token = await site.token('reader-1')
    code = (await call(gateway, 'GET', `/v1/cases/${id}`, { token })).body.code
    await nocturne('pull', id, ...access('reader-1'), '--out', at('night'))
    const pulled = await readdir(at('night'), { recursive: true })
    const name = pulled.find((one) => one.endsWith('.dcm')) ?? ''
    const given = elements(study[0] ?? '')
    const seen = elements(join(at('night'), name))
    Object.assign(original, given)
    pseudonyms.push(seen.patient, seen.study)
    expect([seen.patient, seen.study]).not.toEqual([given.patient, given.study])
    await writeFile(at('report.txt'), TEXT)
    tls = await (await newAuthority(at('.'), 'ris'))('127.0.0.1')
    pacs = await startPacs()
    ris = await startRis('none', 'AE', 'AA')
  }, 180_000)

  afterAll(async () => {
    for (const child of [...children, orthanc, ris.child]) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    }
    await gateway.stop()
    await site.remove()
  })

  /** Identity of an instance, as dcmtk reads it. */
  function elements(file: string): typeof original {
    const dump = execFileSync('dcmdump', ['-q', '+U8', '--print-all', file]).toString()
    const of = (tag: string) =>
      new RegExp(`^\\(${tag}\\) .. \\[([^\\]]*)`, 'm').exec(dump)?.[1]?.trim() ?? ''
    return { patient: of('0010,0020'), study: of('0020,000d'), accession: of('0008,0050') }
  }

  async function startPacs() {
    const [http = 0, dicom = 0] = await freePorts()
    const folder = at('orthanc')
    await mkdir(folder)
    const file = join(folder, 'orthanc.json')
    const config = {
      ...{ StorageDirectory: folder, IndexDirectory: folder, HttpPort: http, DicomPort: dicom },
      ...{ DicomAet: 'PACS', DicomCheckCalledAet: true, DicomAlwaysAllowStore: true },
    }
    await writeFile(file, JSON.stringify(config))
    orthanc = spawn(ORTHANC, [file], { stdio: 'ignore' })
    const url = `http://127.0.0.1:${http}`
    const isUp = () => fetch(`${url}/system`).then(Boolean, () => false)
    await eventually(isUp, Boolean, 60_000)
    return { url, dicom }
  }

  async function startRis(...answers: readonly string[]) {
    const script = fileURLToPath(new URL('_mllp_listener.py', import.meta.url))
    const child = spawn(PYTHON, [script, at('ris-port'), tls.certificate, tls.key, ...answers])
    const heard: Heard[] = []
    createInterface({ input: child.stdout }).on('line', (line) =>
      heard.push(JSON.parse(line) as Heard),
    )
    const read = () => readFile(at('ris-port'), 'utf8').catch(() => '')
    return { child, heard, port: await eventually(read, (port) => port !== '', 20_000) }
  }

  function startWatch() {
    const child = spawn(process.execPath, [
      ...[builtCommand(), 'reports', 'watch', ...access('facility-a'), '--json', '--every', '1'],
      ...['--crosswalk', at('crosswalk'), '--out', at('reports')],
      ...['--mllp', `127.0.0.1:${ris.port}`, '--mllp-ca-file', tls.ca],
      ...['--pacs', `PACS@127.0.0.1:${pacs.dicom}`],
    ])
    children.push(child)
    let printed = ''
    let complained = ''
    child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (complained += chunk.toString()))
    const exited = once(child, 'exit') as Promise<[number | null, string | null]>
    return {
      end: async (signal: NodeJS.Signals) => {
        child.kill(signal)
        const [status, ended] = await exited
        return { status, ended, printed, complained }
      },
    }
  }

  const waiting = async (): Promise<number> => {
    const token = await site.token('facility-a')
    const { body } = await call(gateway, 'GET', '/v1/reports?waiting=true', { token })
    return (body as unknown as { reports: unknown[] }).reports.length
  }
  const inPacs = async (): Promise<string[]> =>
    (await (await fetch(`${pacs.url}/instances`)).json()) as string[]

  it('acknowledges nothing that the RIS did not take, and repeats after a kill', async () => {
    expect(await report('preliminary')).toMatchObject({ status: 0 })
    const first = startWatch()
    await eventually(
      () => Promise.resolve(ris.heard.length),
      (count) => count > 0,
      30_000,
    )
    expect(await first.end('SIGKILL')).toMatchObject({ ended: 'SIGKILL' })
    expect([await waiting(), await inPacs()]).toEqual([1, []])
    const second = startWatch()
    await eventually(waiting, (count) => count === 0, 30_000)
    expect(await report('final', '--agreement', 'minor')).toMatchObject({ status: 0 })
    await eventually(waiting, (count) => count === 0, 30_000)
    const ended = await second.end('SIGTERM')
    expect(ended).toMatchObject({ status: 0, ended: null })
    expect(ended.complained).toContain('RIS')
    expect(JSON.parse(ended.printed)).toEqual({ written: 2 })
  }, 120_000)

  it('gives the RIS what it can parse: the original identity, one control ID per report', () => {
    expect(ris.heard.map(({ status }) => status)).toEqual(['P', 'P', 'P', 'F'])
    const [first, second, third, last] = ris.heard
    expect(new Set([first?.whole, second?.whole, third?.whole]).size).toBe(1)
    expect(last?.control).not.toBe(first?.control)
    for (const one of ris.heard) {
      expect(one).toMatchObject({
        ...{ type: 'ORU^R01^ORU_R01', pdf: 'JVBERi0x' },
        ...{ patient: original.patient, accession: original.accession },
        statuses: [one.status],
      })
      expect(one.lines).toContain(`No haemorrhage \u2265 3 mm. ${PLANTED} | ^ & ~.`)
      for (const pseudonym of pseudonyms) expect(one.whole).not.toContain(pseudonym)
    }
    expect(first?.lines[0]).toBe('PRELIMINARY REPORT')
    expect(last?.lines).toContain('MINOR DISCREPANCY with the preliminary report.')
  })

  it('gives the PACS an SR and a PDF per report, once, in the original study', async () => {
    const ids = await inPacs()
    expect(ids).toHaveLength(4)
    const modalities: string[] = []
    for (const id of ids) {
      const file = at(`stored-${id}.dcm`)
      const got = await fetch(`${pacs.url}/instances/${id}/file`)
      await writeFile(file, new Uint8Array(await got.arrayBuffer()))
      expect(elements(file)).toEqual(original)
      expect(errorsOf(file)).toEqual([])
      const tags = await fetch(`${pacs.url}/instances/${id}/simplified-tags`)
      modalities.push(((await tags.json()) as { Modality: string }).Modality)
    }
    expect(modalities.sort()).toEqual(['DOC', 'DOC', 'SR', 'SR'])
  }, 60_000)

  it('writes files that dciodvfy, dsrdump and a FHIR validator accept, without a pseudonym', async () => {
    const validator = new Fhir()
    const names = await readdir(at('reports'))
    expect(names).toHaveLength(12)
    for (const name of names) {
      const file = join(at('reports'), name)
      const bytes = await readFile(file)
      for (const pseudonym of pseudonyms)
        expect([name, bytes.includes(pseudonym)]).toEqual([name, false])
      if (name.endsWith('.dcm')) expect(errorsOf(file)).toEqual([])
      if (name.endsWith('.sr.dcm'))
        expect(execFileSync('dsrdump', ['+Pl', '+U8', file]).toString()).toContain(PLANTED)
      if (!name.endsWith('.json')) continue
      const { messages } = validator.validate(JSON.parse(bytes.toString()) as object, {
        errorOnUnexpected: true,
      })
      expect(messages.filter(({ severity }) => /error|fatal/.test(String(severity)))).toEqual([])
    }
  }, 60_000)

  it('leaves the text of the report nowhere on the gateway', async () => {
    const names = await readdir(site.dir, { recursive: true, withFileTypes: true })
    for (const one of names.filter((each) => each.isFile())) {
      const path = join(one.parentPath, one.name)
      const bytes = await readFile(path).catch(() => Buffer.alloc(0))
      expect([path, bytes.includes(PLANTED)]).toEqual([path, false])
    }
    expect(gateway.log()).not.toContain(PLANTED)
  })
})

const errorsOf = (file: string): readonly string[] =>
  spawnSync('dciodvfy', [file])
    .stderr.toString()
    .split('\n')
    .filter((line) => line.startsWith('Error'))

async function freePorts(): Promise<number[]> {
  const servers = await Promise.all(
    [1, 2].map(async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  for (const server of servers) {
    server.close()
    await once(server, 'close')
  }
  return ports
}
