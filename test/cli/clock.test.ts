/** A wrong clock is named, and nobody is taken for a forger. */
import { describe, expect, it } from '@jest/globals'
import { PassThrough } from 'node:stream'
import { askSecret } from '../../src/cli/ask-secret.js'
import { blameClocks, clocksOf } from '../../src/cli/clock.js'
import { NocturneError } from '../../src/lib/errors.js'

const MINUTE = 60_000
const AT = Date.parse('2026-11-30T03:00:00Z')
const refused = new NocturneError('acknowledgement_invalid')

describe('two clocks', () => {
  it('are both named when they differ by more than the allowance, either way', () => {
    for (const minutes of [-6, 6, 60 * 24]) {
      const clocks = { gateway: AT, here: AT + minutes * MINUTE }
      expect(blameClocks(clocks, refused)).toMatchObject({
        code: 'clocks_differ',
        message: expect.stringContaining('at the gateway 2026-11-30 03:00:00 UTC'),
        details: [refused.message],
      })
    }
    expect(blameClocks({ gateway: AT, here: AT - 6 * MINUTE }, refused)).toMatchObject({
      message: expect.stringContaining('here 2026-11-30 02:54:00'),
    })
  })

  it('explain nothing within the allowance, without a Date, and of other errors', () => {
    expect(blameClocks({ gateway: AT, here: AT + 5 * MINUTE }, refused)).toBe(refused)
    expect(blameClocks(undefined, refused)).toBe(refused)
    const other = new NocturneError('not_found')
    expect(blameClocks({ gateway: AT, here: AT + 60 * MINUTE }, other)).toBe(other)
    expect(clocksOf(undefined)).toBeUndefined()
    expect(clocksOf('yesterday')).toBeUndefined()
    expect(clocksOf('Mon, 30 Nov 2026 03:00:00 GMT')?.gateway).toBe(AT)
  })
})

describe('a passphrase that is asked for', () => {
  const ask = async (...typed: readonly string[]) => {
    const terminal = new PassThrough()
    const screen = new PassThrough()
    const asked = askSecret('passphrase: ', terminal, screen)
    for (const piece of typed) terminal.write(Buffer.from(piece, 'latin1'))
    const answer = await asked
    return { answer, shown: String(screen.read()) }
  }

  it('is one line, with corrections, and never shown', async () => {
    expect(await ask('sece', '\u007fret\r')).toEqual({
      answer: 'secret',
      shown: 'passphrase: \n',
    })
    // UTF-8 that is torn between two reads.
    expect((await ask('\xc3', '\xbc\n')).answer).toBe('ü')
  })

  it('can be refused', async () => {
    await expect(ask('sec\u0003')).rejects.toMatchObject({ code: 'interrupted' })
  })
})
