import { describe, expect, it } from '@jest/globals'
import { PassThrough } from 'node:stream'
import { CommandError } from '../../src/cli/command-error.js'
import { formatBytes, formatFingerprint } from '../../src/cli/format.js'
import { Output } from '../../src/cli/output.js'
import { Progress } from '../../src/cli/progress.js'
import { NocturneError } from '../../src/lib/errors.js'

function streams() {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const text = (stream: PassThrough) => (stream.read() as Buffer | null)?.toString() ?? ''
  return { stdout, stderr, out: () => text(stdout), err: () => text(stderr) }
}

describe('output', () => {
  it('prints error and hint on one line each, or the same as one JSON document', () => {
    const seen = streams()
    const output = new Output(seen, true)
    output.print('never shown')
    output.fatal(new NocturneError('unknown_principal', { subject: 'reader-9' }))
    output.json({ second: true })
    expect(seen.err()).toBe(
      'nocturne: error: the configuration has no such principal: reader-9\n' +
        'nocturne: hint: look up the ID under people, facilities or groups in nocturne.yaml\n',
    )
    expect(JSON.parse(seen.out())).toMatchObject({ error: { code: 'unknown_principal' } })
    expect(output.exitCode).toBe(1)
  })

  it('shows only the class and system code of a foreign error', () => {
    const seen = streams()
    const secret = Object.assign(new TypeError('DOE^JANE noct_secret'), { code: 'EIO' })
    new Output(seen, false).fatal(secret)
    const said = seen.err()
    expect(said).toContain('TypeError EIO')
    expect(said).not.toMatch(/DOE|noct_|\bat /)
  })

  it('lets no foreign control character reach the terminal', () => {
    const seen = streams()
    const output = new Output(seen, false)
    output.print('a\u001b[2Jb\u202ec\nd')
    output.fatal(new CommandError('x\u001b]0;title\u0007', { hint: 'y\r' }))
    const everything = seen.out() + seen.err()
    expect(everything).toContain('a?[2Jb?c?d\n')
    expect(everything).not.toMatch(/[^\P{Cc}\n]/u)
  })

  it('continues without standard output when its reader is gone', () => {
    const seen = streams()
    const output = new Output(seen, false)
    seen.stdout.emit('error', Object.assign(new Error(), { code: 'EPIPE' }))
    output.print('dropped')
    expect(output.isClosed).toBe(true)
    expect(output.exitCode).toBe(0)
    expect(seen.out()).toBe('')
  })

  it('aligns the columns of a table', () => {
    const seen = streams()
    new Output(seen, false).table(['A', 'B'], [['long', 'x'], ['s']])
    expect(seen.out()).toBe('A     B\nlong  x\ns\n')
  })
})

describe('progress', () => {
  const draw = (isTTY: boolean) => {
    const stream = Object.assign(new PassThrough(), { isTTY, columns: 100 })
    let now = 0
    const progress = new Progress(stream, {
      label: 'sending',
      totalBytes: 1000,
      totalItems: 4,
      now: () => now,
    })
    const text = () => (stream.read() as Buffer | null)?.toString() ?? ''
    return { progress, text, advance: (ms: number) => (now += ms) }
  }

  it('shows bytes, rate, items and time left', () => {
    const { progress, text, advance } = draw(true)
    progress.addItem()
    text()
    advance(1000)
    progress.addBytes(250)
    expect(text()).toBe(
      '\r\u001b[Ksending  [#####---------------]   25 %  250 B of 1.0 KB  250 B/s  1/4 items  0:03 left',
    )
  })

  it('is drawn at most ten times per second and cleared at the end', () => {
    const { progress, text, advance } = draw(true)
    for (let turn = 0; turn < 1000; turn++) {
      advance(1)
      progress.addBytes(1)
    }
    expect(text().split('\r').length - 1).toBeLessThanOrEqual(11)
    progress.clear()
    expect(text()).toBe('\r\u001b[K')
    progress.clear()
    expect(text()).toBe('')
  })

  it('counts existing files as done, but not for the rate', () => {
    const { progress, text, advance } = draw(true)
    advance(1000)
    progress.skipBytes(500)
    expect(text()).toContain('50 %  500 B of 1.0 KB  0 B/s')
  })

  it('is silent without a terminal', () => {
    const { progress, text } = draw(false)
    progress.addBytes(10)
    progress.clear()
    expect(text()).toBe('')
  })
})

describe('formats', () => {
  it('switch to the next unit instead of showing 1,000', () => {
    expect([0, 999, 1000, 999_949, 999_950, 2_100_000_000].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 KB',
      '999.9 KB',
      '1.0 MB',
      '2.1 GB',
    ])
  })

  it('group a fingerprint for readability', () => {
    expect(formatFingerprint('c2fac71d3bc6')).toBe('C2FA C71D 3BC6')
  })
})
