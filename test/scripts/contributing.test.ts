/** Everything to which CONTRIBUTING.md refers exists. */
import { expect, it } from '@jest/globals'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const file = fileURLToPath(new URL('../../.github/CONTRIBUTING.md', import.meta.url))
const text = await readFile(file, 'utf8')

const RECIPES = ['door', 'route', 'command', 'event', 'migration', 'page', 'de-identification rule']

it.each(RECIPES)('has a recipe for a %s, with an example that exists', (what) => {
  const [, recipe = ''] = text.split(new RegExp(`^## Add an? ${what}$`, 'm'))
  const [body = ''] = recipe.split(/^## /m)
  expect(body).toMatch(/^Example.*\(\.\.\/[^)]+\)/m)
})

it('names no missing file, in a link or as a path', () => {
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path)
  const named = [...text.matchAll(/`((?:src|test|scripts|config)\/[\w./-]*)`/g)]
  const paths = [...links, ...named.map(([, path = '']) => `../${path}`)]
  expect(paths.length).toBeGreaterThan(20)
  expect(paths.filter((path) => !existsSync(join(dirname(file), path)))).toEqual([])
})
