/** Prior studies from Orthanc, by C-FIND and C-MOVE and by DICOMweb, in the case of a new one. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openSite, SITE_ACTOR } from '../../src/cli/site/site.js'
import { initSite } from '../../src/config/init/index.js'
import { createGateway } from '../../src/gateway.js'
import type { Gateway } from '../../src/gateway.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { createLogger } from '../../src/lib/logger.js'
import { newKey } from '../../src/seal/keys/index.js'
import { keepEventTypes } from '../_event-types.js'
import { eventually } from '../_eventually.js'
import { file } from '../deidentify/_build.js'
import { call } from '../whole-way/_http.js'

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const peer = existsSync('/usr/sbin/Orthanc') && existsSync(PLUGIN) ? describe : describe.skip

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

interface Made {
  readonly study: string
  readonly patient?: string
  readonly description?: string
  readonly date?: string
  readonly at?: number
}
const made = ({
  study,
  patient = 'PAT-7',
  description = 'CT chest',
  date = '20240101',
  at = 1,
}: Made) =>
  file([
    [0x0020000d, 'UI', study],
    [0x0020000e, 'UI', `${study}.1`],
    [0x00080018, 'UI', `${study}.1.${at}`],
    [0x00080020, 'DA', date],
    [0x00081030, 'LO', description],
    [0x00100020, 'LO', patient],
  ])

interface CaseOf {
  readonly id: string
  readonly state: string
  readonly modality: string
  readonly transfers: readonly { readonly id: string; readonly joining: string }[]
  readonly priors?: { readonly state: string }
}

peer('prior studies (needs orthanc, orthanc-dicomweb)', () => {
  let parent = ''
  let dir = ''
  let gateway: Gateway
  let running: Awaited<ReturnType<Gateway['start']>>
  let orthanc: ChildProcess
  let ports: { door: number; dicom: number; http: number }
  let tokens = new Map<string, string>()

  async function start(priors: string): Promise<void> {
    const yaml = join(dir, 'nocturne.yaml')
    const text = (await readFile(`${yaml}.first`, 'utf8')).replace(
      'groups: [nights] }',
      `groups: [nights], priors: ${priors} }`,
    )
    await writeFile(yaml, text)
    gateway = await createGateway(await openSite(dir), { port: 0, logger: createLogger('silent') })
    running = await gateway.start()
    tokens = new Map()
    for (const id of ['facility-a', 'reader-1'])
      tokens.set(id, (await running.rooms.tokens.issue(id, { days: 30, actor: SITE_ACTOR })).token)
  }

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'nocturne-priors-'))
    dir = join(parent, 'site')
    ports = { door: await freePort(), dicom: await freePort(), http: await freePort() }
    await initSite(dir, { demo: true, newKey, newLedgerKey })
    const text = await readFile(join(dir, 'nocturne.yaml'), 'utf8')
    await writeFile(
      join(dir, 'nocturne.yaml.first'),
      text.replace(
        /^doors:\n( .*\n)+/m,
        `doors:\n  dimse: { listen: 127.0.0.1:${ports.door}, peers: [{ aeTitle: PACS, facility: facility-a }] }\nintake: { quiet: 1 }\n`,
      ),
    )
    const store = join(parent, 'orthanc')
    await mkdir(store)
    const config = {
      ...{ StorageDirectory: store, IndexDirectory: store, HttpPort: ports.http },
      ...{ RemoteAccessAllowed: false, AuthenticationEnabled: true },
      RegisteredUsers: { nocturne: 'night' },
      ...{ DicomPort: ports.dicom, DicomAet: 'PACS', Plugins: [PLUGIN] },
      DicomModalities: { nocturne: ['NOCTURNE', '127.0.0.1', ports.door] },
      DicomWeb: { Enable: true },
    }
    await writeFile(join(parent, 'orthanc.json'), JSON.stringify(config))
    orthanc = spawn('/usr/sbin/Orthanc', [join(parent, 'orthanc.json')], { stdio: 'ignore' })
    const up = () => pacs('GET', '/system').catch(() => 0)
    await eventually(up, (status) => status === 200, 60_000)
    const all = [
      { study: '1.2.50.1', date: '20230105' },
      { study: '1.2.50.1', date: '20230105', at: 2 },
      { study: '1.2.50.2', description: 'MR brain' },
      { study: '1.2.50.3', date: '20050105' },
      { study: '1.2.50.4', patient: 'PAT-70' },
    ]
    for (const one of all) expect(await pacs('POST', '/instances', made(one))).toBe(200)
  }, 120_000)

  afterAll(async () => {
    await gateway.close(0)
    orthanc.kill()
    await once(orthanc, 'exit')
    await keepEventTypes(dir)
    await rm(parent, { recursive: true, force: true })
  })

  const authorization = `Basic ${Buffer.from('nocturne:night').toString('base64')}`
  async function pacs(method: string, path: string, body?: Buffer): Promise<number> {
    const url = `http://127.0.0.1:${ports.http}${path}`
    const headers = { authorization }
    const init = body ? { method, headers, body: new Uint8Array(body) } : { method, headers }
    return (await fetch(url, init)).status
  }

  async function send(one: Made): Promise<void> {
    const answer = await fetch(`${running.url}/dicom-web/studies`, {
      method: 'POST',
      headers: {
        'content-type': 'application/dicom',
        authorization: `Bearer ${tokens.get('facility-a') ?? ''}`,
      },
      body: new Uint8Array(made(one)),
    })
    expect(answer.status).toBe(200)
  }

  const cases = async (): Promise<readonly CaseOf[]> => {
    const token = tokens.get('reader-1') ?? ''
    return (await call(running, 'GET', '/v1/cases', { token })).body.cases as readonly CaseOf[]
  }
  const newCase = async (known: readonly CaseOf[], state: string): Promise<CaseOf | undefined> => {
    const isNew = ({ id }: CaseOf) => !known.some((one) => one.id === id)
    const look = async () => (await cases()).find(isNew)
    return eventually(look, (one) => one?.priors?.state === state, 30_000)
  }
  const events = async (type: 'priors.asked' | 'priors.retrieved' | 'priors.lost') =>
    (await running.rooms.ledger.query({ types: [type] })).rows.map(({ entry }) => entry)

  /** The chest CT of the patient, among studies that are too old, of the head, of another. */
  async function expectOnePrior(study: string): Promise<void> {
    const known = await cases()
    await send({ study, date: '20260301' })
    const one = await newCase(known, 'complete')
    expect(one).toMatchObject({
      state: 'waiting',
      transfers: [{ joining: 'first' }, { joining: 'prior' }],
      priors: { state: 'complete', found: 2, chosen: 1, retrieved: 1 },
    })
    expect(await running.rooms.transfers.find(one?.transfers[1]?.id ?? '')).toMatchObject({
      items: 2,
      state: 'available',
      priority: 'routine',
    })
    // The prior study opened no case of its own.
    expect(await cases()).toHaveLength(known.length + 1)
  }

  it('come by C-FIND and C-MOVE', async () => {
    await start(`{ aeTitle: PACS, address: "127.0.0.1:${ports.dicom}" }`)
    await expectOnePrior('1.2.51.1')
    expect(await events('priors.asked')).toMatchObject([
      { outcome: 0, facility: 'facility-a', detail: { found: 2, chosen: 1 } },
    ])
    expect(await events('priors.retrieved')).toMatchObject([
      { outcome: 0, detail: { chosen: 1, retrieved: 1 } },
    ])
  }, 60_000)

  it('leave the study to be read when it is itself sent', async () => {
    const known = await cases()
    await send({ study: '1.2.50.1', date: '20230105' })
    expect(await newCase(known, 'complete')).toMatchObject({
      transfers: [{ joining: 'first' }],
      priors: { chosen: 0 },
    })
  }, 60_000)

  it('are lost in a restart, which the case and the ledger say', async () => {
    const known = await cases()
    await send({ study: '1.2.51.2', date: '20260301' })
    await gateway.close(0)
    await writeFile(join(parent, 'authorization'), `${authorization}\n`)
    await start(
      `{ url: "http://127.0.0.1:${ports.http}/dicom-web", authorizationFile: ${join(parent, 'authorization')} }`,
    )
    expect(await newCase(known, 'lost')).toMatchObject({
      state: 'waiting',
      transfers: [{ joining: 'first' }],
    })
    expect(await events('priors.lost')).toHaveLength(1)
  }, 60_000)

  it('come by QIDO-RS and WADO-RS, for another case once more', async () => {
    await expectOnePrior('1.2.51.3')
  }, 60_000)
})
