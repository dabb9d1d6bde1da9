/**
 * The leak matrix: what remains of an identity after de-identification, place by place, with the
 * results of other programs for comparison; and the same for the real files, each with its own
 * planted identity. Pixels are allowed to pass: only headers are compared.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from '@jest/globals'
import { NocturneError } from '../../src/lib/errors.js'
import { contextFor, run, withPixels } from '../deidentify/_run.js'
import { noFiles, noPydicom, realFiles, title, when } from './_files.js'
import { IDENTITY, LEAK_CASES } from './_leak-cases.js'

type Outcome = 'ok' | `held: ${string}` | `LEAK: ${string}`

const PROFILES = ['strip', 'pseudonymize'] as const

async function outcomeOf(
  bytes: Buffer,
  profile: (typeof PROFILES)[number],
  tokens: readonly Buffer[],
): Promise<Outcome> {
  let output: Buffer
  try {
    output = (await run(bytes, withPixels('pass', contextFor(profile)))).bytes
  } catch (error) {
    if (error instanceof NocturneError) return `held: ${error.code}`
    throw error
  }
  const lower = Buffer.from(output.toString('latin1').toLowerCase(), 'latin1')
  const left = tokens.filter((token) => lower.includes(token))
  return left.length === 0 ? 'ok' : `LEAK: ${left.map((token) => token.toString()).join(', ')}`
}

describe('of an identity planted where other programs leave one', () => {
  it('nothing is left in any byte, and only what cannot be de-identified is held', async () => {
    const tokens = IDENTITY.map((token) => Buffer.from(token, 'latin1'))
    const rows: { name: string; outcomes: Outcome[]; others: readonly string[] }[] = []
    for (const { name, bytes, others } of LEAK_CASES) {
      // The source file must contain the identity, otherwise the test proves nothing.
      const source = bytes.toString('latin1').toLowerCase()
      if (name !== 'deflated')
        expect(tokens.some((one) => source.includes(one.toString()))).toBe(true)
      const outcomes: Outcome[] = []
      for (const profile of PROFILES) outcomes.push(await outcomeOf(bytes, profile, tokens))
      rows.push({ name, outcomes, others })
    }
    const line = (cells: readonly string[]) =>
      cells.map((cell, index) => cell.padEnd([54, 28, 28, 13, 9, 5][index] ?? 0)).join(' ')
    const head = ['place', ...PROFILES, 'curate 0.41', 'Kitware', 'deid']
    console.log(
      [head, ...rows.map(({ name, outcomes, others }) => [name, ...outcomes, ...others])]
        .map(line)
        .join('\n'),
    )
    expect(rows.filter(({ outcomes }) => outcomes.some((one) => one.startsWith('LEAK')))).toEqual(
      [],
    )
    const held = rows.filter(({ outcomes }) => outcomes.some((one) => one.startsWith('held')))
    expect(held.map(({ name, outcomes }) => [name, ...outcomes])).toEqual([
      ['encapsulated PDF', 'held: encapsulated_document', 'held: encapsulated_document'],
    ])
  })
})

/** Real images presented under more classes, of which few or no real files are available. */
const KINDS = [
  { modality: 'CR', sopClass: '1.2.840.10008.5.1.4.1.1.1' },
  { modality: 'DX', sopClass: '1.2.840.10008.5.1.4.1.1.1.1' },
  { modality: 'MG', sopClass: '1.2.840.10008.5.1.4.1.1.1.2' },
] as const

interface Planted {
  readonly output: string
  readonly tokens: readonly string[]
  readonly modality?: string
}

describe('of the identities planted in every real file', () => {
  const missing = noFiles ?? noPydicom
  when(missing)(
    title('nothing is left in any byte', missing),
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'nocturne-leaks-'))
      try {
        const files = realFiles()
        const images = files.filter((file) => /dicomdirtests\/\d/.test(file))
        const jobs = [
          ...files.map((source) => ({ source })),
          ...files.map((source) => ({ source })),
          ...images.flatMap((source) => KINDS.map((kind) => ({ source, ...kind }))),
        ].map((job, index) => ({ ...job, seed: index, output: join(folder, `${index}.dcm`) }))
        await writeFile(join(folder, 'jobs.json'), JSON.stringify(jobs))
        const script = fileURLToPath(new URL('plant.py', import.meta.url))
        const { stdout } = await promisify(execFile)(
          '/usr/bin/python3',
          [script, join(folder, 'jobs.json')],
          { maxBuffer: 2 ** 26 },
        )
        const counts = new Map<string, number>()
        const modalities = new Map<string, { real: number; made: number }>()
        const leaks: string[] = []
        for (const answer of stdout.trim().split('\n')) {
          const { output, tokens, modality = '' } = JSON.parse(answer) as Planted
          if (tokens.length === 0) continue
          const job = jobs.find((one) => one.output === output)
          const count = modalities.get(modality) ?? { real: 0, made: 0 }
          modalities.set(modality, count)
          count[job && 'modality' in job ? 'made' : 'real'] += 1
          const wanted = tokens.map((token) => Buffer.from(token, 'hex'))
          for (const profile of PROFILES) {
            const outcome = await outcomeOf(readFileSync(output), profile, wanted)
            const kind = outcome.split(':', 1)[0] ?? ''
            counts.set(kind, (counts.get(kind) ?? 0) + 1)
            if (kind === 'LEAK') leaks.push(`${output} ${outcome}`)
          }
        }
        console.log(
          `${jobs.length} files with an identity each, two profiles: ` +
            [...counts].map(([kind, count]) => `${count} ${kind}`).join(', ') +
            `\nby modality: ${[...modalities]
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(
                ([name, { real, made }]) =>
                  `${name} ${real}${made > 0 ? ` + ${made} made of others` : ''}`,
              )
              .join(', ')}`,
        )
        expect(leaks).toEqual([])
        expect(counts.get('ok') ?? 0).toBeGreaterThan(700)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    },
    240_000,
  )
})
