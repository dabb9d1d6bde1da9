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
      'an object stream without its type',
      pdf(stream('/N 1 /First 4 /Filter /FlateDecode', deflateSync(SCRIPT))),
    ],
    [
      'an object stream with a reference to an offset',
      pdf(stream('/N 1 /First 9 0 R /Filter /FlateDecode', deflateSync(SCRIPT))),
    ],
    [
      'an object stream with a reference and a filter that is not examined',
      pdf(stream('/N 1 /First 9 0 R /Filter /ASCIIHexDecode', Buffer.from('37203020'))),
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
      '6 0 obj <</Type /Outlines /First 7 0 R /Last 7 0 R /Count 1>> endobj\n',
      stream('/Subtype /Image /Filter /DCTDecode', image),
      '1 0 obj <</Type /Catalog /OpenAction [3 0 R /Fit]>> endobj',
    )
    expect(await findingOf(content, PDF)).toBeUndefined()
  })
})

const textOf = async function* (content: string) {
  await Promise.resolve()
  yield content
}

async function packed(
  members: readonly (readonly [string, string])[],
  mayBeLarge = false,
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  const files = members.map(([name, content]) => ({ name, content: textOf(content), mayBeLarge }))
  for await (const chunk of zipOf(files)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The text at its last place, in the directory, or at the first, with its local header. */
function replaced(bytes: Buffer, where: 'local' | 'central', from: string, to: string): Buffer {
  expect(to.length).toBe(from.length)
  const at = where === 'local' ? bytes.indexOf(from) : bytes.lastIndexOf(from)
  expect(at).toBeGreaterThan(0)
  const changed = Buffer.from(bytes)
  changed.write(to, at, 'latin1')
  return changed
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes)
  changed.writeUInt8(value, at)
  return changed
}

describe('an Office document', () => {
  const docx = (name: string, content: string): Promise<Buffer> =>
    packed([
      ['word/document.xml', '<w:document/>'],
      [name, content],
    ])
  const related = (type: string, target: string) =>
    `<Relationships><Relationship Id="r1" Type="http://x/relationships/${type}" Target="${target}" TargetMode="External"/></Relationships>`
  const types = (main: string) => `<Types><Override ContentType="application/${main}+xml"/></Types>`
  const RELS = 'word/_rels/settings.xml.rels'
  const TYPES = '[Content_Types].xml'
  const WORD = DOCUMENT_TYPES.find((type) => type.includes('wordprocessing')) ?? ''
  const field = (...pieces: string[]) =>
    pieces
      .map((one) => `<w:r><w:instrText xml:space="preserve">${one}</w:instrText></w:r>`)
      .join('')
  const UTF_16 = Buffer.from(related('frame', 'file://x'), 'utf16le').toString('latin1')

  it.each([
    ['a template elsewhere', RELS, related('attachedTemplate', 'https://x/a.dotm'), true],
    ['an object elsewhere', RELS, related('frame', 'file://x/a.html'), true],
    ['a letter by its number', RELS, related('frame', 'x').replace('Ext', '&#x45;xt'), true],
    ['an end within an attribute', RELS, related('frame', 'a&gt;b').replace('&gt;', '>'), true],
    ['a type of another attribute', RELS, related('frame', '" xType="/hyperlink'), true],
    ['a text of 16 bits', RELS, UTF_16, true],
    ['an escaped name', RELS.replace('.rels', '%2erels'), related('frame', 'file://x'), true],
    ['macros', TYPES, types('vnd.ms-word.document.macroEnabled.main'), true],
    ['macros of Excel 4', TYPES, types('vnd.ms-excel.macrosheet'), true],
    ['a field that starts a program', 'word/a.xml', field('DDEAUTO c:\\x.exe'), true],
    ['a field in pieces', 'word/a.xml', field(' D', 'D', 'E c:\\x.exe'), true],
    ['a hidden field', 'word/a.xml', field('D<!-- -->DE c:\\x.exe'), true],
    ['a field after much', 'word/a.xml', field(`${' '.repeat(200_000)}DDE c:\\x.exe`), true],
    ['a DDE link', 'xl/externalLinks/a.xml', '<ddeLink ddeService="cmd"/>', true],
    ['a script of ODF', 'content.xml', '<a xlink:href="vnd.sun.star.script:x"/>', true],
    ['a link', RELS, related('hyperlink', 'https://example.org'), false],
    [
      'a page number',
      'word/a.xml',
      `${field(' PAGE ')}<w:t>DDE, macroEnabled, &lt;ddeLink</w:t>`,
      false,
    ],
    ['a long text', 'word/a.xml', `<w:t>${'QUJD'.repeat(50_000)}</w:t>`, false],
    ['nothing of the kind', TYPES, types('vnd.word.document.main'), false],
  ])('with %s in a compressed part', async (_, name, content, isHeld) => {
    const found = await findingOf(await docx(name, content), WORD)
    expect(found).toBe(isHeld ? 'document_active' : undefined)
  })

  it('passes with sizes of 64 bits', async () => {
    const wide = await packed([['word/document.xml', '<w:document/>']], true)
    expect(await findingOf(wide, WORD)).toBeUndefined()
  })

  it('is held where programs may read it differently', async () => {
    const hidden = await docx('word/media/image1.png.xx', related('frame', 'file://x'))
    const plain = await docx('word/styles.xml', '<w:styles/>')
    const central = plain.lastIndexOf('PK\x01\x02')
    const end = plain.lastIndexOf('PK\x05\x06')
    const local = plain.lastIndexOf('PK\x03\x04')
    const commented = Buffer.concat([withByte(plain, end + 20, 22), plain.subarray(end)])
    const moved = Buffer.from(plain)
    moved.writeUInt32LE(moved.readUInt32LE(end + 16) - 1, end + 16)
    const twice = await docx('word/Document.xml', '<w:document/>')
    const cases: Readonly<Record<string, Buffer>> = {
      'another name in the directory': replaced(
        hidden,
        'central',
        'image1.png.xx',
        '_rels/a.rels-',
      ),
      'another method in the directory': withByte(plain, central + 10, 0),
      'another method before the data': withByte(plain, local + 8, 0),
      'encryption in one header': withByte(plain, local + 6, plain.readUInt8(local + 6) | 1),
      'a count that is too small': withByte(withByte(plain, end + 8, 1), end + 10, 1),
      'a directory elsewhere': moved,
      'a second end in a comment': commented,
      'something before it': Buffer.concat([Buffer.from('PK\x03\x04'), plain]),
      'something after it': Buffer.concat([plain, Buffer.alloc(1)]),
      'one name twice': twice,
      'a part in pieces': await docx('word/_rels/a.xml.rels/[0].piece', '<a/>'),
      'a long name': await docx(`word/${'a'.repeat(600)}.rels`, '<a/>'),
      'a path outside': await docx('word/../a.xml', '<a/>'),
      'no end': plain.subarray(0, -30),
      'no archive': Buffer.from('\xd0\xcf\x11\xe0EncryptedPackage', 'latin1'),
    }
    const found: Record<string, string | undefined> = {}
    for (const [name, bytes] of Object.entries(cases)) found[name] = await findingOf(bytes, WORD)
    expect(found).toEqual(
      Object.fromEntries(Object.keys(cases).map((name) => [name, 'document_unexamined'])),
    )
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
    [
      'text/rtf',
      `{\\rtf1 {\\field{\\*\\fldinst {${'\\b0'.repeat(120)} DDEAUTO c:\\\\x.exe}}}}`,
      'document_active',
    ],
    ['text/rtf', '{\\rtf1 {\\*\\mailmerge{\\mmconnectstr Provider=x}}}', 'document_active'],
    ['application/rtf', '{\\rtf1\\ansi Findings: no object seen, objective reached.}', undefined],
    [
      DOCUMENT_TYPES.find((type) => type.includes('wordprocessing'))!,
      'PK\x03\x04 word/vbaProject.bin',
      'document_active',
    ],
    [
      DOCUMENT_TYPES.find((type) => type.includes('wordprocessing'))!,
      'PK\x03\x04 word/document.xml',
      'document_unexamined',
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
