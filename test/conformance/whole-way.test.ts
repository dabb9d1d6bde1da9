/**
 * Every real file is sent through a running gateway and pulled by the reader, then read by
 * independent programs.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { loadProfile, type Profile } from '../../src/deidentify/rules/profile.js'
import { CATALOGUE } from '../../src/lib/errors.js'
import { contextFor, run } from '../deidentify/_run.js'
import { makeSite, nocturne, ROOT } from '../whole-way/_gateway.js'
import type { RunningGateway, TestSite } from '../whole-way/_gateway.js'
import { upload } from '../whole-way/_http.js'
import {
  findComplaints,
  findDifferences,
  nameOf,
  noFiles,
  noPydicom,
  noValidators,
  realFiles,
  title,
  when,
  type Pair,
} from './_files.js'

interface Sent {
  readonly source: string
  /** The ID of the transfer; each file is sent as a separate transfer. */
  readonly id: string
  readonly outcome: string
  readonly code: string
}

/** The shipped profile, except that pixels pass, for a facility that sends for treatment. */
async function passPixels(site: TestSite, name: string): Promise<Profile> {
  const shipped = readFileSync(join(ROOT, `config/profiles/${name}.yaml`), 'utf8')
  const text = shipped.replace(/^pixels: (blank|quarantine)$/m, 'pixels: pass')
  await mkdir(join(site.dir, 'profiles'))
  await writeFile(join(site.dir, `profiles/${name}.yaml`), text)
  await site.configure((yaml) =>
    yaml.replace('profile: pseudonymize', `profile: profiles/${name}.yaml`),
  )
  const { profile } = loadProfile(text, name)
  if (profile?.pixels !== 'pass') throw new Error('the profile was not changed')
  return profile
}

async function send(site: TestSite, gateway: RunningGateway, source: string): Promise<Sent> {
  const bytes = readFileSync(source)
  const part = { name: basename(source), bytes, type: 'application/dicom' }
  const { status, body, text } = await upload(site, gateway, [part])
  const [item, ...more] = body.items ?? []
  if (item === undefined || more.length > 0)
    throw new Error(`${nameOf(source)}: ${String(status)} ${text}`)
  return { source, id: body.id, outcome: item.outcome, code: item.code ?? '' }
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.dcm'))
    .map((name) => join(folder, name))

describe.each(['strip', 'pseudonymize'] as const)('through a gateway under %s', (name) => {
  const sent: Sent[] = []
  const pairs: Pair[] = []
  let site: TestSite
  let gateway: RunningGateway
  let outputs: string

  beforeAll(async () => {
    if (noFiles !== undefined) return
    site = await makeSite()
    const profile = await passPixels(site, name)
    gateway = await site.start()
    for (const source of realFiles()) sent.push(await send(site, gateway, source))

    outputs = join(site.dir, '../pulled')
    const pulled = await nocturne(
      'pull',
      '--all',
      ...['--gateway', gateway.url, '--token-file', site.tokenFile('reader-1')],
      ...['--key', site.keyFile('reader-1'), '--out', outputs],
    )
    if (pulled.status !== 0) throw new Error(pulled.stderr)
    for (const { source, id, outcome } of sent) {
      if (outcome !== 'accepted') continue
      const [output, ...more] = filesOf(join(outputs, id))
      if (output === undefined || more.length > 0) throw new Error(`${id} holds not one file`)
      // What is changed and removed depends only on the profile, not on the secret.
      const { report } = await run(readFileSync(source), { ...contextFor(name), profile })
      pairs.push({ source, output, report })
    }
  }, 240_000)

  afterAll(async () => {
    if (noFiles !== undefined) return
    await gateway.stop()
    await site.remove()
  })

  when(noFiles)(title('every file is accepted, or not with a reason', noFiles), () => {
    const table = new Map<string, string[]>()
    for (const { source, outcome, code } of sent) {
      const row = `${outcome} ${code}`.trim()
      table.set(row, [...(table.get(row) ?? []), nameOf(source)])
    }
    const rows = [...table].map(([row, files]) => [row, files.length])
    console.log(`${name}, pixels: pass`, Object.fromEntries(rows))
    expect(sent).toHaveLength(realFiles().length)
    for (const { outcome, code } of sent) {
      expect(['accepted', 'quarantined', 'refused']).toContain(outcome)
      if (outcome !== 'accepted') expect(code in CATALOGUE).toBe(true)
    }
    for (const code of ['unsafe_step_failed', 'output_disagrees', 'identifier_left'])
      expect(sent.filter((one) => one.code === code)).toEqual([])
    // About fifty of the files have no pixels, and are held as `image_incomplete`.
    expect(pairs.length).toBeGreaterThan(140)
  })

  when(noPydicom)(
    title('pixels and kept elements arrive byte-identical, without identifiers', noPydicom),
    async () => {
      expect(await findDifferences(pairs, outputs)).toEqual([])
    },
    120_000,
  )

  when(noValidators)(
    title('dcmdump and dciodvfy find nothing that the source did not have', noValidators),
    async () => {
      expect(await findComplaints(pairs, outputs)).toEqual([])
    },
    180_000,
  )
})
