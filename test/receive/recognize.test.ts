import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { digest, python, receiveAll, smallInstance, words, zipWith } from './_items.js'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const padded = (start: string, size = 600) => Buffer.concat([bytes(start), Buffer.alloc(size)])

/** The single item's media type, code or kind. */
async function seen(content: Buffer, contentType = '', fileName?: string): Promise<string> {
  const outcomes = await receiveAll(content, { contentType, ...(fileName && { fileName }) })
  expect(outcomes).toHaveLength(1)
  const [one] = outcomes
  return one!.mediaType ?? one!.code ?? one!.kind
}

const element = (order: 'LE' | 'BE', group: number, number: number, vr: string, value: string) => {
  const head = Buffer.alloc(8)
  if (order === 'LE') {
    head.writeUInt16LE(group, 0)
    head.writeUInt16LE(number, 2)
    head.writeUInt16LE(value.length, 6)
  } else {
    head.writeUInt16BE(group, 0)
    head.writeUInt16BE(number, 2)
    head.writeUInt16BE(value.length, 6)
  }
  head.write(vr, 4, 'latin1')
  return Buffer.concat([head, bytes(value)])
}
const implicit = (group: number, number: number, value: string) => {
  const head = Buffer.alloc(8)
  head.writeUInt16LE(group, 0)
  head.writeUInt16LE(number, 2)
  head.writeUInt32LE(value.length, 4)
  return Buffer.concat([head, bytes(value)])
}

/** Data sets without preamble and meta header, as some systems write them. */
const BARE: readonly (readonly [string, Buffer])[] = [
  ['a meta header without preamble', smallInstance().subarray(132)],
  ['a prefix without preamble', smallInstance().subarray(128)],
  [
    'explicit little endian',
    Buffer.concat([
      element('LE', 8, 5, 'CS', 'ISO_IR 100'),
      element('LE', 8, 0x16, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'),
    ]),
  ],
  [
    'explicit big endian',
    Buffer.concat([
      element('BE', 8, 5, 'CS', 'ISO_IR 100'),
      element('BE', 8, 0x16, 'UI', '1.2.840.10008.5.1.4.1.1.2\0'),
    ]),
  ],
  [
    'implicit little endian',
    Buffer.concat([
      implicit(8, 5, 'ISO_IR 100'),
      implicit(8, 8, 'ORIGINAL\\PRIMARY'),
      implicit(8, 0x16, '1.2.840.10008.5.1.4.1.1.2\0'),
    ]),
  ],
  [
    'a group length first',
    Buffer.concat([implicit(8, 0, '\x10\0\0\0'), implicit(8, 5, 'ISO_IR 100')]),
  ],
  [
    'a command set',
    Buffer.concat([implicit(0, 0, '\x38\0\0\0'), implicit(0, 2, '1.2.840.10008.1.1\0')]),
  ],
]

const DOCUMENTS: readonly (readonly [string, Buffer, string])[] = [
  ['PDF', padded('%PDF-1.7\n'), 'application/pdf'],
  ['PNG', padded('\x89PNG\r\n\x1a\n'), 'image/png'],
  ['JPEG', padded('\xff\xd8\xff\xe0'), 'image/jpeg'],
  ['GIF', padded('GIF89a'), 'image/gif'],
  ['TIFF', padded('II*\0'), 'image/tiff'],
  ['WebP', padded('RIFF\x10\0\0\0WEBPVP8 '), 'image/webp'],
  ['BMP', padded('BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0'), 'image/bmp'],
  ['HEIC', padded('\0\0\0\x18ftypheic'), 'image/heic'],
  ['MP4', padded('\0\0\0\x20ftypisom'), 'video/mp4'],
  ['MP3', padded('ID3\x04\0'), 'audio/mpeg'],
  ['WAV', padded('RIFF\x10\0\0\0WAVEfmt '), 'audio/wav'],
  ['AVI', padded('RIFF\x10\0\0\0AVI LIST'), 'video/x-msvideo'],
  ['RTF', bytes('{\\rtf1\\ansi'), 'application/rtf'],
  ['XML', bytes('<?xml version="1.0"?><a/>'), 'application/xml'],
  ['HTML', bytes('<!DOCTYPE html><p>'), 'text/html'],
  ['JSON', bytes('{"a": 1}'), 'application/json'],
  ['HL7', bytes('MSH|^~\\&|RIS|A\rPID|1\r'), 'application/hl7-v2'],
  ['text in UTF-8', Buffer.from('Überweisung: Thorax 正面\n'), 'text/plain'],
  ['text in Latin-1', bytes('\xdcberweisung zum R\xf6ntgen\r\n'), 'text/plain'],
  ['text in UTF-16', Buffer.from('\ufeffRequest', 'utf16le'), 'text/plain'],
]

describe('a file that is DICOM', () => {
  it.each(BARE)('is an instance with %s', async (_, content) => {
    for (const type of ['', 'application/dicom', 'text/plain', 'image/png', 'application/pdf']) {
      expect(await seen(content, type, 'report.txt')).toBe('instance')
    }
  })

  it('is an instance whatever its preamble holds or its declared type is', async () => {
    const starts = [
      'MZ',
      '\x7fELF',
      '%PDF-1.4',
      'II*\0',
      'PK\x03\x04',
      '{"a"',
      'plain text',
      '#!/bin/sh',
    ]
    for (const start of starts) {
      const content = smallInstance()
      content.write(start, 0, 'latin1')
      for (const type of ['text/plain', 'application/pdf', 'image/jpeg', 'application/zip']) {
        expect(await seen(content, type, 'a.pdf')).toBe('instance')
      }
    }
  })

  it('never passes as a document, wherever its data set begins and whatever its name is', async () => {
    const instance = smallInstance(4000)
    // Two implicit elements alone could be anything; every real data set has more.
    const bodies = [
      instance,
      instance.subarray(132),
      ...BARE.slice(0, 5).map(([, content]) => content),
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...bodies),
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(
          'image/x-other',
          'application/x-study',
          'video/x-unknown',
          'chemical/x-pdb',
        ),
        async (body, before, type) => {
          const [one] = await receiveAll(Buffer.concat([before, body]), { contentType: type })
          // Leading bytes may make it look like a picture or a text, but never like this type.
          expect(one!.mediaType).not.toBe(type)
        },
      ),
      { numRuns: 200 },
    )
  })

  const shared = fileURLToPath(new URL('../../../shared/dicom', import.meta.url))
  const withShared = existsSync(shared) ? it : it.skip
  const reason = existsSync(shared) ? '' : ' (skipped: ../shared/dicom is not there)'
  withShared(
    `is an instance for every public file${reason}`,
    async () => {
      const names = (await readdir(shared, { recursive: true })).filter((each) =>
        /\.dcm$|DICOMDIR/.test(each),
      )
      expect(names.length).toBeGreaterThan(100)
      for (const name of names) {
        const content = await readFile(join(shared, name)).catch(() => undefined)
        if (content === undefined) continue
        const [one] = await receiveAll(content, { contentType: 'text/plain' })
        // This one begins with a byte that does not belong to anything.
        expect([name, one!.code ?? one!.kind]).toEqual([
          name,
          name.endsWith('no_meta.dcm') ? 'unrecognized' : 'instance',
        ])
      }
    },
    60_000,
  )
})

