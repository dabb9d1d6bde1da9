import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { deflateRawSync } from 'node:zlib'
import { receive } from '../../src/receive/index.js'
import type { Outcome } from './_items.js'
import {
  LIMITS,
  digest,
  inPieces,
  outcomesOf,
  python,
  receiveAll,
  smallInstance,
  words,
  zipWith,
} from './_items.js'

const FILES = {
  IM1: smallInstance(25_000, 1),
  'deep/er/IM2': smallInstance(5000, 2),
  'report.pdf': Buffer.from('%PDF-1.4\nPlanted^Name\n'.repeat(300)),
  'note.txt': 'a note about the study\n',
}
const SHA = Object.values(FILES).map((each) => digest(Buffer.from(each)))
const inAnyOrder = (outcomes: readonly Outcome[]) => outcomes.map((each) => each.sha256).sort()

/** Offsets of headers, descriptors and directory records. */
function recordsOf(bytes: Buffer): number[] {
  const found: number[] = []
  for (let at = bytes.indexOf('PK'); at >= 0; at = bytes.indexOf('PK', at + 1)) found.push(at)
  return found
}

/** A ZIP of everything in the folder, written by Python with the given options. */
const pythonZip = (open: string, write: string) =>
  python(
    `
class Pipe(io.RawIOBase):
    def __init__(self): self.f = open('out.zip', 'wb')
    def writable(self): return True
    def write(self, b): return self.f.write(b)
    def flush(self): self.f.flush()
def files():
    for d, _, names in os.walk('.'):
        for n in sorted(names):
            if n != 'out.zip': yield os.path.relpath(os.path.join(d, n), '.')
z = zipfile.ZipFile(${open})
for name in files(): ${write}
z.close()`,
    FILES,
  )

const WRITERS: readonly (readonly [string, () => Promise<Buffer>])[] = [
  ['zip', () => zipWith(['zip', '-r', 'out.zip', '.'], FILES)],
  ['zip, stored', () => zipWith(['zip', '-0', '-r', 'out.zip', '.'], FILES)],
  [
    'zip into a pipe',
    () => zipWith(['bash', '-c', 'zip -r - . -x out.zip | cat > out.zip'], FILES),
  ],
  [
    'zip into a pipe, stored',
    () => zipWith(['bash', '-c', 'zip -0 -r - . -x out.zip | cat > out.zip'], FILES),
  ],
  [
    'zip with ZIP64 and descriptors',
    () => zipWith(['bash', '-c', 'zip -fz -fd -r - . -x out.zip | cat > out.zip'], FILES),
  ],
  ['Python, deflated', () => pythonZip("'out.zip', 'w', zipfile.ZIP_DEFLATED", 'z.write(name)')],
  ['Python into a pipe', () => pythonZip("Pipe(), 'w', zipfile.ZIP_DEFLATED", 'z.write(name)')],
  [
    'Python into a pipe, stored',
    () => pythonZip("Pipe(), 'w', zipfile.ZIP_STORED", 'z.write(name)'),
  ],
  [
    'Python with ZIP64, stored into a pipe',
    () =>
      pythonZip(
        "Pipe(), 'w', zipfile.ZIP_STORED",
        "\n    with z.open(name, 'w', force_zip64=True) as f: f.write(open(name, 'rb').read())",
      ),
  ],
  [
    'Python with ZIP64, deflated',
    () =>
      pythonZip(
        "'out.zip', 'w', zipfile.ZIP_DEFLATED",
        "\n    with z.open(name, 'w', force_zip64=True) as f: f.write(open(name, 'rb').read())",
      ),
  ],
]

