/** Pulled studies sent on to a PACS: our own door, which a test can make refuse, and real ones. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { forwardTransfer, pulledTransfers } from '../../src/cli/reader/forward/forward.js'
import type { PacsTarget } from '../../src/cli/pacs/address.js'
import { storeAll } from '../../src/cli/pacs/store.js'
import { eventually } from '../_eventually.js'
import { openDoor } from '../doors/_door.js'
import type { TestDoor } from '../doors/_door.js'
import { CT, EXPLICIT, IMPLICIT, JPEG_LOSSLESS, STUDY, TRANSFER, makePulled } from './_pulled.js'

let out = ''
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'nocturne-forward-'))
})
afterEach(() => rm(out, { recursive: true, force: true }))

const target = (port: number, called = 'NOCTURNE'): PacsTarget => ({
  ...{ host: '127.0.0.1', port, called, calling: 'FACILITY_A' },
})
const work = (to: PacsTarget, associations = 2) => ({
  ...{ to, associations, signal: new AbortController().signal, onRetry: () => undefined },
})

describe('forwarding', () => {
  let door: TestDoor
  afterEach(() => door.close())

  it('sends every instance once, in its own syntax, and nothing again', async () => {
    door = await openDoor()
    const made = await makePulled(out, [EXPLICIT, IMPLICIT, JPEG_LOSSLESS, EXPLICIT, EXPLICIT])
    const to = target(door.port)
    expect(await pulledTransfers(out)).toEqual([TRANSFER])
    const report = await forwardTransfer(out, TRANSFER, work(to, 3))
    expect(report).toEqual({ id: TRANSFER, stored: 5, before: 0, refused: [] })
    const ended = (file: Buffer, part: Buffer) => file.subarray(-part.length).equals(part)
    for (const { instance, dataSet } of made) {
      const [one, ...more] = door.arrived.filter(({ sopInstance }) => sopInstance === instance)
      expect(more).toEqual([])
      expect(one && ended(one.file, dataSet)).toBe(true)
    }
    const again = await forwardTransfer(out, TRANSFER, work(to))
    expect(again).toEqual({ id: TRANSFER, stored: 0, before: 5, refused: [] })
    expect(door.arrived).toHaveLength(5)
  })

  it('shows what the PACS refused, keeps its file, and sends it again with the next run', async () => {
    let refuses = true
    const second = `${STUDY}.1.2`
    door = await openDoor({
      answer: ({ sopInstance }) => ({
        status: refuses && sopInstance === second ? 0xa900 : 0,
      }),
    })
    const made = await makePulled(out, [EXPLICIT, EXPLICIT, EXPLICIT])
    const to = target(door.port)
    const first = await forwardTransfer(out, TRANSFER, work(to))
    const file = made[1]?.file ?? ''
    expect(first).toMatchObject({ stored: 2, refused: [{ file, status: '0xA900' }] })
    expect(existsSync(file)).toBe(true)
    refuses = false
    // A line cut short by a crash does not count.
    const record = join(out, TRANSFER, 'forwarded.ndjson')
    await writeFile(record, `${await readFile(record, 'utf8')}{"to":"NOCT`)
    expect(await forwardTransfer(out, TRANSFER, work(to))).toMatchObject({ stored: 1, before: 2 })
  })

  it('sends again what a busy PACS did not take, and what was lost with an association', async () => {
    const seen = new Map<string, number>()
    door = await openDoor({
      answer: ({ sopInstance }) => {
        const times = (seen.get(sopInstance) ?? 0) + 1
        seen.set(sopInstance, times)
        if (times === 1 && sopInstance.endsWith('.3')) throw new Error('ends the association')
        return { status: times === 1 ? 0xa700 : 0 }
      },
    })
    const instances = [1, 2, 3, 4].map((at) => ({
      ...{ sopClass: CT, sopInstance: `1.2.${at}`, transferSyntax: EXPLICIT },
      dataSet: () => [Buffer.alloc(1000)],
    }))
    const done: string[] = []
    let retries = 0
    await storeAll(instances, {
      ...work(target(door.port), 1),
      ...{ firstWaitMs: 1, onRetry: () => (retries += 1) },
      onDone: ({ sopInstance }, stored) => void done.push(`${sopInstance} ${stored}`),
    })
    expect(done.sort()).toEqual(['1.2.1 true', '1.2.2 true', '1.2.3 true', '1.2.4 true'])
    expect(retries).toBeGreaterThan(0)
  })

  it('fails at once when the AE title is unknown, and after some attempts when nothing answers', async () => {
    door = await openDoor()
    await makePulled(out, [EXPLICIT])
    await expect(
      forwardTransfer(out, TRANSFER, work(target(door.port, 'OTHER'))),
    ).rejects.toMatchObject({ code: 'pacs_refused' })
    const gone = { ...work(target(1)), firstWaitMs: 1, onDone: () => undefined }
    const one = { sopClass: CT, sopInstance: '1.2', transferSyntax: EXPLICIT, dataSet: () => [] }
    await expect(storeAll([one], gone)).rejects.toMatchObject({ code: 'pacs_unreachable' })
  })
})

const has = (program: string) => spawnSync(program, ['--version'], { stdio: 'ignore' }).error
const absent = ['storescp', 'Orthanc'].filter((name) => has(name) !== undefined)
const peers = absent.length === 0 ? describe : describe.skip

peers(`a PACS that nobody here wrote (needs: ${absent.join(' ') || 'nothing more'})`, () => {
  let child: ChildProcess
  afterEach(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  })
  const SYNTAXES = [EXPLICIT, JPEG_LOSSLESS, IMPLICIT]

  it('storescp takes each syntax as it is', async () => {
    const [port] = await freePorts(1)
    const folder = join(out, 'stored')
    await mkdir(folder)
    child = spawn('storescp', ['+xa', '--fork', '-od', folder, String(port)], { stdio: 'ignore' })
    const made = await makePulled(out, SYNTAXES)
    const report = await forwardTransfer(out, TRANSFER, work(target(port ?? 0, 'STORESCP')))
    expect(report).toMatchObject({ stored: 3, refused: [] })
    const stored = await Promise.all(
      (await readdir(folder)).map((name) => readFile(join(folder, name))),
    )
    for (const { dataSet } of made)
      expect(stored.some((file) => file.subarray(-dataSet.length).equals(dataSet))).toBe(true)
  }, 60_000)

  it('Orthanc takes them over several associations', async () => {
    const [port, http] = await freePorts(2)
    const config = {
      ...{ StorageDirectory: out, IndexDirectory: out, DicomPort: port, HttpPort: http },
      ...{ DicomAet: 'ORTHANC', DicomAlwaysAllowStore: true, RemoteAccessAllowed: true },
      AuthenticationEnabled: false,
    }
    await writeFile(join(out, 'orthanc.json'), JSON.stringify(config))
    child = spawn('Orthanc', [join(out, 'orthanc.json')], { stdio: 'ignore' })
    const url = `http://127.0.0.1:${http}`
    const isUp = () =>
      fetch(`${url}/system`).then(
        ({ ok }) => ok,
        () => false,
      )
    expect(await eventually(isUp, Boolean, 60_000)).toBe(true)
    await makePulled(out, SYNTAXES)
    const report = await forwardTransfer(out, TRANSFER, work(target(port ?? 0, 'ORTHANC')))
    expect(report).toMatchObject({ stored: 3, refused: [] })
    const stored = (await (await fetch(`${url}/instances`)).json()) as string[]
    expect(stored).toHaveLength(3)
  }, 90_000)
})

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(async (server) => once(server.close(), 'close')))
  return ports
}
