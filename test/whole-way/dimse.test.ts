/** A PACS sends by C-STORE: independent peers, and a gateway in a separate process. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { spawn, spawnSync } from 'node:child_process'
import { eventually } from '../_eventually.js'
import { makeSite, nocturne, run } from './_gateway.js'
import type { RunningGateway, TestSite } from './_gateway.js'
import { makeStudy } from './_study.js'

const TITLES = ['-aet', 'FACILITY_A', '-aec', 'NOCTURNE', '127.0.0.1']
/** Programs of Debian's dcmtk, odil and ctn. Tests of those not installed are skipped by name. */
const absent = ['storescu', 'echoscu', 'dcmsend', 'odil', 'send_image'].filter(
  (name) => spawnSync(name, ['--version']).error !== undefined,
)
const suite = absent.length === 0 ? describe : describe.skip
const QUIET = 3

const instanceOf = (file: Buffer): string => {
  const at = file.indexOf(Buffer.from('020003005549', 'hex'))
  const value = file.subarray(at + 8, at + 8 + file.readUInt16LE(at + 6))
  return value.toString('latin1').replace(/\0$/, '')
}

const pixelsOf = (file: Buffer): string =>
  createHash('sha256')
    .update(file.subarray(file.lastIndexOf(Buffer.from('e07f10004f57', 'hex')) + 12))
    .digest('hex')