describe('archives written by real programs', () => {
  it.each(WRITERS)('yields every file of %s, byte for byte', async (_, write) => {
    const outcomes = await receiveAll(await write())
    expect(words(outcomes).sort()).toEqual(['document', 'document', 'instance', 'instance'])
    expect(inAnyOrder(outcomes)).toEqual([...SHA].sort())
  })

  it('yields the same items however the stream is split', async () => {
    const archives = await Promise.all(WRITERS.map(([, write]) => write()))
    const whole = await Promise.all(archives.map((bytes) => receiveAll(bytes)))
    await fc.assert(
      fc.asyncProperty(
        fc.nat(archives.length - 1),
        fc.array(fc.integer({ min: 20, max: 5000 }), { minLength: 1, maxLength: 20 }),
        async (which, pieces) => {
          expect(await receiveAll(archives[which]!, { pieces })).toEqual(whole[which])
        },
      ),
      { numRuns: 30 },
    )
    for (const [which, bytes] of archives.entries()) {
      // Byte by byte for archives in which the end of the data has to be searched for; larger
      // pieces otherwise.
      const pieces = which === 3 || which === 8 ? [1] : [13]
      expect(await receiveAll(bytes, { pieces })).toEqual(whole[which])
    }
  }, 60_000)

  it('skips folders and operating system files, but no file because of its name alone', async () => {
    const bytes = await python(
      `
z = zipfile.ZipFile('out.zip', 'w')
z.writestr('dir/', b'')
z.writestr('dir/.DS_Store', b'\\0\\0\\0\\1Bud1' + b'x' * 50)
z.writestr('__MACOSX/dir/._IM1', b'\\0\\5\\x16\\7' + b'x' * 50)
z.writestr('Thumbs.db', b'not what it says')
z.writestr('__MACOSX/._IM2', open('IM1', 'rb').read())
z.close()`,
      { IM1: smallInstance() },
    )
    expect(words(await receiveAll(bytes))).toEqual(['document', 'instance'])
  })

  it('refuses an archive without files, and an empty file in an archive', async () => {
    const empty = await python(`zipfile.ZipFile('out.zip', 'w').close()`)
    expect(await receiveAll(empty)).toMatchObject([{ code: 'empty_file', keep: false }])
    const one = await python(`
z = zipfile.ZipFile('out.zip', 'w'); z.writestr('IM1', b''); z.close()`)
    expect(await receiveAll(one)).toMatchObject([{ code: 'empty_file', keep: false }])
  })

  it('ignores names that contain .., repeat or are absolute', async () => {
    const bytes = await python(
      `
import warnings; warnings.simplefilter('ignore')
z = zipfile.ZipFile('out.zip', 'w')
for name in ['../../etc/passwd', '/etc/passwd', 'C:\\\\x', 'IM1', 'IM1', '\\u00e9\\u4e2d']:
    z.writestr(name, open('IM1', 'rb').read())
z.close()`,
      { IM1: smallInstance() },
    )
    expect(words(await receiveAll(bytes))).toEqual(Array(6).fill('instance'))
  })

  it('reads a split marker and an archive comment', async () => {
    const plain = await zipWith(['bash', '-c', 'echo hello | zip -z -r out.zip .'], FILES)
    expect(words(await receiveAll(plain))).toHaveLength(4)
    const marked = await python(
      `
f = open('out.zip', 'wb'); f.write(b'PK00')
z = zipfile.ZipFile(f, 'w'); z.write('note.txt'); z.close(); f.close()`,
      FILES,
    )
    expect(words(await receiveAll(marked))).toEqual(['document'])
  })
})

describe('archives inside archives', () => {
  const nest = (levels: number) =>
    python(
      `
data = open('IM1', 'rb').read()
name = 'IM1'
for level in range(${levels}):
    b = io.BytesIO(); z = zipfile.ZipFile(b, 'w', zipfile.ZIP_DEFLATED)
    z.writestr('first.txt', 'first'); z.writestr(name, data); z.writestr('last.txt', 'last'); z.close()
    data = b.getvalue(); name = 'inner.zip'
open('out.zip', 'wb').write(data)`,
      { IM1: FILES.IM1 },
    )

  it('walks them down to the depth limit, and refuses only what is deeper', async () => {
    const two = await nest(2)
    const around = ['document', 'document', 'instance', 'document', 'document']
    expect(words(await receiveAll(two))).toEqual(around)
    expect(words(await receiveAll(two, { pieces: [7, 1, 900] }))).toEqual(around)
    expect(words(await receiveAll(await nest(3)))).toEqual([
      ...['document', 'document', 'archive_too_deep', 'document', 'document'],
    ])
    expect(words(await receiveAll(two, { limits: { archiveDepth: 1 } }))).toEqual([
      ...['document', 'archive_too_deep', 'document'],
    ])
    expect(words(await receiveAll(two, { limits: { archiveDepth: 0 } }))).toEqual([
      'archive_too_deep',
    ])
  })

  it('is not misled by an archive with descriptors stored inside one with descriptors', async () => {
    const bytes = await zipWith(
      [
        'bash',
        '-c',
        'zip -0 -r - IM1 note.txt | cat > inner.zip; zip -0 -r - inner.zip report.pdf | cat > out.zip',
      ],
      FILES,
    )
    expect(words(await receiveAll(bytes))).toEqual(['instance', 'document', 'document'])
    expect(words(await receiveAll(bytes, { pieces: [1] }))).toEqual([
      ...['instance', 'document', 'document'],
    ])
  })
})

