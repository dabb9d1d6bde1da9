/** Storage commitment requested by Orthanc from a gateway in a separate process. */
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

const peer = existsSync('/usr/sbin/Orthanc') ? describe : describe.skip
const CT = '1.2.840.10008.5.1.4.1.1.2'

peer('Orthanc requests storage commitment (needs orthanc)', () => {
  let site: TestSite
  let gateway: RunningGateway
  let orthanc: ChildProcess
  let url = ''
  const folder = (name: string) => join(site.dir, '..', name)

  beforeAll(async () => {
    site = await makeSite()
    const [http, dicom] = [await freePort(), await freePort()]
    url = `http://127.0.0.1:${http}`
    await site.configure((yaml) =>
      yaml.replace(
        'facility: facility-a }]',
        `facility: facility-a, report: 127.0.0.1:${dicom} }]`,
      ),
    )
    gateway = await site.start({ env: { NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' } })
    const listening = () =>
      Promise.resolve(/dicom:\/\/NOCTURNE@127\.0\.0\.1:(\d+)/.exec(gateway.log())?.[1])
    const port = Number(await eventually(listening, (found) => found !== undefined))
    await mkdir(folder('orthanc'))
    const config = {
      ...{ StorageDirectory: folder('orthanc'), IndexDirectory: folder('orthanc') },
      ...{ HttpPort: http, RemoteAccessAllowed: false },
      ...{ DicomPort: dicom, DicomAet: 'FACILITY_A', DicomCheckCalledAet: false },
      DicomModalities: { nocturne: ['NOCTURNE', '127.0.0.1', port] },
    }
    const file = join(folder('orthanc'), 'orthanc.json')
    await writeFile(file, JSON.stringify(config))
    orthanc = spawn('/usr/sbin/Orthanc', [file], { stdio: 'ignore' })
    const isUp = () =>
      fetch(`${url}/system`).then(
        ({ ok }) => ok,
        () => false,
      )
    await eventually(isUp, (up) => up, 60_000)
  }, 180_000)

  afterAll(async () => {
    const ended = once(orthanc, 'exit')
    orthanc.kill()
    await ended
    await gateway.stop()
    await site.remove()
  })

  const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
    const answer = await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })
    return (await answer.json()) as Record<string, unknown>
  }
  const commit = async (instances: readonly string[]): Promise<Record<string, unknown>> => {
    const asked = await post('/modalities/nocturne/storage-commitment', {
      DicomInstances: instances.map((SOPInstanceUID) => ({ SOPClassUID: CT, SOPInstanceUID })),
    })
    const look = async () => {
      const answer = await fetch(`${url}/storage-commitment/${String(asked.ID)}`)
      return (await answer.json()) as Record<string, unknown>
    }
    return eventually(look, ({ Status }) => Status !== 'Pending', 30_000)
  }

  it('gets success for durable instances, and failure for those that never arrived', async () => {
    const files = await makeStudy(folder('study'), '--instances', '3', '--size', '64')
    const uids: string[] = []
    for (const file of files) {
      const stored = await fetch(`${url}/instances`, {
        method: 'POST',
        body: new Uint8Array(await readFile(file)),
      })
      const { ID } = (await stored.json()) as { ID: string }
      const tags = await fetch(`${url}/instances/${ID}/simplified-tags`)
      uids.push(((await tags.json()) as { SOPInstanceUID: string }).SOPInstanceUID)
      await post('/modalities/nocturne/store', [ID])
    }
    expect(await commit(uids)).toMatchObject({ Status: 'Success', Failures: [] })
    expect(await commit([...uids, '1.2.3.4'])).toMatchObject({
      Status: 'Failure',
      Failures: [{ SOPInstanceUID: '1.2.3.4', FailureReason: 0x0112 }],
    })
  })

  it('causes one event per request', async () => {
    const officer = ['--gateway', gateway.url, '--token-file', site.tokenFile('officer-1')]
    const { stdout } = await nocturne(
      ...['audit', 'query', '--type', 'commitment.reported', ...officer, '--json'],
    )
    const { events } = JSON.parse(stdout) as { events: { entry: { detail: object } }[] }
    expect(events.map(({ entry }) => entry.detail)).toEqual([
      { aeTitle: 'FACILITY_A', asked: 3, committed: 3 },
      { aeTitle: 'FACILITY_A', asked: 4, committed: 3 },
    ])
  })
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
