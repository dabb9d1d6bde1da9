/** Tests that run dist/ refuse a build older than its sources: they would pass on outdated code. */
import { afterAll, beforeEach, expect, it } from '@jest/globals'
import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtCommand } from '../_built.js'

const folder = await mkdtemp(join(tmpdir(), 'nocturne-built-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

const put = async (path: string, at: number) => {
  await mkdir(join(folder, path, '..'), { recursive: true })
  await writeFile(join(folder, path), '')
  await utimes(join(folder, path), at, at)
}

beforeEach(async () => {
  await rm(join(folder, 'dist'), { recursive: true, force: true })
  for (const path of ['src/lib/errors.ts', 'package.json', '.config/jest.config.mjs'])
    await put(path, 1000)
})

it('accepts a build newer than its sources', async () => {
  await put('dist/.built', 1001)
  expect(builtCommand(folder)).toBe(join(folder, 'dist/cli/main.js'))
})

it('refuses a missing build, and an older one, naming the file that changed', async () => {
  expect(() => builtCommand(folder)).toThrow('dist/ holds no build: run `npm run build`')
  await put('dist/.built', 1001)
  await put('src/lib/errors.ts', 1002)
  expect(() => builtCommand(folder)).toThrow(`dist/ is older than ${join('src/lib/errors.ts')}`)
  await put('src/lib/errors.ts', 1000)
  await put('package.json', 1002)
  expect(() => builtCommand(folder)).toThrow('dist/ is older than package.json')
})
