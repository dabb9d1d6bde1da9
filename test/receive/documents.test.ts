import { describe, expect, it } from '@jest/globals'
import { constants, deflateRawSync, deflateSync } from 'node:zlib'
import { zipOf } from '../../src/lib/zip.js'
import { DOCUMENT_TYPES, inspectDocument } from '../../src/receive/inspect/index.js'
import type { DocumentRules } from '../../src/receive/inspect/index.js'

const RULES: DocumentRules = { types: DOCUMENT_TYPES, scanner: undefined, waived: [] }

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size)
    yield await Promise.resolve(bytes.subarray(at, at + size))
}

/** The finding, the same however the document is cut into pieces. All of it must have passed. */
async function findingOf(
  content: string | Buffer,
  mediaType: string,
  rules: Partial<DocumentRules> = {},
): Promise<string | undefined> {
  const bytes = Buffer.from(content as string, 'latin1')
  const found = new Set<string | undefined>()
  for (const size of [bytes.length || 1, 7, 1_000]) {
    const passed: Buffer[] = []
    try {
      const all = { ...RULES, ...rules }
      for await (const chunk of inspectDocument(inPieces(bytes, size), mediaType, all))
        passed.push(chunk)
      found.add(undefined)
    } catch (error) {
      found.add((error as { code?: string }).code)
    }
    expect(Buffer.concat(passed).equals(bytes)).toBe(true)
  }
  expect(found.size).toBe(1)
  return [...found][0]
}

const pdf = (...objects: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1'),
    ...objects.map((one) => Buffer.from(one as string, 'latin1')),
    Buffer.from('\ntrailer <</Root 1 0 R>>\n%%EOF\n'),
  ])
const stream = (dictionary: string, content: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from(`5 0 obj <<${dictionary} /Length ${content.length}>>\nstream\r\n`),
    content,
    Buffer.from('\nendstream\nendobj\n'),
  ])

const PDF = 'application/pdf'
const SCRIPT = '7 0 <</S /JavaScript /JS (app.alert(1))>>'

describe('a PDF', () => {
  it.each([
    ['a script', pdf('1 0 obj <</OpenAction <</S /JavaScript /JS (x)>> >> endobj')],
    ['a script under an escaped name', pdf('1 0 obj <</S /J#61v#61Script>> endobj')],
    [
      'a script in an object stream',
      pdf(stream('/Type /ObjStm /Filter /FlateDecode', deflateSync(SCRIPT))),
    ],
    [
      'a script in an escaped object stream',
      pdf(stream('/Type /Obj#53tm /Filter /FlateDecode', deflateSync(SCRIPT))),
    ],
    [
      'a script in an uncompressed object stream',
      pdf(stream('/Type /ObjStm', Buffer.from(SCRIPT))),
    ],
    [
      'an object stream with a long dictionary',
      pdf(stream(`/Type /ObjStm ${' '.repeat(5_000)} /Filter /FlateDecode`, deflateSync(SCRIPT))),
    ],
    [
      'an object stream that is not examined',
      pdf(stream('/Type /ObjStm /Filter /LZWDecode', Buffer.alloc(90, 0xa5))),
    ],
    [
      'a bomb as object stream',
      pdf(stream('/Type /ObjStm /Filter /FlateDecode', deflateSync(Buffer.alloc(20 << 20)))),
    ],
    [
      'an object stream that begins after a carriage return alone',
      Buffer.from(
        pdf(stream('/Type /ObjStm /Filter /FlateDecode', deflateSync(SCRIPT)))
          .toString('latin1')
          .replace('stream\r\n', 'stream \r'),
        'latin1',
      ),
    ],
    [
      'a script after an end of the stream that is part of it',
      pdf(
        stream(
          '/Type /ObjStm /Filter /FlateDecode',
          Buffer.concat([
            Buffer.from([0x78, 0x9c]),
            deflateRawSync('7 0 (endstream)', { level: 0, finishFlush: constants.Z_SYNC_FLUSH }),
            deflateRawSync(SCRIPT),
          ]),
        ),
      ),
    ],
    ['a form with scripts of its own', pdf('1 0 obj <</AcroForm <</XFA 3 0 R>> >> endobj')],
    ['a rendition', pdf('1 0 obj <</S /Rendition /JS (app.alert(1))>> endobj')],
    ['an embedded file', pdf('1 0 obj <</Type /Catalog /Names <</EmbeddedFiles 2 0 R>> >> endobj')],
    ['a program to launch', pdf('1 0 obj <</S /Launch /F (cmd.exe)>> endobj')],
    ['encryption', pdf('trailer <</Encrypt 9 0 R>>')],
  ])('with %s is held', async (_, content) => {
    expect(await findingOf(content, PDF)).toBe('document_active')
  })

  it('is held for a script whatever type it is called', async () => {
    const content = pdf('1 0 obj <</S /JavaScript>> endobj')
    for (const type of ['text/plain', 'image/jpeg', 'application/rtf'])
      expect(await findingOf(content, type)).toBe('document_active')
  })

  it('passes with pages, images and object streams, though they contain similar octets', async () => {
    const image = Buffer.alloc(300_000, '/JS /JavaScriptX /LaunchPad stream\n/AA#41 ')
    const objects = deflateSync('1 0 2 40 <</Type /Page>> <</Font /F1 /Title (no script)>>')
    const content = pdf(
      stream('/Subtype /Image /Filter /DCTDecode', image),
      stream('/Type /ObjStm /N 2 /First 8 /Filter /FlateDecode', objects),
      '1 0 obj <</Type /Catalog /OpenAction [3 0 R /Fit]>> endobj',
    )
    expect(await findingOf(content, PDF)).toBeUndefined()
  })
})

