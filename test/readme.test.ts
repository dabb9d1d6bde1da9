/** The tables of the README name every route and every command. */
import { describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { listCommands } from '../src/cli/program.js'
import { ROUTES } from '../src/protocol/http/routes.js'

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8')
const rows = readme.split('\n').filter((line) => line.startsWith('| '))
const firstCellOf = (row: string): string => row.split(' | ')[0] ?? ''

/**
 * Paths that a row names. A further one may be shortened: after `/v1/cases/:id/close`, `/recall`
 * stands for `/v1/cases/:id/recall`.
 */
function pathsIn(row: string): readonly string[] {
  const found: string[] = []
  for (const [, path = ''] of firstCellOf(row).matchAll(/`(?:[A-Z]+ )?(\/[^`? ]*)/g)) {
    const parts = (found.at(-1) ?? '').split('/')
    const parents = parts.map((_, i) => parts.slice(0, i).join('/'))
    found.push(path, ...parents.map((parent) => `${parent}${path}`))
  }
  return found
}

const asWritten = (path: string): string => path.replace(/\{[^}]+\}|:\w+/g, ':')

describe('README', () => {
  it('names every route', () => {
    const written = new Set(rows.flatMap(pathsIn).map(asWritten))
    const missing = Object.keys(ROUTES).filter(
      (route) => !written.has(asWritten(route.split(' ')[1] ?? '')),
    )
    expect(missing).toEqual([])
  })

  it('names every command', async () => {
    const listed = (await listCommands()).map(({ usage }) => usage.split(' ')[0] ?? '')
    const cells = rows.map(firstCellOf).join('\n')
    const isNamed = (name: string) => new RegExp(`\`(?:nocturne )?${name}[ \`]`).test(cells)
    expect(listed.filter((name) => !isNamed(name))).toEqual([])
  })
})
