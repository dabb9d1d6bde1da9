/** Modality Performed Procedure Steps, as a modality sends them. */
import { afterEach, describe, expect, it } from '@jest/globals'
import { CommandField, Tag, decodeCommand, encodeCommand } from '../../src/doors/dimse/command.js'
import { createSteps } from '../../src/doors/dimse/steps.js'
import { dataset } from '../deidentify/_build.js'
import type { Written } from '../deidentify/_build.js'
import { openDoor } from './_door.js'
import type { TestDoor } from './_door.js'
import { COMMAND, EXPLICIT, LAST, Parrot, data } from './_parrot.js'

const STEP = '1.2.840.10008.3.1.2.3.3'

let door: TestDoor
afterEach(() => door.close())

const create = (instance?: string): Buffer =>
  encodeCommand([
    [Tag.affectedClass, STEP],
    [Tag.field, CommandField.createRq],
    [Tag.messageId, 1],
    [Tag.dataSetType, 1],
    [Tag.affectedInstance, instance],
  ])
const set = (instance: string): Buffer =>
  encodeCommand([
    [Tag.requestedClass, STEP],
    [Tag.field, CommandField.setRq],
    [Tag.messageId, 2],
    [Tag.dataSetType, 1],
    [Tag.requestedInstance, instance],
  ])
const begun = (study: string, state = 'IN PROGRESS'): Buffer =>
  dataset([
    [0x00400252, 'CS', state],
    [0x00400270, 'SQ', { items: [[[0x0020000d, 'UI', study]]] }],
  ])
const ended = (state: string, ...series: readonly number[]): Buffer => {
  const references = (count: number): Written => {
    const items = Array.from({ length: count }, (_, i): Written[] => [
      [0x00081155, 'UI', `1.2.${i + 1}`],
    ])
    return [0x00081140, 'SQ', { items }]
  }
  return dataset([
    [0x00400252, 'CS', state],
    [0x00400340, 'SQ', { items: series.map((count) => [references(count)]) }],
  ])
}

async function opened() {
  const announced: string[] = []
  const step = createSteps((facility, study, count) =>
    announced.push([facility, study, count ?? 'open'].join(' ')),
  )
  door = await openDoor({ step })
  const contexts = [{ id: 1, abstractSyntax: STEP, transferSyntaxes: [EXPLICIT] }]
  const parrot = await Parrot.associated(door.port, { contexts })
  const say = async (command: Buffer, content: Buffer) => {
    parrot.say(Buffer.concat([data([1, COMMAND, command]), data([1, LAST, content])]))
    const answer = await parrot.hear()
    if (answer?.kind !== 'data') throw new Error('no response')
    return decodeCommand(answer.body.subarray(6))
  }
  return { announced, say, parrot }
}

describe('a modality', () => {
  it('announces how many instances a study has, once all of its steps have ended', async () => {
    const { announced, say, parrot } = await opened()
    expect(await say(create('1.1'), begun('9.1'))).toMatchObject({
      ...{ field: CommandField.createRsp, status: 0, sopClass: STEP, sopInstance: '1.1' },
    })
    expect((await say(create('1.2'), begun('9.1'))).status).toBe(0)
    expect((await say(set('1.1'), ended('COMPLETED', 3, 2))).status).toBe(0)
    expect((await say(set('1.2'), ended('IN PROGRESS', 1))).status).toBe(0)
    expect(announced.filter((one) => !one.endsWith('open'))).toEqual([])
    expect(await say(set('1.2'), ended('COMPLETED', 4))).toMatchObject({
      ...{ field: CommandField.setRsp, status: 0, sopInstance: '1.2' },
    })
    expect(announced.at(-1)).toBe('facility-a 9.1 9')
    // A further step, and one that is broken off.
    await say(create('1.3'), begun('9.1'))
    expect(announced.at(-1)).toBe('facility-a 9.1 open')
    await say(set('1.3'), ended('DISCONTINUED', 2))
    expect(announced.at(-1)).toBe('facility-a 9.1 9')
    parrot.vanish()
  })

  it('is told what is wrong', async () => {
    const { announced, say, parrot } = await opened()
    const status = async (command: Buffer, content: Buffer) => (await say(command, content)).status
    expect(await status(create(), begun('9.1'))).toBe(0x0117)
    expect(await status(create('1.1'), begun('9.1', 'COMPLETED'))).toBe(0x0106)
    expect(await status(create('1.1'), begun('9.1', 'NONSENSE'))).toBe(0xc000)
    expect(await status(create('1.1'), Buffer.from('no data set'))).toBe(0xc000)
    expect(await status(set('1.1'), ended('COMPLETED', 1))).toBe(0x0112)
    expect(announced).toEqual([])
    expect(await status(create('1.1'), begun('9.1'))).toBe(0)
    expect(await status(create('1.1'), begun('9.1'))).toBe(0x0111)
    expect(await status(set('1.1'), ended('COMPLETED'))).toBe(0)
    expect(await status(set('1.1'), ended('COMPLETED', 1))).toBe(0x0110)
    // Nothing was counted, so nothing closes early.
    expect(announced.at(-1)).toBe('facility-a 9.1 open')
    parrot.vanish()
  })
})