describe('a document', () => {
  it.each(DOCUMENTS)('is recognized by content: %s', async (_, content, mediaType) => {
    expect(await seen(content)).toBe(mediaType)
    expect(await seen(content, 'application/octet-stream', 'noname')).toBe(mediaType)
    expect(await seen(content, 'video/mpeg')).toBe(mediaType)
  })

  it('keeps a declared text type only for text', async () => {
    expect(await seen(bytes('a,b\n1,2\n'), 'text/csv; charset=utf-8')).toBe('text/csv')
    expect(await seen(bytes('a,b\n1,2\n'), '', 'table.csv')).toBe('text/csv')
    expect(await seen(bytes('{"resourceType":"Bundle"}'), 'application/fhir+json')).toBe(
      'application/fhir+json',
    )
    expect(await seen(padded('\x01\x02\x03'), 'text/csv')).toBe('unrecognized')
    expect(await seen(Buffer.from('撮影部位: 胸部', 'utf16le').swap16(), 'text/plain')).toBe(
      'unrecognized',
    )
    // Shift-JIS has no control characters and hardly any ASCII; the declared type is accepted.
    expect(await seen(bytes('\x8e\x42\x89\x65\x95\x94\x88\xca'.repeat(5)), 'text/plain')).toBe(
      'text/plain',
    )
    expect(await seen(bytes('\x8e\xa2\x89\xe5\x95\x94\x88\xca'.repeat(5)))).toBe('unrecognized')
  })

  it('has the declared type if nothing contradicts it', async () => {
    const noise = Buffer.concat([bytes('\x93NUMPY\x01\0'), Buffer.alloc(300, 7)])
    expect(await seen(noise, 'application/x-worksheet')).toBe('application/x-worksheet')
    expect(await seen(noise, 'Application/X-Worksheet; a=b')).toBe('application/x-worksheet')
    for (const type of [
      ...[
        '',
        'application/octet-stream',
        'application/pdf',
        'image/png',
        'image/jpeg',
        'audio/wav',
      ],
      ...['application/zip', 'application/gzip', 'application/x-tar', 'application/x-msdownload'],
      ...['application/x-sh', 'multipart/mixed', 'nonsense', 'a/b/c', '*/*', 'application/msword'],
      ...['application/x-iso9660-image', 'application/x-7z-compressed', 'message/rfc822'],
    ]) {
      expect([type, await seen(noise, type)]).toEqual([type, 'unrecognized'])
    }
  })

  it('is never a program, a container or a disguised DICOM data set', async () => {
    for (const start of [
      ...[
        'MZ\x90\0',
        '\x7fELF\x02',
        '\xca\xfe\xba\xbe',
        '#!/bin/sh\n',
        '\x1f\x8b\x08',
        '7z\xbc\xaf\x27\x1c',
      ],
      ...['Rar!\x1a\x07\0', 'BZh9', '\xfd7zXZ\0', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', '\0asm'],
    ]) {
      expect(await seen(padded(start), 'application/x-worksheet')).toBe('unrecognized')
    }
    expect(await seen(bytes('{"00100010":{"vr":"PN"}}'), 'application/json')).toBe('unrecognized')
    expect(await seen(bytes('<?xml version="1.0"?><NativeDicomModel>'), 'text/xml')).toBe(
      'unrecognized',
    )
    const doc = padded('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')
    expect(await seen(doc, 'application/msword')).toBe('application/msword')
    expect(await seen(doc, '', 'letter.DOC')).toBe('application/msword')
  })

  it('quarantines content declared as DICOM that is not', async () => {
    for (const [, content] of DOCUMENTS) {
      for (const [type, name] of [
        ['application/dicom', undefined],
        ['application/dicom+json', 'a.json'],
        ['text/plain', 'IM1.DCM'],
      ] as const) {
        const [one] = await receiveAll(content, {
          contentType: type,
          ...(name && { fileName: name }),
        })
        expect(one).toMatchObject({ code: 'not_dicom', keep: true, sha256: digest(content) })
      }
    }
  })

  it('is never made from an empty file', async () => {
    for (const type of ['', 'application/dicom', 'text/plain', 'application/pdf']) {
      expect(await receiveAll(Buffer.alloc(0), { contentType: type })).toMatchObject([
        { code: 'empty_file', keep: false },
      ])
    }
  })
})

describe('office documents', () => {
  const make = (names: readonly string[]) =>
    python(`
z = zipfile.ZipFile('out.zip', 'w', zipfile.ZIP_DEFLATED)
for n in ${JSON.stringify(names)}: z.writestr(n, '<?xml version="1.0"?><a/>')
z.close()`)
  const WORD = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  const SHEET = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

  it('are recognized as one document by their parts', async () => {
    const word = await make(['[Content_Types].xml', '_rels/.rels', 'word/document.xml'])
    expect(await seen(word)).toBe(WORD)
    expect(await seen(word, WORD)).toBe(WORD)
    expect(await seen(await make(['[Content_Types].xml', 'xl/workbook.xml']))).toBe(SHEET)
    expect(await seen(await make(['_rels/.rels', 'x.xml']), '', 'a.xlsx')).toBe(SHEET)
    const odt = await zipWith(
      ['bash', '-c', 'zip -0 -X out.zip mimetype && zip -r out.zip content.xml'],
      {
        mimetype: 'application/vnd.oasis.opendocument.text',
        'content.xml': '<a/>',
      },
    )
    expect(await seen(odt)).toBe('application/vnd.oasis.opendocument.text')
  })

  it('are not confused with an archive of instances', async () => {
    const bytes = await python(
      `
z = zipfile.ZipFile('out.zip', 'w'); z.write('IM1'); z.writestr('word/document.xml', '<a/>'); z.close()`,
      { IM1: smallInstance() },
    )
    for (const [contentType, fileName] of [
      [WORD, 'a.docx'],
      ['application/vnd.oasis.opendocument.text', 'a.odt'],
    ]) {
      expect(
        words(await receiveAll(bytes, { contentType: contentType!, fileName: fileName! }))[0],
      ).toBe('instance')
    }
  })
})

describe('recognition', () => {
  it('does not depend on how the stream is split', async () => {
    const contents = [
      smallInstance(9000),
      ...DOCUMENTS.map(([, each]) => each),
      ...BARE.map(([, each]) => each),
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...contents),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 5 }),
        async (content, pieces) => {
          expect(await receiveAll(content, { pieces })).toEqual(await receiveAll(content))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('treats text as text, never as DICOM', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }),
        async (text) => {
          const [one] = await receiveAll(Buffer.from(text), { contentType: 'text/plain' })
          expect(one!.kind).not.toBe('instance')
        },
      ),
    )
  })

  it('does not treat noise as a document unless declared', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 300, maxLength: 600 }), async (noise) => {
        fc.pre(noise.includes(0) && noise.includes(7))
        const [one] = await receiveAll(Buffer.from(noise))
        expect(one!.kind).not.toBe('document')
      }),
    )
  })
})