describe('an Office document', () => {
  const docx = async (name: string, content: string): Promise<Buffer> => {
    const text = async function* () {
      await Promise.resolve()
      yield content
    }
    const members = ['word/document.xml', name].map((one) => ({ name: one, content: text() }))
    const chunks: Uint8Array[] = []
    for await (const chunk of zipOf(members)) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const related = (type: string, target: string) =>
    `<Relationships><Relationship Id="r1" Type="http://x/relationships/${type}" Target="${target}" TargetMode="External"/></Relationships>`
  const types = (main: string) => `<Types><Override ContentType="application/${main}+xml"/></Types>`
  const RELS = 'word/_rels/settings.xml.rels'
  const WORD = DOCUMENT_TYPES.find((type) => type.includes('wordprocessing')) ?? ''

  it.each([
    ['a template elsewhere', RELS, related('attachedTemplate', 'https://x/a.dotm'), true],
    ['an object elsewhere', RELS, related('frame', 'file://x/a.html'), true],
    ['macros', '[Content_Types].xml', types('vnd.ms-word.document.macroEnabled.main'), true],
    ['a link', RELS, related('hyperlink', 'https://example.org'), false],
    ['nothing of the kind', '[Content_Types].xml', types('vnd.word.document.main'), false],
  ])('with %s in a compressed part', async (_, name, content, isHeld) => {
    const found = await findingOf(await docx(name, content), WORD)
    expect(found).toBe(isHeld ? 'document_active' : undefined)
  })
})

describe('other documents', () => {
  it.each([
    ['application/rtf', '{\\rtf1 {\\object\\objemb {\\*\\objdata 0105}}}', 'document_active'],
    ['text/plain', '{\\rt1 {\\*\\objdata 0105}}', 'document_active'],
    ['text/rtf', '{\\rtf1 {\\field{\\*\\fldinst {DDEAUTO c:\\\\x.exe}}}}', 'document_active'],
    [
      'text/rtf',
      "{\\rtf1 {\\field{\\*\\fldinst {\\b D}{\\'44}\\u69 ?AUTO c:\\\\x.exe}}}",
      'document_active',
    ],
    ['text/rtf', '{\\rtf1 {\\field{\\*\\fldinst { PAGE }}}} INCLUDED: see above', undefined],
    ['application/rtf', '{\\rtf1\\ansi Findings: no object seen, objective reached.}', undefined],
    [
      DOCUMENT_TYPES.find((type) => type.includes('wordprocessing'))!,
      'PK\x03\x04 word/vbaProject.bin',
      'document_active',
    ],
    [
      DOCUMENT_TYPES.find((type) => type.includes('wordprocessing'))!,
      'PK\x03\x04 word/document.xml',
      undefined,
    ],
    [
      'application/vnd.oasis.opendocument.text',
      'PK\x03\x04 Basic/script-lc.xml',
      'document_active',
    ],
    ['text/html', '<!doctype html><p>x', 'document_type'],
    ['text/plain', '\n <SCRIPT>alert(1)</SCRIPT>', 'document_type'],
    ['application/xml', '<?xml version="1.0"?><svg xmlns="x">', 'document_type'],
    ['image/svg+xml', '<svg/>', 'document_type'],
    ['application/msword', '\xd0\xcf\x11\xe0', 'document_type'],
    ['text/plain', 'Prior: a < b, script unclear. <see above>', undefined],
    ['image/png', '\x89PNG\r\n', undefined],
    ['audio/wav', 'RIFF', undefined],
  ])('%s: %j', async (type, content, finding) => {
    expect(await findingOf(content, type)).toBe(finding)
  })

  it('may be of the types that the facility lists', async () => {
    const doc = '\xd0\xcf\x11\xe0 plain'
    const types = ['application/msword', 'image/*']
    expect(await findingOf(doc, 'application/msword', { types })).toBeUndefined()
    const macros = `${doc}_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T\0`
    expect(await findingOf(macros, 'application/msword', { types })).toBe('document_active')
    expect(await findingOf('text', 'text/plain', { types })).toBe('document_type')
    expect(await findingOf('\x89PNG', 'image/png', { types })).toBeUndefined()
  })

  it('pass with a finding that the facility vouches for', async () => {
    const waived = ['document_type'] as const
    expect(await findingOf('<html>', 'text/html', { waived })).toBeUndefined()
    expect(await findingOf('{\\rtf \\objdata', 'text/rtf', { waived })).toBe('document_active')
  })
})
