/**
 * Whether what the client writes and checks is valid on Windows and macOS too, as far as another
 * system can tell.
 */
import { expect, it } from '@jest/globals'
import fc from 'fast-check'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, win32 } from 'node:path'
import { syncFolder } from '../../src/cli/local-write.js'
import { readSecretText } from '../../src/cli/secret-file.js'
import type { ManifestItem } from '../../src/protocol/manifest.js'
import { itemPaths, openedName } from '../../src/protocol/opened-names.js'

/**
 * Rules from "Naming Files, Paths, and Namespaces" of the Windows documentation, and the limit of
 * 255 units in NTFS and APFS. Written independently of the code under test.
 */
function faultOf(name: string): string | undefined {
  if (name === '' || name.length > 255) return 'length'
  if (/[<>:"/\\|?*]/.test(name) || name.split('').some((unit) => unit < ' '))
    return 'a forbidden character'
  if (name.endsWith('.') || name.endsWith(' ')) return 'a dot or a space at the end'
  const [stem = ''] = name.toUpperCase().split('.')
  const devices = ['CON', 'PRN', 'AUX', 'NUL', 'CONIN$', 'CONOUT$']
  const numbered = ['COM', 'LPT'].flatMap((port) =>
    '0 1 2 3 4 5 6 7 8 9 ¹ ² ³'.split(' ').map((n) => port + n),
  )
  return [...devices, ...numbered].includes(stem.trimEnd()) ? 'a device' : undefined
}

const ODD = [
  ...['con', 'COM1', 'lpt9', 'nul', 'AUX', 'conin$', '.', ' ', ':', '?', '*', '\\', '/', '"', '<'],
  ...['|', '\u0000', '\u001f', '\u00e9', 'e\u0301', '\ud83d', '.pgp', '.txt', 'a'],
]

/**
 * Two names with the same result are the same to a file system that ignores case and Unicode form.
 */
const folded = (name: string): string => name.normalize('NFC').toLowerCase()

it.each([
  ['scan.dcm.pgp', 'scan.dcm'],
  ['report', 'report.bin'],
  ['con.pgp', '_con.bin'],
  ['NUL.dcm.pgp', '_NUL.dcm'],
  ['lpt¹.txt', '_lpt¹.txt'],
  ['console.txt', 'console.txt'],
  ['what?.txt.pgp', 'what_.txt'],
  ['a:b.dcm', 'a_b.dcm'],
  ['name..pgp', 'name.bin'],
  ['name .pgp', 'name.bin'],
  ['..pgp', 'opened.bin'],
  ['..\\..\\x.dcm', '_.._x.dcm'],
  ['.bashrc.pgp', 'bashrc.bin'],
])('opens %s as %s', (sealed, opened) => {
  expect(openedName(sealed, new Uint8Array())).toBe(opened)
})

it('gives an opened file a name that is legal everywhere, as a single path component', () => {
  const odd = fc.constantFrom(...ODD)
  const names = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(odd, { maxLength: 12 }).map((parts) => parts.join('')),
  )
  fc.assert(
    fc.property(names, (sealed) => {
      const name = openedName(sealed, new Uint8Array())
      expect(faultOf(name)).toBeUndefined()
      expect(win32.basename(win32.join('C:\\opened', name))).toBe(name)
      expect(win32.dirname(win32.join('C:\\opened', name))).toBe('C:\\opened')
      expect(name.normalize('NFC')).toBe(name)
      expect(name.isWellFormed()).toBe(true)
    }),
    { numRuns: 300 },
  )
})

it('gives the items of a transfer paths that are legal everywhere and distinct regardless of case', () => {
  const uid = fc.oneof(
    fc.constantFrom('1.2.3', '2.25.1', '1.2.3.', 'CON', '1.2.03', '..', ''),
    fc.string({ maxLength: 70 }),
  )
  const item = fc.record({
    kind: fc.constantFrom('instance', 'document'),
    mediaType: fc.constantFrom('application/dicom', 'application/pdf', 'text/plain', 'x/con'),
    study: uid,
    series: uid,
    instance: uid,
  })
  fc.assert(
    fc.property(fc.array(item, { maxLength: 30 }), (drawn) => {
      const items = drawn.map((one, at) => ({ ...one, index: at + 1 }) as unknown as ManifestItem)
      const paths = [...itemPaths(items).values()]
      for (const path of paths) {
        const parts = win32.normalize(path).split('\\')
        expect(parts.map(faultOf)).toEqual(parts.map(() => undefined))
        expect(win32.isAbsolute(path)).toBe(false)
      }
      expect(new Set(paths.map(folded)).size).toBe(items.length)
    }),
  )
})

it('syncs no folder and checks no mode on a system without them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'nocturne-portable-'))
  try {
    await syncFolder(folder, 'linux')
    await expect(syncFolder(join(folder, 'none'), 'linux')).rejects.toThrow()
    await syncFolder(join(folder, 'none'), 'win32')
    const file = join(folder, 'key.asc')
    await writeFile(file, 'secret')
    await chmod(file, 0o644)
    const warned: string[] = []
    const output = { warn: (text: string) => void warned.push(text) }
    expect(await readSecretText(file, output, 'win32')).toBe('secret')
    expect(warned).toEqual([])
    for (const platform of ['linux', 'darwin'] as const)
      await readSecretText(file, output, platform)
    expect(warned).toHaveLength(2)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
