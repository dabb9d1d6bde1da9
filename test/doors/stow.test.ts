import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { Reason, answerTo } from '../../src/doors/stow/answer.js'
import type { StoreOutcome } from '../../src/doors/stow/answer.js'
import { partsOf, relatedType } from '../../src/doors/stow/multipart.js'
import { answerType, render } from '../../src/doors/stow/render.js'

interface Sent {
  readonly type: string
  readonly bytes: Buffer
}

const bodyOf = (boundary: string, parts: readonly Sent[], end = '--\r\n'): Buffer =>
  Buffer.concat([
    ...parts.flatMap(({ type, bytes }) => [
      Buffer.from(`\r\n--${boundary}\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}\r\n`),
      bytes,
    ]),
    Buffer.from(`\r\n--${boundary}${end}`),
  ])

async function* cut(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const end = at + sizes[i % sizes.length]!
    await Promise.resolve()
    yield bytes.subarray(at, end)
    at = end
  }
}

async function read(bytes: Buffer, boundary: string, sizes: readonly number[]): Promise<Sent[]> {
  const found: Sent[] = []
  for await (const part of partsOf(cut(bytes, sizes), boundary)) {
    const chunks: Buffer[] = []
    for await (const chunk of part.bytes) chunks.push(chunk)
    found.push({ type: part.contentType, bytes: Buffer.concat(chunks) })
  }
  return found
}

describe('multipart/related', () => {
  const boundary = 'a-b'
  const octets = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    // Text that resembles a delimiter but is not one.
    fc.constantFrom('\r\n--a-', '\r\n--', '--a-b', '\r\n-a-b\r\n').map((text) => Buffer.from(text)),
  )
  const parts = fc.array(
    fc.record({ type: fc.constantFrom('', 'application/dicom', 'image/jpeg'), bytes: octets }),
    { maxLength: 4 },
  )
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

  it('is parsed as it was written, however it is split into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(parts, sizes, async (sent, packets) => {
        expect(await read(bodyOf(boundary, sent), boundary, packets)).toEqual(sent)
      }),
    )
  })

  it('truncated anywhere before its closing boundary is refused', async () => {
    const sent = [
      { type: 'application/dicom', bytes: Buffer.from('first') },
      { type: '', bytes: Buffer.from('second') },
    ]
    const whole = bodyOf(boundary, sent, '--')
    for (let end = 0; end < whole.length; end += 1) {
      await expect(read(whole.subarray(0, end), boundary, [7])).rejects.toMatchObject({
        code: 'broken_multipart',
      })
    }
    expect(await read(whole, boundary, [7])).toEqual(sent)
  })

  it('skips a preamble, and whatever a reader leaves unread', async () => {
    const sent = [1, 2, 3].map((n) => ({ type: 'a/b', bytes: Buffer.alloc(5_000, n) }))
    const body = Buffer.concat([Buffer.from('preamble'), bodyOf(boundary, sent)])
    const firsts: number[] = []
    for await (const { bytes } of partsOf(cut(body, [900]), boundary)) {
      const { value } = await bytes[Symbol.asyncIterator]().next()
      firsts.push((value as Buffer)[0]!)
    }
    expect(firsts).toEqual([1, 2, 3])
  })

  it.each([
    [
      'multipart/related; type="application/dicom"; boundary=x',
      { boundary: 'x', type: 'application/dicom' },
    ],
    [
      'Multipart/Related;boundary="a b";TYPE=application/dicom',
      { boundary: 'a b', type: 'application/dicom' },
    ],
    [
      `multipart/related; type=application/dicom; boundary=${'x'.repeat(73)}`,
      { boundary: 'x'.repeat(73), type: 'application/dicom' },
    ],
    ['multipart/related; boundary=x', { boundary: 'x', type: '' }],
    ['multipart/related', undefined],
    ['multipart/form-data; boundary=x', undefined],
  ])('is known by %s', (header, expected) => {
    expect(relatedType(header)).toEqual(expected)
  })
})

describe('the answer', () => {
  const stored: StoreOutcome = {
    sopClass: '1.2',
    sopInstance: '1.2.3',
    reason: undefined,
    isTemporary: false,
  }
  const held = { ...stored, reason: Reason.held }
  const refused = { ...stored, reason: Reason.doesNotMatch }
  const full = { ...stored, reason: Reason.outOfResources, isTemporary: true }
  const noise = {
    sopClass: undefined,
    sopInstance: undefined,
    reason: Reason.cannotUnderstand,
    isTemporary: false,
  }

  it.each([
    ['all are stored', [stored, stored], 200],
    ['one is held', [stored, held], 202],
    ['one is refused', [stored, refused], 202],
    ['one is not DICOM', [stored, noise], 202],
    ['none is stored', [refused, refused], 409],
    ['none is stored, for several reasons', [refused, full, noise], 409],
    ['nothing was DICOM', [noise, noise], 400],
    ['nothing was sent', [], 400],
    ['there is no space at the moment', [full, full], 503],
  ])('when %s', (_when, outcomes, status) => {
    const answer = answerTo(outcomes)
    expect(answer.status).toBe(status)
    const count = (tag: string) => answer.dataSet[tag]?.Value?.length ?? 0
    expect(count('00081199') + count('00081198') + count('0008119A')).toBe(outcomes.length)
    expect(answer.warning === undefined).toBe(status === 200 || outcomes.length === 0)
  })

  it('states reasons and UIDs, in JSON and in XML', () => {
    const { dataSet } = answerTo([stored, held, refused, noise])
    expect(JSON.parse(render(dataSet, 'application/dicom+json'))).toEqual({
      '00081190': { vr: 'UR' },
      '00081198': {
        vr: 'SQ',
        Value: [
          {
            '00081150': { vr: 'UI', Value: ['1.2'] },
            '00081155': { vr: 'UI', Value: ['1.2.3'] },
            '00081197': { vr: 'US', Value: [0xa900] },
          },
        ],
      },
      '00081199': {
        vr: 'SQ',
        Value: [
          {
            '00081150': { vr: 'UI', Value: ['1.2'] },
            '00081155': { vr: 'UI', Value: ['1.2.3'] },
            '00081190': { vr: 'UR' },
          },
          {
            '00081150': { vr: 'UI', Value: ['1.2'] },
            '00081155': { vr: 'UI', Value: ['1.2.3'] },
            '00081190': { vr: 'UR' },
            '00081196': { vr: 'US', Value: [0xb000] },
          },
        ],
      },
      '0008119A': { vr: 'SQ', Value: [{ '00081197': { vr: 'US', Value: [0xc000] } }] },
    })
    const xml = render(dataSet, 'application/dicom+xml')
    expect(xml).toContain(
      '<DicomAttribute tag="00081197" vr="US" keyword="FailureReason"><Value number="1">43264</Value>',
    )
    expect(xml).toContain('<Item number="2">')
  })

  it.each([
    [undefined, 'application/dicom+json'],
    ['*/*', 'application/dicom+json'],
    ['application/json', 'application/dicom+json'],
    ['application/dicom+xml', 'application/dicom+xml'],
    ['application/dicom+xml;q=0.5, application/dicom+json', 'application/dicom+json'],
    ['text/html', undefined],
  ])('to Accept: %s is %s', (accept, type) => {
    expect(answerType(accept)).toBe(type)
  })
})
