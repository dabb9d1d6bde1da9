import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { verifyFile } from '../../src/cli/audit/audit-verify.js'
import { withLineEnding } from '../../src/cli/audit/copied.js'
import { exportLedger } from '../../src/ledger/export/index.js'
import type { PackageFormat } from '../../src/ledger/export/index.js'
import { fillMixed, openLedger } from '../ledger/_open.js'
import type { OpenLedger } from '../ledger/_open.js'
import { filesOf, packed } from '../ledger/_package.js'

let dir = ''
let open: OpenLedger
let lines = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nocturne-copied-'))
  open = await openLedger()
  await fillMixed(open.ledger, 30, () => ({}))
  for await (const line of exportLedger(open.ledger, {})) lines += line
})
afterAll(async () => {
  await open.close()
  await rm(dir, { recursive: true, force: true })
})

const written = async (name: string, content: string | Buffer) => {
  await writeFile(join(dir, name), content)
  return join(dir, name)
}
const verify = (path: string) => verifyFile(path, open.ledger.verifierKey)
const crlf = (text: string) => text.replaceAll(/\r?\n/g, '\r\n')
const unzipped = async (name: string, format: PackageFormat, change = (text: string) => text) => {
  const folder = join(dir, name)
  await mkdir(folder)
  for (const [file, text] of await filesOf(await packed(open.ledger, {}, format)))
    await writeFile(join(folder, file), change(text))
  return folder
}

describe('evidence as people keep it', () => {
  it.each(['csv', 'ndjson', 'fhir', 'dicom'] as const)(
    'verifies after the ZIP with %s was unzipped, and with other line endings',
    async (format) => {
      const plain = await verify(await unzipped(`${format}-1`, format))
      expect(plain).toMatchObject({ ok: true })
      expect(plain).not.toHaveProperty('lineEndingsChanged')
      const converted = await verify(await unzipped(`${format}-2`, format, crlf))
      expect(converted).toMatchObject({ ok: true })
      expect(converted.lineEndingsChanged).toContain('events.ndjson')
      const unix = (text: string) => text.replaceAll('\r\n', '\n')
      expect(await verify(await unzipped(`${format}-3`, format, unix))).toMatchObject({ ok: true })
    },
  )

  it('verifies as lines with CRLF or a byte order mark, compressed, or all of them', async () => {
    const plain = await verify(await written('plain.ndjson', lines))
    expect(plain).toMatchObject({ ok: true })
    expect(plain).not.toHaveProperty('lineEndingsChanged')
    const copies = {
      'crlf.ndjson': crlf(lines),
      'bom.ndjson': `\ufeff${lines}`,
      'lines.ndjson.gz': gzipSync(lines),
      'crlf.ndjson.gz': gzipSync(`\ufeff${crlf(lines)}`),
    }
    for (const [name, content] of Object.entries(copies))
      expect(await verify(await written(name, content))).toMatchObject({ ok: true })
  })

  it('says what changed in a copy that does not verify', async () => {
    const [head = '', first = '', ...rest] = lines.split('\n')
    const pretty = JSON.stringify(JSON.parse(first), null, 1).replaceAll('\n', ' ')
    const problemOf = async (name: string, content: string | Buffer) =>
      ((await verify(await written(name, content))) as { problem?: string }).problem
    const withFirst = (line: string) => [head, line, ...rest].join('\n')
    expect(await problemOf('pretty', withFirst(pretty))).toMatch(/line 2 was reformatted/)
    expect(await problemOf('cut', lines.slice(0, -40))).toMatch(/line \d+ is not JSON: it was cut/)
    expect(await problemOf('cut.gz', gzipSync(lines).subarray(0, -60))).toMatch(/cut off/)
    const edited = withFirst(first.replace('"outcome":8', '"outcome":4'))
    expect(edited).not.toBe(lines)
    expect(await problemOf('edited', edited)).toMatch(/differs from the logged one/)
    await expect(
      verify(await written('utf16', Buffer.from(`\ufeff${lines}`, 'utf16le'))),
    ).rejects.toThrow(/UTF-16/)
    const events = (await filesOf(await packed(open.ledger, {}, 'csv'))).get('events.ndjson') ?? ''
    await expect(verify(await written('events', events))).rejects.toThrow(/without their proof/)
    await mkdir(join(dir, 'empty'))
    expect(await verify(join(dir, 'empty'))).toMatchObject({
      ok: false,
      problem: expect.stringMatching(/neither an unzipped export/),
    })
  })

  it('verifies a receipt with CRLF', async () => {
    const receipt = await open.ledger.proof(3)
    expect(await verify(await written('receipt', receipt))).toMatchObject({ ok: true, index: 3 })
    const copy = await verify(await written('receipt-crlf', crlf(receipt)))
    expect(copy).toMatchObject({ ok: true, index: 3, lineEndingsChanged: [expect.any(String)] })
  })

  it('converts line endings alike, however the text is cut into pieces', async () => {
    const texts = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '\r\n'), maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(7), fc.boolean(), async (text, cut, keeps) => {
        const pieces = [text.slice(0, cut), text.slice(cut)].map((one) => Buffer.from(one))
        const out: Uint8Array[] = []
        async function* each() {
          for (const piece of pieces) yield await Promise.resolve(piece)
        }
        let isChanged = false
        const wanted = keeps ? '\r\n' : '\n'
        for await (const piece of withLineEnding(each(), wanted, () => (isChanged = true)))
          out.push(piece)
        const expected = text.replaceAll(/\r?\n/g, wanted)
        expect(Buffer.concat(out).toString()).toBe(expected)
        expect(isChanged).toBe(expected !== text)
      }),
    )
  })
})