describe('malicious archives', () => {
  const bomb = (megabytes: number, options = "'out.zip', 'w', zipfile.ZIP_DEFLATED") =>
    python(
      `
class Pipe(io.RawIOBase):
    def __init__(self): self.f = open('out.zip', 'wb')
    def writable(self): return True
    def write(self, b): return self.f.write(b)
z = zipfile.ZipFile(${options})
z.writestr('before.txt', 'before')
with z.open('zeros.txt', 'w') as f:
    f.write(b'text ' * 10)
    for i in range(${megabytes}): f.write(b' ' * (1 << 20))
z.write('IM1', 'after')
z.close()`,
      { IM1: FILES.IM1 },
    )

  it('stops a file that expands too much, and continues after it', async () => {
    expect(words(await receiveAll(await bomb(40)))).toEqual([
      ...['document', 'archive_bomb', 'instance'],
    ])
  })

  it('ends the archive at such a file if its end can be found only by inflating', async () => {
    const bytes = await bomb(40, "Pipe(), 'w', zipfile.ZIP_DEFLATED")
    expect(words(await receiveAll(bytes))).toEqual(['document', 'archive_bomb', 'archive_bomb'])
  })

  it('compares the total size of nested archives with what was sent', async () => {
    const bytes = await python(`
data = b' ' * (1 << 16); name = 'a.txt'
inner = io.BytesIO(); z = zipfile.ZipFile(inner, 'w', zipfile.ZIP_DEFLATED)
for i in range(600): z.writestr('f%d.txt' % i, b'x' + b' ' * (1 << 15))
z.close()
z = zipfile.ZipFile('out.zip', 'w', zipfile.ZIP_DEFLATED)
for i in range(3): z.writestr('%d.zip' % i, inner.getvalue())
z.close()`)
    const outcomes = words(await receiveAll(bytes, { limits: { archiveEntries: 10_000 } }))
    expect(outcomes.at(-1)).toBe('archive_bomb')
    expect(outcomes.length).toBeLessThan(1800)
  })

  it('ends an archive of too many entries, counting folders and nested ones', async () => {
    const bytes = await python(`
z = zipfile.ZipFile('out.zip', 'w')
for i in range(30): z.writestr('%d/' % i, b''); z.writestr('%d/a.txt' % i, b'text')
z.close()`)
    const outcomes = words(await receiveAll(bytes, { limits: { archiveEntries: 20 } }))
    expect(outcomes).toEqual([...Array<string>(10).fill('document'), 'too_many_items'])
  })

  it('refuses encrypted entries one by one and accepts the others', async () => {
    const bytes = await zipWith(
      ['bash', '-c', 'zip -P secret out.zip IM1 note.txt && zip out.zip report.pdf'],
      FILES,
    )
    expect(words(await receiveAll(bytes))).toEqual([
      ...['archive_encrypted', 'archive_encrypted', 'document'],
    ])
  })

  it('refuses entries with other compression methods one by one', async () => {
    const bytes = await python(
      `
z = zipfile.ZipFile('out.zip', 'w')
z.write('IM1', compress_type=zipfile.ZIP_BZIP2); z.write('note.txt', compress_type=zipfile.ZIP_LZMA)
z.write('report.pdf'); z.close()`,
      FILES,
    )
    expect(words(await receiveAll(bytes))).toEqual([
      ...['archive_unsupported', 'archive_unsupported', 'document'],
    ])
  })

  it('fails only the one damaged entry', async () => {
    const bytes = await pythonZip("'out.zip', 'w', zipfile.ZIP_STORED", 'z.write(name)')
    const at = bytes.indexOf('a note about')
    bytes[at] = 0x41
    const outcomes = words(await receiveAll(bytes))
    expect(outcomes.sort()).toEqual(['archive_entry_damaged', 'document', 'instance', 'instance'])
  })

  it('fails only the entry with a broken deflate stream if its size is known', async () => {
    const bytes = await pythonZip("'out.zip', 'w', zipfile.ZIP_DEFLATED", 'z.write(name)')
    const at = bytes.indexOf('IM1') + 40
    bytes.fill(0xff, at, at + 64)
    for (const pieces of [[65536], [333]]) {
      expect(words(await receiveAll(bytes, { pieces })).sort()).toEqual([
        ...['archive_entry_damaged', 'document', 'document', 'instance'],
      ])
    }
  })

  it('ends the archive at a broken deflate stream of unknown size', async () => {
    const bytes = await pythonZip("Pipe(), 'w', zipfile.ZIP_DEFLATED", 'z.write(name)')
    const at = bytes.indexOf('IM1') + 40
    bytes.fill(0xff, at, at + 64)
    expect(words(await receiveAll(bytes))).toContain('archive_entry_damaged')
  })

  it('reports a directory that does not match the entries seen', async () => {
    const plain = await pythonZip("'out.zip', 'w', zipfile.ZIP_STORED", 'z.write(name)')
    const renamed = Buffer.from(plain)
    renamed.write('IM9', renamed.lastIndexOf('IM1'))
    expect(words(await receiveAll(renamed)).at(-1)).toBe('archive_malformed')

    // The data contains one entry more than the directory: unzip does not show everything that was
    // sent.
    const hidden = await python(
      `
z = zipfile.ZipFile('out.zip', 'w'); z.write('note.txt'); z.write('IM1')
z.filelist.pop(); z.close()`,
      FILES,
    )
    expect(words(await receiveAll(hidden))).toEqual(['document', 'instance', 'archive_malformed'])

    const trailing = Buffer.concat([plain, FILES.IM1])
    expect(words(await receiveAll(trailing)).at(-1)).toBe('archive_malformed')
  })

  it('never accepts a truncated archive as complete, wherever it is cut', async () => {
    const writers = [WRITERS[0]!, WRITERS[2]!, WRITERS[3]!, WRITERS[8]!]
    for (const [, write] of writers) {
      const bytes = await write()
      const whole = await receiveAll(bytes)
      const anywhere = fc.nat(bytes.length - 1)
      const atRecord = fc
        .tuple(fc.constantFrom(...recordsOf(bytes)), fc.integer({ min: -30, max: 45 }))
        .map(([at, by]) => Math.min(Math.max(at + by, 0), bytes.length - 1))
      await fc.assert(
        fc.asyncProperty(fc.oneof(anywhere, atRecord, atRecord), async (length) => {
          const outcomes = await receiveAll(bytes.subarray(0, length))
          expect(
            words(outcomes).some((word) => /truncated|empty|malformed|unrec|doc/.test(word)),
          ).toBe(true)
          if (length >= 30) expect(words(outcomes)).toContain('truncated')
          for (const each of outcomes) {
            if (each.sha256 && each.kind !== 'unacceptable' && length >= 30) {
              expect(whole.map((one) => one.sha256)).toContain(each.sha256)
            }
          }
        }),
        { numRuns: 150 },
      )
    }
  }, 60_000)

  it('survives any flipped byte without an internal error', async () => {
    const bytes = await zipWith(['zip', '-r', 'out.zip', '.'], FILES)
    const whole = await receiveAll(bytes)
    await fc.assert(
      fc.asyncProperty(
        fc.nat(bytes.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, mask) => {
          const flipped = Buffer.from(bytes)
          flipped[at]! ^= mask
          const outcomes = await receiveAll(flipped)
          // Every item that came out complete is one of the originals, or the archive is reported
          // as damaged.
          const known = new Set(whole.map((each) => each.sha256))
          const isClean = outcomes.every((each) => each.code === undefined)
          if (isClean) for (const each of outcomes) expect(known).toContain(each.sha256)
        },
      ),
      { numRuns: 150 },
    )
  }, 60_000)
})

