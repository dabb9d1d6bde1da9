/**
 * A PACS sends over DICOMweb: requests made by hand, and Orthanc's own client if it is installed.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { makeStudy } from './_study.js'

const PLUGIN = '/usr/share/orthanc/plugins/libOrthancDicomWeb.so'
const CT = '1.2.840.10008.5.1.4.1.1.2'

let site: TestSite
let gateway: RunningGateway
let token = ''

interface Listed {
  readonly id: string
  readonly items: number
  readonly priority: string
}

const folder = (name: string) => join(site.dir, '..', name)
const inbox = async (): Promise<readonly Listed[]> => {
  const reader = ['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')]
  const { stdout } = await nocturne('inbox', ...reader, '--json')
  return (JSON.parse(stdout) as { transfers: Listed[] }).transfers
}
const arrivedSince = async (known: readonly Listed[]): Promise<readonly Listed[]> => {
  const ids = new Set(known.map(({ id }) => id))
  const found = async () => (await inbox()).filter(({ id }) => !ids.has(id))
  return eventually(found, (all) => all.length > 0, 40_000)
}

const related = (parts: readonly Buffer[], end = '\r\n--bound--'): Buffer =>
  Buffer.concat([
    ...parts.flatMap((bytes) => [
      Buffer.from('\r\n--bound\r\nContent-Type: application/dicom\r\n\r\n'),
      bytes,
    ]),
    Buffer.from(end),
  ])

const post = (
  body: Buffer,
  { path = '/dicom-web/studies', ...headers }: Record<string, string> = {},
): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'multipart/related; type="application/dicom"; boundary=bound',
      ...headers,
    },
    body: new Uint8Array(body),
  })

beforeAll(async () => {
  site = await makeSite()
  await site.configure((yaml) => `${yaml}\nintake: { quiet: 3, cap: 60 }\n`)
  gateway = await site.start({ env: { NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' } })
  token = await site.token('facility-a')
}, 120_000)

afterAll(async () => {
  await gateway.stop()
  await site.remove()
})

const studyOf = async (seed: string, instances = '3'): Promise<Buffer[]> => {
  const dir = folder(`study-${seed}`)
  const files = await makeStudy(dir, '--instances', instances, '--size', '64', '--seed', seed)
  return Promise.all(files.map((name) => readFile(name)))
}

describe('STOW-RS', () => {
  it('stores instances, lists each, and makes one transfer per study', async () => {
    const before = await inbox()
    const files = await studyOf('11')
    const sent = await post(related(files.slice(0, 2)))
    expect(sent.status).toBe(200)
    expect(sent.headers.get('content-type')).toBe('application/dicom+json')
    const answer = (await sent.json()) as Record<string, { Value: Record<string, object>[] }>
    expect(answer['00081199']?.Value).toHaveLength(2)
    expect(answer['00081199']?.Value[0]?.['00081150']).toEqual({ vr: 'UI', Value: [CT] })
    const asked = await post(Buffer.from(JSON.stringify([{ '00081199': answer['00081199'] }])), {
      path: '/dicom-web/commitment-requests/1.9.1',
      'Content-Type': 'application/dicom+json',
    })
    expect(asked.status).toBe(200)
    expect(asked.headers.get('content-type')).toBe('application/dicom+json')
    const committed = (await asked.json()) as typeof answer
    expect(committed['00081198']).toBeUndefined()
    expect(committed['00081199']?.Value).toHaveLength(2)
    const again = await fetch(`${gateway.url}/dicom-web/commitment-requests/1.9.1`, {
      headers: { Authorization: `Bearer ${token}` },
    })
    expect(await again.json()).toEqual(committed)
    // DICOMweb clients split a study over several requests.
    const path = '/dicom-web/studies?priority=stat'
    expect((await post(related(files.slice(2)), { path })).status).toBe(200)
    const [transfer, ...others] = await arrivedSince(before)
    expect(others).toEqual([])
    expect(transfer).toMatchObject({ items: 3, priority: 'routine' })
  })

  it('accepts one instance as the whole body, and closes the study when told to', async () => {
    const before = await inbox()
    const [file] = await studyOf('12')
    const path = '/dicom-web/studies?priority=stat&complete=true'
    const sent = await post(file!, {
      path,
      'Content-Type': 'application/dicom',
      Accept: 'application/dicom+xml',
    })
    expect(sent.status).toBe(200)
    expect(await sent.text()).toMatch(/^<\?xml.*<NativeDicomModel>/s)
    const ids = new Set(before.map(({ id }) => id))
    const [transfer] = (await inbox()).filter(({ id }) => !ids.has(id))
    expect(transfer).toMatchObject({ items: 1, priority: 'stat' })
  })

  it('reports on each part individually', async () => {
    const files = await studyOf('13')
    const sent = await post(related([files[0]!, Buffer.from('this is no DICOM'), files[1]!]))
    expect(sent.status).toBe(202)
    expect(sent.headers.get('warning')).toBe('299 nocturne "1 of 3 instances were not stored"')
    const answer = (await sent.json()) as Record<string, { Value: object[] }>
    expect(answer['00081199']?.Value).toHaveLength(2)
    expect(answer['0008119A']?.Value).toEqual([{ '00081197': { vr: 'US', Value: [0xc000] } }])
    expect((await post(related([Buffer.from('no DICOM')]))).status).toBe(400)
    const other = await post(related([files[2]!]), { path: '/dicom-web/studies/1.2.3' })
    expect(other.status).toBe(409)
  })

  it('never treats a truncated body as complete', async () => {
    const files = await studyOf('14')
    const body = related(files, '')
    for (const end of [body.length, body.length - 40_000, 30, 4]) {
      const sent = await post(body.subarray(0, end))
      expect(sent.status).toBe(400)
      expect(await sent.json()).toMatchObject({ code: 'broken_multipart' })
    }
  })

  it('refuses unauthorized senders, and instances it cannot store', async () => {
    const [file] = await studyOf('15', '1')
    const reader = { Authorization: `Bearer ${await site.token('reader-1')}` }
    expect((await post(related([file!]), { Authorization: 'Bearer none' })).status).toBe(401)
    expect((await post(related([file!]), reader)).status).toBe(403)
    expect((await post(file!, { 'Content-Type': 'image/jpeg' })).status).toBe(415)
    expect((await post(related([file!]), { Accept: 'text/html' })).status).toBe(406)
    expect(
      (await post(related([file!]), { path: '/dicom-web/studies?group=elsewhere' })).status,
    ).toBe(422)
  })
})

const peer = existsSync('/usr/sbin/Orthanc') && existsSync(PLUGIN) ? describe : describe.skip
peer('Orthanc (needs orthanc, orthanc-dicomweb)', () => {
  let orthanc: ChildProcess
  let url = ''

  beforeAll(async () => {
    const port = await freePort()
    url = `http://127.0.0.1:${port}`
    const dir = folder('orthanc')
    await mkdir(dir)
    const config = {
      StorageDirectory: dir,
      IndexDirectory: dir,
      HttpPort: port,
      DicomServerEnabled: false,
      RemoteAccessAllowed: false,
      Plugins: [PLUGIN],
      DicomWeb: {
        Enable: true,
        StowMaxInstances: 4,
        Servers: {
          nocturne: {
            Url: `${gateway.url}/dicom-web/`,
            HttpHeaders: { Authorization: `Bearer ${token}` },
          },
        },
      },
    }
    await writeFile(join(dir, 'orthanc.json'), JSON.stringify(config))
    orthanc = spawn('/usr/sbin/Orthanc', [join(dir, 'orthanc.json')], { stdio: 'ignore' })
    const isUp = () =>
      fetch(`${url}/system`).then(
        ({ ok }) => ok,
        () => false,
      )
    await eventually(isUp, (up) => up, 60_000)
  }, 90_000)

  afterAll(async () => {
    const ended = once(orthanc, 'exit')
    orthanc.kill()
    await ended
  })

  it('sends a study with its own job, in several requests', async () => {
    let study = ''
    for (const file of await studyOf('16', '10')) {
      const stored = await fetch(`${url}/instances`, { method: 'POST', body: new Uint8Array(file) })
      study = ((await stored.json()) as { ParentStudy: string }).ParentStudy
    }
    const sent = await fetch(`${url}/dicom-web/servers/nocturne/stow`, {
      method: 'POST',
      body: JSON.stringify({ Resources: [study], Synchronous: true }),
    })
    expect(sent.status).toBe(200)
    const counts = async () => (await inbox()).map(({ items }) => items)
    expect(await eventually(counts, (all) => all.includes(10), 40_000)).toContain(10)
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
