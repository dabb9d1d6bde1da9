import { describe, expect, it } from '@jest/globals'
import { readFile, writeFile } from 'node:fs/promises'
import { EVENTS, STATES, transition } from '../../src/doors/dimse/states.js'
import type { EventName } from '../../src/doors/dimse/states.js'

const FILE = new URL('states.txt', import.meta.url)

/** Every cell of 19 events by 13 states, one per line. */
function table(): string {
  const lines = (Object.keys(EVENTS) as EventName[]).flatMap((event) => [
    `${event} ${EVENTS[event]}`,
    ...STATES.map((state) => {
      const cell = transition(state, event)
      const next = [cell?.next, cell?.otherwise].filter((one) => one !== undefined).join(' or ')
      return `  ${state.padEnd(6)}${cell ? `${cell.action.padEnd(6)}${next}` : 'cannot happen'}`
    }),
  ])
  return `${lines.join('\n')}\n`
}

describe('the state machine', () => {
  it('matches all 247 cells of the printed table', async () => {
    if (process.env.NOCTURNE_TEST_PRINT === '1') await writeFile(FILE, table())
    expect(table()).toBe(await readFile(FILE, 'utf8'))
    expect(table().match(/^ {2}Sta/gm)).toHaveLength(247)
  })

  it('has as many cells with an action as Table 9-10 of PS3.8', () => {
    expect(table().match(/(AE|DT|AR|AA)-/g)).toHaveLength(123)
  })

  it('answers an unexpected PDU with an abort in every state in which one can arrive', () => {
    for (const event of ['Evt3', 'Evt4', 'Evt6', 'Evt10', 'Evt12', 'Evt13', 'Evt19'] as const) {
      for (const state of STATES.filter((one) => !['Sta1', 'Sta4'].includes(one))) {
        expect(transition(state, event)).toBeDefined()
      }
    }
  })
})