describe('the consumer', () => {
  it('may leave an item early, and gets the next one complete', async () => {
    for (const [, write] of WRITERS) {
      const bytes = await write()
      const seen: string[] = []
      let turn = 0
      for await (const item of receive(
        { contentType: '', fileName: undefined, bytes: inPieces(bytes, [1000]) },
        LIMITS,
      )) {
        turn += 1
        const chunks: Buffer[] = []
        for await (const chunk of item.bytes) {
          chunks.push(chunk)
          if (turn % 2 === 1) break
        }
        if (turn % 2 === 0) seen.push(digest(Buffer.concat(chunks)))
      }
      expect(turn).toBe(4)
      for (const each of seen) expect(SHA).toContain(each)
    }
  })

  it('may leave the archive early, which releases the part', async () => {
    const bytes = await zipWith(['zip', '-r', 'out.zip', '.'], FILES)
    let closed = false
    async function* watched() {
      try {
        yield* inPieces(bytes, [100])
      } finally {
        closed = true
      }
    }
    for await (const item of receive(
      { contentType: '', fileName: undefined, bytes: watched() },
      LIMITS,
    )) {
      for await (const chunk of item.bytes) {
        expect(chunk.length).toBeGreaterThan(0)
        break
      }
      break
    }
    expect(closed).toBe(true)
  })

  it('cannot read an item after moving on', async () => {
    const bytes = await zipWith(['zip', '-r', 'out.zip', '.'], FILES)
    const items = receive(
      { contentType: '', fileName: undefined, bytes: inPieces(bytes, [100]) },
      LIMITS,
    )
    const first = await items.next()
    const iterator = first.value!.bytes[Symbol.asyncIterator]()
    await iterator.next()
    await items.next()
    await expect(iterator.next()).rejects.toMatchObject({ code: 'internal' })
    await items.return(undefined)
  })

  it('gets the failure of an item that is too large, and then the remaining items', async () => {
    for (const [, write] of WRITERS) {
      const outcomes = await receiveAll(await write(), { limits: { itemBytes: 20_000 } })
      expect(words(outcomes).sort()).toEqual(['document', 'document', 'instance', 'item_too_large'])
    }
  })

  it('gets a connection failure unchanged, from the item and from the loop', async () => {
    const bytes = await zipWith(['zip', '-r', 'out.zip', '.'], FILES)
    for (const length of [0, 10, 2000, bytes.length - 10]) {
      async function* breaking() {
        yield* inPieces(bytes.subarray(0, length), [500])
        throw new Error('connection lost')
      }
      await expect(
        outcomesOf({ contentType: '', fileName: undefined, bytes: breaking() }, LIMITS),
      ).rejects.toThrow('connection lost')
    }
  })

  it('reads a large deflated item with flat memory', async () => {
    // 300 MB of incompressible data, in one deflate stream of stored blocks.
    const block = smallInstance(1 << 20)
    const deflated = deflateRawSync(block, { level: 0, finishFlush: 2 })
    async function* archive() {
      const header = Buffer.alloc(30)
      header.writeUInt32LE(0x04034b50)
      header.writeUInt16LE(8, 6)
      header.writeUInt16LE(8, 8)
      await Promise.resolve()
      yield header
      for (let turn = 0; turn < 300; turn += 1) yield Buffer.from(deflated)
    }
    let size = 0
    let peak = 0
    const before = process.memoryUsage().rss
    for await (const item of receive(
      { contentType: '', fileName: undefined, bytes: archive() },
      { ...LIMITS, itemBytes: 1 << 30 },
    )) {
      try {
        for await (const chunk of item.bytes) {
          size += chunk.length
          peak = Math.max(peak, process.memoryUsage.rss())
        }
      } catch (error) {
        expect(error).toMatchObject({ code: 'truncated' })
      }
    }
    expect(size).toBeGreaterThan(290 << 20)
    expect(peak - before).toBeLessThan(150 << 20)
  })
})
