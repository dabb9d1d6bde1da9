import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { parseDatabase } from '../../src/config/yaml/database.js'
import { readDraft } from '../../src/config/yaml/draft.js'
import { expiryWarning } from '../../src/site/index.js'
import { formatLimit, parseBytes } from '../../src/config/limits.js'
import { isLoopback, isOrigin, parseListen } from '../../src/config/listen.js'
import { checkReferences } from '../../src/config/yaml/references.js'
import { readShape } from '../../src/config/yaml/shape.js'
import { editDistance, nearest } from '../../src/config/yaml/suggest.js'
import { isTimezone } from '../../src/config/timezone.js'
import { readYaml } from '../../src/lib/yaml.js'

describe('listen', () => {
  it.each([
    ['127.0.0.1:8080', '127.0.0.1', 8080],
    ['[::1]:0', '::1', 0],
    ['localhost:65535', 'localhost', 65_535],
    ['0.0.0.0:443', '0.0.0.0', 443],
  ])('reads %s', (text, host, port) => expect(parseListen(text)).toEqual({ host, port }))

  it.each([
    '8080',
    ':8080',
    '127.0.0.1',
    '127.0.0.1:',
    '127.0.0.1:65536',
    '::1:80',
    '[::1]',
    '[127.0.0.1]:80',
    '127.0.0.256:80',
    '1.2.3:80',
    'a b:80',
    'http://x:80',
    '127.0.0.1:-1',
    '127.0.0.1:8e3',
  ])('refuses %s', (text) => expect(typeof parseListen(text)).toBe('string'))

  it.each(['127.0.0.1', '127.255.0.1', '::1', '[::1]', 'LOCALHOST'])('%s is loopback', (host) =>
    expect(isLoopback(host)).toBe(true),
  )

  it.each([
    '0.0.0.0',
    '::',
    '128.0.0.1',
    '127.0.0.1.example.org',
    'localhost.example.org',
    '::ffff:127.0.0.1',
  ])('%s is not taken for loopback', (host) => expect(isLoopback(host)).toBe(false))

  it.each([
    ['https://gateway.example.org', true],
    ['https://gateway.example.org:8443', true],
    ['http://127.0.0.1:8080', true],
    ['http://gateway.example.org', false],
    ['https://gateway.example.org/', false],
    ['https://u:p@gateway.example.org', false],
    ['gateway.example.org', false],
  ])('%s as an origin: %p', (text, is) => expect(isOrigin(text)).toBe(is))
})

describe('database', () => {
  it.each([
    'sqlite:',
    'sqlite::memory:',
    'sqlite://host/x',
    'mysql://x/y',
    'postgres://',
    'postgres://host',
    'x',
  ])('refuses %s', (text) => expect(typeof parseDatabase(text)).toBe('string'))

  it('never leaves a password in the URL', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40 }), (word) => {
        const secret = `s3cr3t-${word}`
        const text = `postgres://user:${encodeURIComponent(secret)}@host/name`
        const read = parseDatabase(text)
        if (typeof read === 'string') throw new Error(read)
        expect(read.password).toBe(secret)
        expect(read.url).not.toContain('s3cr3t')
      }),
    )
  })
})

describe('sizes', () => {
  it('read back what they were written as', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 }), (bytes) => {
        expect(parseBytes(formatLimit(bytes, 'bytes').replace(/ bytes$/, ''))).toBe(bytes)
      }),
    )
  })

  it.each(['', '8 GB', '-1', '1.5 GiB', '8  GiB', 'GiB', '0x10', '1e9'])('refuse %j', (text) =>
    expect(parseBytes(text)).toBeUndefined(),
  )
})

describe('did you mean', () => {
  it.each([
    ['raeder-1', ['reader-1', 'reader-2'], 'reader-1'],
    ['certificat', ['certificate', 'id'], 'certificate'],
    ['LogLevel', ['logLevel'], 'logLevel'],
    ['zebra', ['reader', 'sender'], undefined],
    ['x', ['y', 'abc'], 'y'],
  ])('%s', (word, known, meant) => expect(nearest(word, known)).toBe(meant))

  it('counts steps: none for the same word, the same both ways, never more than the longer word', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b)
        expect(distance === 0).toBe(a === b)
        expect(editDistance(b, a)).toBe(distance)
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})

describe('time zones', () => {
  it.each(['America/Chicago', 'Europe/Berlin', 'UTC'])('%s is one', (name) =>
    expect(isTimezone(name)).toBe(true),
  )
  it.each(['America/Chcago', '+05:30', '', 'CST6CDT7', 'Mars/Olympus'])('%j is none', (name) =>
    expect(isTimezone(name)).toBe(false),
  )
})

describe('reminders', () => {
  const now = new Date('2026-03-01T00:00:00Z')
  const inDays = (days: number) => new Date(now.getTime() + days * 86_400_000)

  it.each([
    [61, undefined],
    [60, 60],
    [31, 60],
    [30, 30],
    [14, 14],
    [7, 7],
    [1.5, 7],
    [1, 1],
    [0.1, 1],
    [0, undefined],
    [-1, undefined],
  ])('%p days before the end: %p', (days, reminder) =>
    expect(expiryWarning(inDays(days), now)).toBe(
      reminder === undefined
        ? undefined
        : `within ${reminder === 1 ? 'a day' : `${reminder} days`}`,
    ),
  )

  it('are none for what never expires', () => expect(expiryWarning(undefined, now)).toBeUndefined())
})

describe('whatever the YAML holds', () => {
  it('reading it gives problems and never an exception', () => {
    const key = fc.constantFrom(
      'gateway',
      'store',
      'facilities',
      'groups',
      'people',
      'id',
      'readers',
      'kind',
      'limits',
      'tls',
      'role',
      '__proto__',
    )
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom(null, true, 1, -1.5, '', 'reader-1', 's3'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
      ),
    }))
    fc.assert(
      fc.property(tree, (value) => {
        const { file, problems } = readShape(value)
        expect(file === undefined).toBe(problems.length > 0)
        for (const { at, problem } of checkReferences(readDraft(value)))
          expect(`${at.join('.')} ${problem}`).toMatch(/./)
      }),
    )
  })

  it('parsing any text gives problems and never an exception', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('a:-[]{}&*!|>\'"%@`,? \n\t#1')) }),
        (text) => {
          const { value, problems } = readYaml(text, 'nocturne.yaml', 'an example')
          expect(value === undefined && problems.length === 0).toBe(false)
        },
      ),
    )
  })
})
