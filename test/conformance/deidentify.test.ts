/**
 * Every available real file is processed by the room, and read by independent programs: pydicom,
 * dcmdump and dciodvfy.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { CATALOGUE, NocturneError } from '../../src/lib/errors.js'
import { contextFor, run, withPixels } from '../deidentify/_run.js'
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

describe.each(['strip', 'pseudonymize'] as const)('under %s, of every real file', (profile) => {
  const accepted: Pair[] = []
  const outcomes = new Map<string, string[]>()
  let outputs = ''

  beforeAll(async () => {
    if (noFiles !== undefined) return
    outputs = mkdtempSync(join(tmpdir(), 'nocturne-conformance-'))
    for (const [index, source] of realFiles().entries()) {
      let outcome: string
      try {
        const { bytes, report } = await run(
          readFileSync(source),
          withPixels('pass', contextFor(profile)),
        )
        const output = join(outputs, `${String(index)}.dcm`)
        await writeFile(output, bytes)
        accepted.push({ source, output, report })
        outcome = 'accepted'
      } catch (error) {
        outcome = error instanceof NocturneError ? error.code : String(error)
      }
      outcomes.set(outcome, [...(outcomes.get(outcome) ?? []), nameOf(source)])
    }
  }, 120_000)

  afterAll(() => {
    if (outputs !== '') rmSync(outputs, { recursive: true, force: true })
  })

  when(noFiles)(title('each is accepted or has a known code', noFiles), () => {
    const codes = [...outcomes.keys()].filter((outcome) => outcome !== 'accepted')
    expect(codes.filter((code) => !(code in CATALOGUE))).toEqual([])
    expect(codes).not.toContain('unsafe_step_failed')
    expect(codes).not.toContain('output_disagrees')
    expect(codes).not.toContain('identifier_left')
    expect(codes).not.toContain('header_too_complex')
    // The rest are directories, broken files, test data without UIDs, and fifty images without
    // pixels that accompany a directory.
    expect(accepted.length).toBeGreaterThan(140)
  })

  when(noPydicom)(
    title('pydicom finds pixels and kept elements byte-identical, and no identifier', noPydicom),
    async () => {
      expect(await findDifferences(accepted, outputs)).toEqual([])
    },
    120_000,
  )

  when(noValidators)(
    title('dcmdump and dciodvfy report nothing that the source did not have', noValidators),
    async () => {
      expect(await findComplaints(accepted, outputs)).toEqual([])
    },
    180_000,
  )
})
