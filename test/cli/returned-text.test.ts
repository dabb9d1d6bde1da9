/**
 * Text reports that are returned get their patients' identities back, and keep every other byte.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { findIdentities, look, restore } from '../../src/cli/facility/reidentify.js'
import { readReturnedText } from '../../src/cli/facility/returned-text.js'
import type { CrosswalkLine } from '../../src/protocol/crosswalk-lines.js'

const CODE = 'K7QM4ZP2X9TR'
const OTHER = 'A2B3C4D5E6F7'
const STUDY = '2.25.11111'
const originalOf = (pseudonym: string) => (pseudonym === CODE ? 'Müller-7' : undefined)
const TEXT = `Patient ${CODE}: Märthe, Läsion 5 ± 1 mm, 3 µg`
const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16()
const MARK = '\ufeff'

describe('a text', () => {
  it.each<[string, (text: string) => Buffer]>([
    ['UTF-8', (text) => Buffer.from(text)],
    ['UTF-8 with a mark', (text) => Buffer.from(MARK + text)],
    ['Latin-1', (text) => Buffer.from(text, 'latin1')],
    [
      'Windows-1252',
      (text) => Buffer.concat([Buffer.from(text, 'latin1'), Buffer.from([0x93, 0x80])]),
    ],
    ['UTF-16 little endian', (text) => Buffer.from(MARK + text, 'utf16le')],
    ['UTF-16 big endian', (text) => swapped(Buffer.from(MARK + text, 'utf16le'))],
    ['UTF-16 without a mark', (text) => Buffer.from(text, 'utf16le')],
  ])('in %s is restored in it', (_, encode) => {
    const restored = readReturnedText(encode(TEXT)).restored(originalOf)
    expect(restored).toEqual(encode(TEXT.replace(CODE, 'Müller-7')))
  })

  it('without a known pseudonym is distinguished from one with', () => {
    expect(readReturnedText(Buffer.from(`${OTHER} Läsion`)).restored(originalOf)).toBeUndefined()
  })

  it.each([
    ['Shift JIS', Buffer.from('8e5290c291be98598e5290c2', 'hex')],
    ['ISO 2022', Buffer.from('\x1b$B;3ED\x1b(B')],
    ['bytes', Buffer.from([0, 1, 2, 0, 0, 3])],
    ['UTF-32', Buffer.from(`${CODE}\0\0\0`)],
  ])('in %s is refused', (_, bytes) => {
    expect(() => readReturnedText(Buffer.concat([Buffer.from(`${CODE} `), bytes]))).toThrow(
      expect.objectContaining({ code: 'not_reidentifiable' }),
    )
  })

  it('is refused if its character set lacks a letter of the original', () => {
    const { restored } = readReturnedText(Buffer.from(TEXT, 'latin1'))
    expect(() => restored(() => 'Łukasz')).toThrow(
      expect.objectContaining({ code: 'character_set_too_small' }),
    )
  })

  it('keeps every byte around a replacement', () => {
    const bytes = fc.array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength: 40 })
    const accents = fc.constantFrom('ä', 'é', 'ß', 'ñ', ' ', 'µ')
    fc.assert(
      fc.property(bytes, accents, bytes, (before, accent, after) => {
        const [head, tail] = [Buffer.from(before), Buffer.from(after)]
        const inside = Buffer.from(` ${accent} ${CODE} `, 'latin1')
        const restored = readReturnedText(Buffer.concat([head, inside, tail])).restored((one) =>
          one === CODE ? 'X' : undefined,
        )
        const wanted = Buffer.from(` ${accent} X `, 'latin1')
        expect(restored).toEqual(Buffer.concat([head, wanted, tail]))
      }),
    )
  })
})

describe('a report', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nocturne-returned-'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  async function* crosswalk(): AsyncGenerator<CrosswalkLine> {
    const patient = (code: string, patientId: string) =>
      ({
        type: 'patient',
        code,
        shiftSeconds: 0,
        patientId,
        issuer: '',
        patientName: '',
        birthDate: '',
      }) as const
    yield await Promise.resolve(patient(CODE, 'MRN-1'))
    yield patient(OTHER, 'MRN-2')
    yield { type: 'uids', pairs: [['1.2.3', STUDY]] }
    const item = {
      type: 'item',
      series: '2.25.2',
      instance: '2.25.3',
      elements: [],
      omitted: [],
    } as const
    yield { ...item, study: STUDY, code: CODE }
  }

  const restored = async (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text)
    const returned = await look({ path, at: path, size: text.length, mediaType: 'text/plain' })
    const out = mkdtempSync(join(folder, 'out-'))
    const { target } = await restore(returned, await findIdentities(crosswalk(), [returned]), out)
    return readFileSync(target, 'utf8')
  }

  it('about a study and its patient has both restored', async () => {
    expect(await restored('a.txt', `${CODE} ${STUDY}`)).toBe('MRN-1 1.2.3')
  })

  it('about a study of another patient is refused', async () => {
    await expect(restored('b.txt', `${OTHER} ${STUDY}`)).rejects.toMatchObject({
      code: 'identities_disagree',
    })
  })
})
