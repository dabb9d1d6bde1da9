/** Folders that are still being written, and media with a DICOMDIR. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { readDicomdir } from '../../src/cli/sender/dicomdir.js'
import { groupsIn } from '../../src/cli/sender/watch/folder.js'
import { Settling } from '../../src/cli/sender/watch/settled.js'
import { SYNTAX, dataset, instance, part10 } from '../deidentify/_build.js'
import type { Written } from '../deidentify/_build.js'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nocturne-watch-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('a folder that is still being written', () => {
  const file = (path: string, size = 1, changedAt = 1) => ({ path, size, changedAt })

  it('is ready once no file of it has changed for the time', () => {
    const settling = new Settling(10)
    expect(settling.ready([file('a')], 0)).toEqual([])
    expect(settling.ready([file('a'), file('b')], 9)).toEqual([])
    expect(settling.ready([file('a'), file('b', 2)], 18)).toEqual([])
    expect(settling.ready([file('a'), file('b', 2, 2)], 27)).toEqual([])
    const now = [file('a'), file('b', 2, 2)]
    expect(settling.ready(now, 36)).toEqual([])
    expect(settling.ready(now, 37)).toEqual(now)
    settling.sent(now)
    expect(settling.ready(now, 50)).toEqual([])
    // A late file, and one that was written again.
    const more = [file('a', 3), file('b', 2, 2), file('c')]
    expect(settling.ready(more, 60)).toEqual([])
    expect(settling.ready(more, 70)).toEqual([more[0], more[2]])
  })

  it('has one group for each subfolder, without hidden files', async () => {
    await mkdir(join(folder, 'one', 'series'), { recursive: true })
    for (const name of ['one/a', 'one/series/b', 'two', '.hidden'])
      await writeFile(join(folder, name), 'x')
    const groups = await groupsIn(folder)
    expect(
      [...groups].map(([name, files]) => [name, files.map(({ path }) => basename(path))]),
    ).toEqual([
      ['one', ['a', 'b']],
      ['', ['two']],
    ])
    expect(await groupsIn(await mkdtemp(join(folder, 'empty-')))).toEqual(new Map())
  })
})

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}
const record = (type: string, fileId?: string, next = 0, lower = 0): Written[] => [
  [0x00041400, 'UL', number(next)],
  [0x00041420, 'UL', number(lower)],
  [0x00041430, 'CS', type],
  ...(fileId === undefined ? [] : [[0x00041500, 'CS', fileId] as const]),
]
const dicomdir = (items: readonly Written[][]): Buffer =>
  part10(
    dataset([
      [0x00041200, 'UL', number(0)],
      [0x00041220, 'SQ', { items }],
    ]),
    SYNTAX.explicit,
  )

describe('a DICOMDIR', () => {
  it('names the files of each study, and those that the medium lacks', async () => {
    await mkdir(join(folder, 'dicom'))
    await writeFile(join(folder, 'dicom', 'im1'), 'one')
    await writeFile(join(folder, 'dicom', 'IM3;1'), 'three')
    await writeFile(join(folder, 'outside'), 'x')
    await symlink(join(folder, 'outside'), join(folder, 'dicom', 'LINK'))
    await writeFile(
      join(folder, 'DICOMDIR'),
      dicomdir([
        record('PATIENT'),
        ...[record('STUDY'), record('SERIES'), record('IMAGE', 'DICOM\\IM1')],
        ...[record('IMAGE', 'DICOM\\IM2'), record('IMAGE', '..\\OUTSIDE'), record('STUDY')],
        ...[record('IMAGE', 'DICOM\\IM3'), record('IMAGE', 'DICOM\\LINK')],
      ]),
    )
    for (const path of [folder, join(folder, 'DICOMDIR')]) {
      const studies = await readDicomdir(path)
      expect(
        studies.map(({ files, missing }) => [files.map((one) => basename(one.path)), missing]),
      ).toEqual([
        [['im1'], ['DICOM/IM2', '../OUTSIDE']],
        [['IM3;1'], ['DICOM/LINK']],
      ])
    }
  })

  it('is refused when it is something else', async () => {
    await writeFile(join(folder, 'DICOMDIR'), part10(dataset(instance())))
    await expect(readDicomdir(folder)).rejects.toMatchObject({ code: 'dicomdir_invalid' })
    await expect(readDicomdir(join(folder, 'none'))).rejects.toMatchObject({
      code: 'file_unreadable',
    })
  })

  const has = spawnSync('dcmmkdir', ['--version']).error === undefined
  const peer = has ? it : it.skip
  peer(`of dcmtk is read by its offsets${has ? '' : ' (needs dcmtk)'}`, async () => {
    const study = (uid: string, series: string): Written[] => [
      [0x0020000d, 'UI', uid],
      [0x0020000e, 'UI', series],
      [0x00200010, 'SH', '1'],
      [0x00200011, 'IS', '1'],
      [0x00200013, 'IS', '1'],
      [0x00080060, 'CS', 'OT'],
      [0x00080020, 'DA', '20260301'],
      [0x00080030, 'TM', '120000'],
    ]
    const names = ['A1', 'B1', 'A2']
    for (const [at, name] of names.entries()) {
      const own: Written[] = [[0x00080018, 'UI', `1.2.${at + 1}`]]
      const uid = name.startsWith('A') ? '1.9.1' : '1.9.2'
      await writeFile(
        join(folder, name),
        part10(dataset(instance([...own, ...study(uid, `${uid}.1`)]))),
      )
    }
    const made = spawnSync('dcmmkdir', ['-W', '-Nxc', '+I', '--invent', ...names], { cwd: folder })
    expect({ status: made.status, text: made.stderr.toString() }).toMatchObject({ status: 0 })
    const studies = await readDicomdir(folder)
    expect(studies.map(({ files }) => files.map((one) => basename(one.path)))).toEqual([
      ['A1', 'A2'],
      ['B1'],
    ])
  })
})