suite(`a PACS that sends by C-STORE (needs: ${absent.join(' ') || 'nothing more'})`, () => {
  let site: TestSite
  let gateway: RunningGateway
  let port = ''
  const folder = (name: string) => join(site.dir, '..', name)

  const start = async () => {
    gateway = await site.start({ env: { NOCTURNE_DIMSE_LISTEN: '127.0.0.1:0' } })
    const listening = () =>
      Promise.resolve(/dicom:\/\/NOCTURNE@127\.0\.0\.1:(\d+)/.exec(gateway.log())?.[1])
    port = (await eventually(listening, (found) => found !== undefined)) ?? ''
  }
  const as = (principal: string) => [
    '--gateway',
    gateway.url,
    '--token-file',
    site.tokenFile(principal),
  ]
  interface Listed {
    readonly id: string
    readonly items: number
  }
  const inbox = async (): Promise<readonly Listed[]> => {
    const { stdout } = await nocturne('inbox', ...as('reader-1'), '--json')
    return (JSON.parse(stdout) as { transfers: Listed[] }).transfers
  }
  const arrivedSince = async (known: readonly Listed[], count = 1): Promise<readonly Listed[]> => {
    const ids = new Set(known.map(({ id }) => id))
    const found = async () => (await inbox()).filter(({ id }) => !ids.has(id))
    return eventually(found, (all) => all.length >= count, 40_000)
  }
  /** SOP Instance UIDs of what was pulled, from group 0002. */
  const opened = new Map<string, string[]>()
  const instances = (id: string): readonly string[] => opened.get(id) ?? []
  const pull = async (id: string): Promise<Buffer[]> => {
    const key = site.keyFile('reader-1')
    await nocturne('claim', id, ...as('reader-1'), '--key', key)
    const out = folder(`opened-${id}`)
    const pulled = await nocturne('pull', id, ...as('reader-1'), '--key', key, '--out', out)
    expect(pulled).toMatchObject({ status: 0 })
    const names = (await readdir(join(out, id), { recursive: true })).filter((name) =>
      name.endsWith('.dcm'),
    )
    const files = await Promise.all(names.map((name) => readFile(join(out, id, name))))
    opened.set(id, files.map(instanceOf))
    return files
  }

  beforeAll(async () => {
    site = await makeSite()
    await site.configure((yaml) => `${yaml}\nintake: { quiet: ${QUIET}, cap: 60 }\n`)
    await start()
  }, 120_000)

  afterAll(async () => {
    await gateway.stop()
    await site.remove()
  })

  it('gets an answer to C-ECHO', async () => {
    expect(await run('echoscu', [...TITLES, port])).toMatchObject({ status: 0 })
    expect(await run('odil', ['echo', '127.0.0.1', port, 'FACILITY_A', 'NOCTURNE'])).toMatchObject({
      status: 0,
    })
    expect(
      (await run('echoscu', ['-aet', 'NOBODY', '-aec', 'NOCTURNE', '127.0.0.1', port])).stderr,
    ).toMatch(/Calling AE Title Not Recognized/)
  })

  it('gets one transfer for a study, with the original pixels and another identity', async () => {
    const files = await makeStudy(folder('study-1'), '--instances', '12', '--size', '128')
    const before = await inbox()
    expect(await run('storescu', ['+sd', '+r', ...TITLES, port, folder('study-1')])).toMatchObject({
      status: 0,
    })
    const [transfer] = await arrivedSince(before)
    expect(transfer?.items).toBe(12)
    const pulled = await pull(transfer!.id)
    const sent = await Promise.all(files.map((name) => readFile(name)))
    expect(pulled.map(pixelsOf).sort()).toEqual(sent.map(pixelsOf).sort())
    for (const file of pulled) expect(file.includes('DEMO^')).toBe(false)
  })

  it('may use several associations at once, of several programs', async () => {
    const files = await makeStudy(
      folder('study-2'),
      '--instances',
      '12',
      '--size',
      '128',
      '--seed',
      '2',
    )
    const before = await inbox()
    const sent = await Promise.all([
      run('storescu', [...TITLES, port, ...files.slice(0, 3)]),
      run('dcmsend', [...TITLES, port, ...files.slice(3, 6)]),
      run('odil', ['store', '127.0.0.1', port, 'FACILITY_A', 'NOCTURNE', ...files.slice(6, 9)]),
      run('send_image', [
        '-q',
        '-a',
        'FACILITY_A',
        '-c',
        'NOCTURNE',
        '127.0.0.1',
        port,
        ...files.slice(9),
      ]),
    ])
    expect(sent.map(({ status }) => status)).toEqual([0, 0, 0, 0])
    const [transfer, ...others] = await arrivedSince(before)
    expect(others).toEqual([])
    expect(transfer?.items).toBe(12)
  })

  it('gets a follow-on transfer for late images, but none for images it had already sent', async () => {
    const before = await inbox()
    const late = folder('late')
    await mkdir(late)
    const [first] = await makeStudy(
      folder('study-3'),
      '--instances',
      '3',
      '--size',
      '64',
      '--seed',
      '3',
    )
    await run('storescu', [...TITLES, port, first!])
    const [begun] = await arrivedSince(before)
    expect(begun?.items).toBe(1)
    const again = await run('storescu', ['+sd', '+r', ...TITLES, port, folder('study-3')])
    expect(again.status).toBe(0)
    const all = await arrivedSince(before, 2)
    expect(all.map(({ items }) => items).sort()).toEqual([1, 2])
    expect((await run('storescu', [...TITLES, port, first!])).status).toBe(0)
    await wait((QUIET + 2) * 1_000)
    expect((await arrivedSince(before, 2)).length).toBe(2)
  })

  it('loses nothing that was acknowledged when the gateway is killed in the middle', async () => {
    const before = await inbox()
    await makeStudy(folder('study-4'), '--instances', '40', '--size', '256', '--seed', '4')
    const child = spawn('storescu', ['-v', '+sd', '+r', ...TITLES, port, folder('study-4')])
    let answered = 0
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (text: Buffer) => count(text.toString()))
      child.stderr.on('data', (text: Buffer) => count(text.toString()))
      const count = (text: string) => {
        answered += text.split('Received Store Response (Success)').length - 1
        if (answered >= 10) resolve()
      }
    })
    await gateway.stop('SIGKILL')
    await start()
    const [kept] = await arrivedSince(before)
    expect(kept?.items).toBeGreaterThanOrEqual(answered)
    expect(kept?.items).toBeLessThan(40)
    expect((await pull(kept!.id)).length).toBe(kept?.items)
    // Their crosswalks are there too.
    const out = folder('crosswalk')
    await nocturne('crosswalk', 'fetch', ...as('facility-a'), '--out', out)
    const exported = await nocturne(
      ...[
        'crosswalk',
        'export',
        '--crosswalk',
        out,
        '--key',
        site.keyFile('facility-a'),
        '--out',
        folder('tables'),
      ],
    )
    expect(exported).toMatchObject({ status: 0 })
    const mapped = await readFile(join(folder('tables'), 'uid_mapping.csv'), 'utf8')
    for (const uid of instances(kept!.id)) expect(mapped).toContain(uid)
    // Sending again completes the study, in a follow-on transfer.
    const middle = await inbox()
    expect(await run('storescu', ['+sd', '+r', ...TITLES, port, folder('study-4')])).toMatchObject({
      status: 0,
    })
    const [rest] = await arrivedSince(middle)
    expect((kept?.items ?? 0) + (rest?.items ?? 0)).toBe(40)
  })

  it('gets a status per instance: one that is refused does not affect the others', async () => {
    const before = await inbox()
    const files = await makeStudy(
      folder('study-5'),
      '--instances',
      '4',
      '--size',
      '64',
      '--seed',
      '5',
    )
    const broken = await readFile(files[1]!)
    await writeFile(files[1]!, broken.subarray(0, broken.length - 5_000))
    const sent = await run('storescu', ['-v', '-nh', ...TITLES, port, ...files])
    const said = `${sent.stdout}${sent.stderr}`
    const [transfer] = await arrivedSince(before)
    expect(said.match(/Received Store Response \(Success\)/g)?.length).toBe(transfer?.items)
  })

  it('leaves a ledger that verifies and contains the associations', async () => {
    const query = await nocturne(
      'audit',
      'query',
      '--type',
      'association.ended',
      ...as('officer-1'),
      '--json',
    )
    const { events } = JSON.parse(query.stdout) as { events: { entry: { detail: object } }[] }
    expect(events.map(({ entry }) => entry.detail)).toContainEqual(
      expect.objectContaining({ aeTitle: 'FACILITY_A', how: 'released', instances: 12, failed: 0 }),
    )
    await gateway.stop()
    expect(await nocturne('audit', 'verify', '--site', site.dir)).toMatchObject({ status: 0 })
    await start()
  })
})
