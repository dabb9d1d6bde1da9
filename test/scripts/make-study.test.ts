import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, readdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const script = fileURLToPath(new URL('../../scripts/make-study.mjs', import.meta.url))
const makeStudy = (...args: string[]) => run(process.execPath, [script, ...args])

const canValidate = spawnSync('dciodvfy', ['-version']).error === undefined
const withValidator = canValidate ? it : it.skip
const reason = canValidate ? '' : ' (skipped: no dciodvfy here; apt-get install dicom3tools)'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'study-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

/** The part of dcmjs, which ships no types, that this test uses. */
interface Dcmjs {
  readonly data: {
    readonly DicomMessage: { readFile(bytes: ArrayBuffer): { readonly dict: object } }
    readonly DicomMetaDictionary: { naturalizeDataset(dict: object): Record<string, unknown> }
  }
}
const { DicomMessage, DicomMetaDictionary } = (createRequire(import.meta.url)('dcmjs') as Dcmjs)
  .data

const read = async (path: string): Promise<Record<string, unknown>> => {
  const bytes = await readFile(path)
  const { dict } = DicomMessage.readFile(new Uint8Array(bytes).buffer)
  return DicomMetaDictionary.naturalizeDataset(dict)
}

/** dciodvfy writes its findings to standard error, and fails on errors. */
const errorsIn = async (path: string): Promise<string[]> => {
  const { stdout, stderr } = await run('dciodvfy', [path]).catch(
    (error: unknown) => error as { stdout: string; stderr: string },
  )
  return `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('Error'))
}

describe('the synthetic study', () => {
  it('has the same bytes for the same arguments, and others for another seed', async () => {
    const [once, again, other] = ['once', 'again', 'other'].map((name) => join(dir, name))
    const small = ['--instances', '3', '--size', '64', '--document']
    await makeStudy(once!, ...small)
    await makeStudy(again!, ...small)
    await makeStudy(other!, ...small, '--seed', '2')
    const names = (await readdir(once!)).sort()
    expect(names).toEqual(['IM0001.dcm', 'IM0002.dcm', 'IM0003.dcm', 'requisition.pdf'])
    for (const name of names) {
      const bytes = await readFile(join(once!, name))
      expect(bytes.equals(await readFile(join(again!, name)))).toBe(true)
      expect(bytes.equals(await readFile(join(other!, name)))).toBe(false)
    }
  })

  it('is one series with one geometry', async () => {
    const folder = join(dir, 'geometry')
    await makeStudy(folder, '--instances', '5', '--size', '64', '--name', 'DEMO^ÉLISE')
    const names = (await readdir(folder)).sort()
    const slices = await Promise.all(names.map((name) => read(join(folder, name))))
    const of = (key: string) => new Set(slices.map((slice) => JSON.stringify(slice[key])))
    for (const same of [
      'StudyInstanceUID',
      'SeriesInstanceUID',
      'FrameOfReferenceUID',
      'PixelSpacing',
      'ImageOrientationPatient',
    ])
      expect(of(same).size).toBe(1)
    expect(of('SOPInstanceUID').size).toBe(5)
    expect([...of('PatientName')].join()).toContain('DEMO^ÉLISE')
    const heights = slices.map((slice) => Number((slice.ImagePositionPatient as number[])[2]))
    const gaps = heights.slice(1).map((height, index) => height - heights[index]!)
    expect(new Set(gaps)).toEqual(new Set([Number(slices[0]!.SliceThickness)]))
  })

  it('shows air, skull, brain and a bleed in Hounsfield units', async () => {
    const folder = join(dir, 'phantom')
    await makeStudy(folder, '--instances', '9', '--size', '128')
    const share = new Map<string, number>()
    for (const name of await readdir(folder)) {
      const { PixelData, RescaleIntercept } = await read(join(folder, name))
      expect(RescaleIntercept).toBe(0)
      const pixels = new Int16Array((PixelData as ArrayBuffer[])[0]!)
      for (const hu of pixels) {
        const tissue =
          hu < -900
            ? 'air'
            : hu > 900
              ? 'bone'
              : hu > 54 && hu < 80
                ? 'blood'
                : hu > 10 && hu < 50
                  ? 'brain'
                  : 'else'
        share.set(tissue, (share.get(tissue) ?? 0) + 1 / (9 * 128 * 128))
      }
    }
    expect(share.get('air')).toBeGreaterThan(0.3)
    expect(share.get('brain')).toBeGreaterThan(0.15)
    expect(share.get('bone')).toBeGreaterThan(0.01)
    expect(share.get('blood')).toBeGreaterThan(0.002)
  })

  withValidator(
    `has no error for dciodvfy, as slices and as one multi-frame file${reason}`,
    async () => {
      const folder = join(dir, 'valid')
      await makeStudy(folder, '--instances', '2', '--size', '64')
      await makeStudy(folder, '--frames', '3', '--size', '64')
      for (const name of await readdir(folder))
        expect(await errorsIn(join(folder, name))).toEqual([])
    },
  )

  it('writes a multi-frame file of the declared length', async () => {
    const folder = join(dir, 'frames')
    await makeStudy(folder, '--frames', '7', '--size', '96')
    expect(await readdir(folder)).toEqual(['multiframe.dcm'])
    const path = join(folder, 'multiframe.dcm')
    const { NumberOfFrames, PixelData } = await read(path)
    expect(NumberOfFrames).toBe(7)
    expect((PixelData as ArrayBuffer[])[0]!.byteLength).toBe(7 * 96 * 96 * 2)
    expect((await stat(path)).size).toBeGreaterThan(7 * 96 * 96 * 2)
  })

  it.each([
    [['--instances', '0']],
    [['--size', 'wide']],
    [['--name', 'A\\B']],
    [['--frames', '1000000']],
    [['--unknown']],
    [['a second folder']],
  ])('refuses %j with status 2 and a hint, and makes no folder', async (args) => {
    const folder = join(dir, 'refused')
    const failure = (await makeStudy(folder, ...args).catch((error: unknown) => error)) as {
      code: number
      stderr: string
    }
    expect(failure.code).toBe(2)
    expect(failure.stderr).toMatch(/^make-study: error: .+\nmake-study: hint: .+\n$/)
    await expect(stat(folder)).rejects.toThrow('ENOENT')
  })
})
