import { afterEach, describe, expect, it } from '@jest/globals'
import { createCommitment } from '../../src/doors/dimse/commitment.js'
import type { Report } from '../../src/doors/dimse/commitment.js'
import { decodeCommand } from '../../src/doors/dimse/command.js'
import { EXPLICIT, readerOf } from '../../src/dicom/elements/index.js'
import { Budget, readDataset } from '../../src/dicom/index.js'
import { encodeElement, encodeText } from '../../src/dicom/write/index.js'
import { createLogger } from '../../src/lib/logger.js'
import { Pace } from '../../src/lib/pace.js'
import { actionRequest } from './_commands.js'
import { openDoor } from './_door.js'
import type { TestDoor } from './_door.js'
import { COMMAND, CT, EXPLICIT as EXPLICIT_SYNTAX, LAST, Parrot, data } from './_parrot.js'

const COMMITMENT = { sopClass: '1.2.840.10008.1.20.1', sopInstance: '1.2.840.10008.1.20.1.1' }

let door: TestDoor
afterEach(() => door.close())

const uid = (tag: number, value: string) =>
  encodeElement(tag, 'UI', encodeText(value, 'UI'), EXPLICIT)

function question(transaction: string, instances: readonly string[]): Buffer {
  const items = instances.map((instance) => {
    const elements = Buffer.concat([uid(0x00081150, CT), uid(0x00081155, instance)])
    const head = Buffer.from('feff00e000000000', 'hex')
    head.writeUInt32LE(elements.length, 4)
    return Buffer.concat([head, elements])
  })
  return Buffer.concat([
    uid(0x00081195, transaction),
    encodeElement(0x00081199, 'SQ', Buffer.concat(items), EXPLICIT),
  ])
}

async function told(bytes: Buffer) {
  const pace = new Pace()
  const elements = await pace.run(readDataset(bytes, EXPLICIT, new Budget(pace)))
  const listed = (tag: number) =>
    (elements.find((one) => one.tag === tag)?.items ?? []).map((item) =>
      readerOf(item.elements, bytes)(0x00081155),
    )
  return {
    transaction: readerOf(elements, bytes)(0x00081195),
    failed: listed(0x00081198),
    committed: listed(0x00081199),
  }
}

const ask = async (sent: Report[] | undefined, dataSet: Buffer) => {
  const notes: object[] = []
  const { commit } = createCommitment({
    deposits: (_facility, references) =>
      Promise.resolve(
        references.map(({ sopInstance }) => (sopInstance.endsWith('.1') ? 'stored' : 'unknown')),
      ),
    sendTo: () => sent && ((report) => Promise.resolve(sent.push(report) > 0)),
    note: (event) => Promise.resolve(notes.push(event)),
    logger: createLogger('silent'),
  })
  door = await openDoor({ commit })
  const contexts = [
    { id: 1, abstractSyntax: COMMITMENT.sopClass, transferSyntaxes: [EXPLICIT_SYNTAX] },
  ]
  const parrot = await Parrot.associated(door.port, { contexts })
  parrot.say(data([1, COMMAND, actionRequest(5, COMMITMENT, 1)]))
  parrot.say(data([1, LAST, dataSet]))
  const answer = await parrot.hear()
  if (answer?.kind !== 'data') throw new Error('no answer')
  return { parrot, answer: decodeCommand(answer.body.subarray(6)), notes }
}

describe('storage commitment', () => {
  it('is answered, then reported over the same association', async () => {
    const { parrot, answer, notes } = await ask(undefined, question('1.9', ['1.2.1', '1.2.2']))
    expect(answer).toMatchObject({ field: 0x8130, respondedTo: 5, status: 0, actionType: 1 })
    const command = await parrot.hear()
    if (command?.kind !== 'data') throw new Error('no report')
    // The command and its data set may be in one PDU or in two.
    const length = command.body.readUInt32BE(0) + 4
    expect(decodeCommand(command.body.subarray(6, length))).toMatchObject({
      field: 0x0100,
      eventType: 2,
    })
    const rest = command.body.length > length ? command.body.subarray(length) : undefined
    const next = rest ?? ((await parrot.hear()) as { body: Buffer }).body
    expect(await told(next.subarray(6))).toEqual({
      transaction: '1.9',
      failed: ['1.2.2'],
      committed: ['1.2.1'],
    })
    expect(notes).toMatchObject([{ detail: { aeTitle: 'FACILITY_A', asked: 2, committed: 1 } }])
  })

  it('is reported to the address in the configuration, if there is one', async () => {
    const sent: Report[] = []
    const { answer } = await ask(sent, question('1.9', ['1.2.1']))
    expect(answer.status).toBe(0)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(sent.map(({ eventType }) => eventType)).toEqual([1])
    expect(await told(sent[0]!.dataSet(EXPLICIT))).toEqual({
      transaction: '1.9',
      failed: [],
      committed: ['1.2.1'],
    })
  })

  it.each([
    ['no data set at all', Buffer.from('nonsense')],
    ['no instance', question('1.9', [])],
    ['a name instead of a UID', question('SMITH', ['1.2.1'])],
  ])('is refused for %s', async (_why, dataSet) => {
    const { answer, notes } = await ask([], dataSet)
    expect(answer.status).toBe(0x0212)
    expect(notes).toEqual([])
  })
})
