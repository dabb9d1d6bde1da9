import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { listFiles } from '../../src/cli/sender/files.js'
import { extensionOf, mediaTypeOf } from '../../src/protocol/media-types.js'
import { sniffExtension } from '../../src/protocol/opened-names.js'
import { scratch } from './_cli.js'

let folder: Awaited<ReturnType<typeof scratch>>
beforeEach(async () => {
  folder = await scratch()
})
afterEach(() => folder.dispose())

const at = (...names: string[]) => join(folder.path, ...names)

async function put(...names: string[]): Promise<void> {
  await mkdir(join(at(...names), '..'), { recursive: true })
  await writeFile(at(...names), names.join('/'))
}

const names = async (...paths: string[]) =>
  (await listFiles(paths)).files.map(({ path }) => relative(folder.path, path))

describe('listing files', () => {
  it('walks folders in order of names and skips hidden files', async () => {
    await put('study', 'b', '2.dcm')
    await put('study', 'b', '10.dcm')
    await put('study', 'a.dcm')
    await put('study', '.DS_Store')
    await put('study', '.git', 'config')
    expect(await names(at('study'))).toEqual(['study/a.dcm', 'study/b/10.dcm', 'study/b/2.dcm'])
  })

  it('includes a hidden file that is named explicitly', async () => {
    await put('.hidden')
    expect(await names(at('.hidden'))).toEqual(['.hidden'])
  })

  it('follows a link that stays inside the folder, but none that leads outside', async () => {
    await put('secret.txt')
    await put('study', 'a.dcm')
    await mkdir(at('study', 'links'))
    await symlink(at('secret.txt'), at('study', 'links', 'out.txt'))
    await symlink(at('study'), at('study', 'links', 'cycle'))
    await symlink(at('nowhere'), at('study', 'links', 'broken'))
    await put('study', 'z.dcm')
    expect(await names(at('study'))).toEqual(['study/a.dcm', 'study/z.dcm'])
    await symlink(at('study', 'z.dcm'), at('study', 'b-link.dcm'))
    expect(await names(at('study'))).toEqual(['study/a.dcm', 'study/b-link.dcm'])
  })

  it('lists a file that is named twice only once', async () => {
    await put('study', 'a.dcm')
    expect(await names(at('study'), at('study', 'a.dcm'))).toEqual(['study/a.dcm'])
  })

  it('names the missing path', async () => {
    await expect(listFiles([at('missing')])).rejects.toMatchObject({
      code: 'file_unreadable',
      message: `a file cannot be read: ${at('missing')}`,
    })
  })

  it('refuses an empty folder', async () => {
    await mkdir(at('empty'))
    await expect(listFiles([at('empty')])).rejects.toMatchObject({ code: 'no_files' })
  })
})

const leftOut = async (...paths: string[]) =>
  (await listFiles(paths)).leftOut.map(({ path, why }) => [relative(folder.path, path), why])

describe('what is left out', () => {
  it('is accounted for: links that lead out or nowhere, hidden files, and what is no file', async () => {
    await put('secret.txt')
    await put('archive', '1.dcm')
    await put('study', 'a.dcm')
    await put('study', '.IM0002')
    await symlink(at('secret.txt'), at('study', 'out.txt'))
    await symlink(at('archive'), at('study', 'series-2'))
    await symlink(at('nowhere'), at('study', 'broken'))
    await symlink(at('study', 'a.dcm'), at('study', 'again'))
    await symlink(at('study'), at('study', 'cycle'))
    execFileSync('mkfifo', [at('study', 'pipe')])
    expect((await leftOut(at('study'))).sort()).toEqual([
      ['study/.IM0002', 'hidden'],
      ['study/broken', 'link'],
      ['study/out.txt', 'link'],
      ['study/pipe', 'special'],
      ['study/series-2', 'link'],
    ])
  })

  it('tells files of the operating system by name and content', async () => {
    await put('study', 'a.dcm')
    await writeFile(at('study', '.DS_Store'), Buffer.from('\0\0\0\x01Bud1rest', 'latin1'))
    await put('study', '._a.dcm')
    await mkdir(at('study', '.Trashes'))
    expect((await leftOut(at('study'))).sort()).toEqual([
      ['study/.DS_Store', 'system'],
      ['study/.Trashes', 'system'],
      ['study/._a.dcm', 'hidden'],
    ])
  })
})

describe('names that are not UTF-8', () => {
  const latin1 = (...parts: readonly string[]) => Buffer.from(at(...parts), 'latin1')

  it('are opened as bytes, in folders and as arguments, and shown without loss', async () => {
    await put('study', 'a.dcm')
    await writeFile(latin1('study', 'm\xe9dica.dcm'), 'one')
    await writeFile(latin1('study', 'm\xe8dica.dcm'), 'two')
    await mkdir(latin1('study', 's\xe9rie'))
    await writeFile(latin1('study', 's\xe9rie', '1.dcm'), 'three')
    const { files, leftOut: none } = await listFiles([at('study')])
    expect(none).toEqual([])
    expect(files.map(({ path }) => relative(folder.path, path))).toEqual([
      'study/a.dcm',
      'study/m\\xE8dica.dcm',
      'study/m\\xE9dica.dcm',
      'study/s\\xE9rie/1.dcm',
    ])
    const read = await Promise.all(files.map(({ at: name }) => readFile(name, 'utf8')))
    expect(read).toEqual(['study/a.dcm', 'two', 'one', 'three'])
    // As passed by Node for what was typed.
    const typed = latin1('study', 's\xe9rie', '1.dcm').toString('utf8')
    expect((await listFiles([typed])).files.map(({ size }) => size)).toEqual([5])
    const ambiguous = latin1('study', 'm\xe9dica.dcm').toString('utf8')
    await expect(listFiles([ambiguous])).rejects.toMatchObject({ code: 'file_unreadable' })
  })
})

describe('media types', () => {
  it('are determined by file extension, and vice versa', () => {
    expect(mediaTypeOf('Scan.PDF')).toBe('application/pdf')
    expect(mediaTypeOf('IM000001')).toBe('application/octet-stream')
    expect(mediaTypeOf('x.constructor')).toBe('application/octet-stream')
    expect(extensionOf('image/jpeg')).toBe('jpg')
    expect(extensionOf('text/html; charset=utf-8')).toBe('txt')
  })

  it('give no extension for an unknown type', () => {
    for (const type of ['../../etc/passwd', 'application/x-sh', '', 'constructor', '__proto__']) {
      expect(extensionOf(type)).toBe('bin')
    }
  })

  it('are determined by content for opened files', () => {
    const dicom = Buffer.alloc(200)
    dicom.write('DICM', 128)
    expect(sniffExtension(dicom)).toBe('dcm')
    expect(sniffExtension(Buffer.from('%PDF-1.7'))).toBe('pdf')
    expect(sniffExtension(Buffer.from('DICM'))).toBe('bin')
  })
})
