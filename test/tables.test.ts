import { describe, expect, it } from '@jest/globals'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tablesIn, tablesOf } from './_tables.js'
import { sourceFiles } from './_imports.js'

const root = fileURLToPath(new URL('../src', import.meta.url))

/**
 * Places that name tables of rooms, with the reason. A migration changes the tables of all rooms,
 * and rows of old versions have to move before any room is open.
 */
const COMPOSITIONS = ['state/migrations/', 'state/tables/', 'state/night/']

const roomOf = (file: string): string => file.split('/')[0] ?? file

/** The rooms that name each table in a query. */
async function roomsOfTables(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rooms = new Map<string, Set<string>>()
  for (const file of await sourceFiles(root)) {
    if (COMPOSITIONS.some((place) => file.startsWith(place))) continue
    for (const table of tablesIn(file, await readFile(join(root, file), 'utf8')))
      rooms.set(table, (rooms.get(table) ?? new Set()).add(roomOf(file)))
  }
  return rooms
}

describe('the tables of the database', () => {
  it('are each named by one room, and none by a route', async () => {
    const rooms = await roomsOfTables()
    const shared = [...rooms].filter(([, names]) => names.size > 1)
    expect(shared.map(([table, names]) => `${table}: ${[...names].join(', ')}`)).toEqual([])
    const named = new Set([...rooms.values()].flatMap((names) => [...names]))
    expect([...named].filter((one) => ['http', 'doors', 'running', 'cli'].includes(one))).toEqual(
      [],
    )
  })

  it('are each used by some room', async () => {
    const rooms = await roomsOfTables()
    const declared = new Set<string>()
    for (const file of await sourceFiles(join(root, 'state')))
      for (const table of tablesOf(await readFile(join(root, 'state', file), 'utf8')))
        declared.add(table)
    expect(declared.size).toBeGreaterThan(30)
    expect([...declared].filter((table) => !rooms.has(table))).toEqual([])
    expect([...rooms.keys()].filter((table) => !declared.has(table))).toEqual([])
  })
})

describe('the rule', () => {
  it.each([
    [`db.selectFrom('items')`, ['items']],
    [`tx.insertInto('items').values({})`, ['items']],
    [`db.selectFrom(['items', 'cases as c'])`, ['items', 'cases']],
    [`db\n  .selectFrom('a')\n  .leftJoin('b as x', 'x.id', 'a.id')`, ['a', 'b']],
    [`eb.exists(eb.selectFrom('items').select('id'))`, ['items']],
    ['sql`select 1 from items join "cases" on true`', ['items', 'cases']],
    ['sql<number>`update items set x = ${y}`', ['items']],
    [`log('selectFrom items')`, []],
  ])('finds the tables of %j', (text, tables) => {
    expect(tablesIn('a.ts', text)).toEqual(tables)
  })

  it('reads the tables that an interface declares', () => {
    expect(
      tablesOf('export interface NightTables { cases: CaseTable; outbox: OutboxTable }'),
    ).toEqual(['cases', 'outbox'])
  })
})
