/**
 * A matrix of keys and programs: keys from every program are sealed to by us, in both versions, and
 * by every program, and opened by every program and by us. The table is printed; the parts that
 * must hold are asserted.
 */
import { afterAll, describe, expect, it } from '@jest/globals'
import { sealBytes } from '../../src/seal/index.js'
import { readPrivateKey } from '../../src/seal/keys/keys.js'
import { toRecipient } from '../../src/seal/keys/certificate.js'
import { attempt, content } from '../seal/_seal.js'
import { KEYS } from './_keys.js'
import { PROGRAMS } from './_programs.js'

/** Text, because gosop of Debian 12 outputs everything as UTF-8; longer than one chunk. */
const PLAIN = Buffer.from(content(150_000).toString('hex'))

/** Programs that support SEIPD version 2 and version 6 keys, which those of Debian 12 do not. */
const KNOWS_RFC_9580 = new Set(['openpgp.js'])

const there = PROGRAMS.filter(({ isThere }) => isThere)
const rows: string[][] = [['KEY', ...there.map(({ name }) => name), 'nocturne']]

afterAll(() => {
  const widths = rows[0]!.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join('  '))
  const missing = PROGRAMS.filter(({ isThere }) => !isThere).map(({ name }) => name)
  process.stdout.write(
    [
      '\nOpens ours in version 1 / in version 2, and we open what it seals (o), or not (-), or it cannot seal (.)',
      ...lines,
      missing.length === 0 ? '' : `not installed: ${missing.join(', ')}`,
      '',
    ].join('\n'),
  )
})

describe('the matrix of programs and keys', () => {
  it.each(KEYS.map((key) => [`${key.maker} ${key.kind}`, key] as const))(
    'holds for a key of %s',
    async (name, key) => {
      const privateKey = await key.make()
      if (privateKey === undefined) {
        // There is nothing to compare: the titles for this program say that it is not installed.
        expect(there.map((program) => program.name)).not.toContain(key.maker)
        rows.push([name, 'not made: its maker is not installed'])
        return
      }
      const own = await readPrivateKey(privateKey)
      const recipient = await toRecipient('matrix', own.certificate, new Date(), {
        allowRsa2048: true,
      })
      // Version 2 is also used for keys that do not announce it, to show what their programs do
      // with it. The recipient is accepted with RSA of 2048 bits, as when it was generated.
      const as = (takesSeipd2: boolean) =>
        recipient.takesSeipd2 === takesSeipd2 ? recipient : { ...recipient, takesSeipd2 }
      const ours1 = await sealBytes(PLAIN, as(false), new Date())
      const ours2 = await sealBytes(PLAIN, as(true), new Date()).catch(() => undefined)
      const row: string[] = [name]
      const wrong: string[] = []
      for (const program of there) {
        const isModern = KNOWS_RFC_9580.has(program.name)
        const [one, two, theirs] = await Promise.all([
          program.open(privateKey, ours1),
          ours2 && program.open(privateKey, ours2),
          program.seal(own.certificate, PLAIN),
        ])
        const opensOne = one?.equals(PLAIN) === true
        const opensTwo = two?.equals(PLAIN) === true
        const opened = theirs && (await attempt(theirs, own))
        const weOpen = opened?.released.equals(PLAIN) === true && opened.code === undefined
        const mark = (isOpen: boolean) => (isOpen ? 'o' : '-')
        row.push(`${mark(opensOne)}/${mark(opensTwo)} ${theirs ? mark(weOpen) : '.'}`)
        const mustOpen = key.version === 4 || isModern
        if (mustOpen && !opensOne) wrong.push(`${program.name} does not open version 1`)
        if (mustOpen && !theirs) wrong.push(`${program.name} does not seal`)
        if (isModern && ours2 && !opensTwo) wrong.push(`${program.name} does not open version 2`)
        if (theirs && !weOpen) wrong.push(`we do not open ${program.name}`)
      }
      const self = await Promise.all([attempt(ours1, own), attempt(ours2 ?? ours1, own)])
      const isOwn = self.map(({ released }) => released.equals(PLAIN))
      row.push(isOwn.map((isOpen) => (isOpen ? 'o' : '-')).join('/'))
      rows.push(row)
      expect({ wrong, isOwn }).toEqual({ wrong: [], isOwn: [true, true] })
    },
    180_000,
  )
})
