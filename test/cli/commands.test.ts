import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import Database from 'better-sqlite3'
import { chmod, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { PassThrough, type Writable } from 'node:stream'
import type { Cli } from '../../src/cli/command.js'
import { buildProgram } from '../../src/cli/program.js'
import { file, type Written } from '../deidentify/_build.js'
import { noise, ultrasoundFile } from '../deidentify/_image.js'
import { write } from '../deidentify/_writing.js'
import { buildCli, run, scratch, start } from './_cli.js'

const TESSERACT = fileURLToPath(new URL('../../node_modules/tesseract.js', import.meta.url))

let main: string
let folder: Awaited<ReturnType<typeof scratch>>
beforeAll(async () => {
  main = await buildCli()
  folder = await scratch()
}, 120_000)
afterAll(() => folder.dispose())

const at = (...names: string[]) => join(folder.path, ...names)
const nocturne = (...words: string[]) => run(main, words, { cwd: folder.path })

/** Only `error`, `warning` and `hint`: no final period, no stack. */
const VOICE = /^(nocturne: (error|warning|hint): .*[^.\n]\n)+$/

const CLI: Cli = {
  output: () => {
    throw new Error('no command runs here')
  },
  signal: new AbortController().signal,
  endsItself: () => undefined,
}
const program = (stdout: Writable = new PassThrough()): Promise<Command> =>
  buildProgram(CLI, { stdout, stderr: new PassThrough() })

/** Each command that does something, as words. */
const leaves = (command: Command, words: readonly string[] = []): (readonly string[])[] =>
  command.commands.length === 0
    ? [words]
    : command.commands.flatMap((one) => leaves(one, [...words, one.name()]))

async function helpOf(words: readonly string[]): Promise<string> {
  const stdout = new PassThrough()
  const parsing = (await program(stdout)).parseAsync([...words, '--help'], { from: 'user' })
  await expect(parsing).rejects.toMatchObject({ exitCode: 0 })
  return String(stdout.read())
}

describe('help', () => {
  it('of every command ends in an example that begins with that command', async () => {
    const commands = leaves(await program())
    expect(commands.length).toBeGreaterThan(40)
    for (const words of commands) {
      const help = await helpOf(words)
      expect(help).toContain(`Example:\n  $ nocturne ${words.join(' ')}`)
      expect(help).toContain('--json')
    }
  })

  it('of a group takes no option from its commands: --json after them is theirs', async () => {
    const groups = (await program()).commands.filter(({ commands }) => commands.length > 0)
    expect(groups.length).toBeGreaterThan(5)
    expect(groups.filter(({ options }) => options.length > 0).map((one) => one.name())).toEqual([])
  })

  it('lists the commands, and --version prints the version', async () => {
    const help = await nocturne('--help')
    for (const [name] of leaves(await program()))
      expect(help.stdout).toMatch(new RegExp(`^  ${name} `, 'm'))
    const { version } = JSON.parse(await readFile(join(main, '../../../package.json'), 'utf8'))
    expect(await nocturne('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
  })
})

describe('wrong use', () => {
  const gateway = ['--gateway', 'http://127.0.0.1:9', '--token-file', 'none']
  it.each([
    ['an unknown option', ['send', 'x', '--nope']],
    ['an unknown command', ['sned']],
    ['no command', []],
    ['a group alone', ['key']],
    ['a missing argument', ['claim', ...gateway]],
    ['one argument too many', ['inbox', 'x', ...gateway]],
    ['a missing option', ['inbox']],
    ['an option without its value', ['inbox', '--gateway']],
    ['a value that is not allowed', ['send', 'x', ...gateway, '--priority', 'soon']],
    ['a number out of range', ['serve', '--site', '.', '--port', '70000']],
    ['an invalid date', ['audit', 'query', '--site', '.', '--from', 'yesterday']],
    ['an invalid ID', ['claim', '../x', ...gateway, '--key', 'k']],
    [
      'an ID that no gateway issues',
      ['claim', '01985b2e-7c11-4f3a-9d52-1f0c5a9be001', ...gateway, '--key', 'k'],
    ],
    ['pull without a transfer', ['pull', ...gateway, '--key', 'k', '--out', 'o']],
    ['two sources', ['audit', 'query', '--site', '.', ...gateway]],
    ['no source', ['audit', 'checkpoint']],
    ['a file without a key', ['audit', 'verify', 'x.ndjson']],
    ['no file', ['deidentify', '--profile', 'strip', '--dry-run']],
    ['a statement with files', ['deidentify', 'x', '--profile', 'strip', '--statement']],
    ['neither --out nor --dry-run', ['deidentify', 'x', '--profile', 'strip']],
    ['an unknown profile', ['deidentify', 'x', '--profile', 'nope', '--dry-run']],
  ])('ends with 2 and a hint: %s', async (_, words) => {
    await writeFile(at('x'), 'x')
    const { status, stderr } = await nocturne(...words)
    expect(status).toBe(2)
    const said = stderr.slice(stderr.indexOf('nocturne: '))
    expect(said).toMatch(VOICE)
    expect(said).toContain('nocturne: hint: ')
  })

  it('suggests the intended word', async () => {
    const { stderr } = await nocturne('key', 'show', 'x', '--jsno')
    expect(stderr).toBe(
      "nocturne: error: unknown option '--jsno'\nnocturne: hint: did you mean --json?\n",
    )
  })

  it('names a mistyped option before the one that is missing because of it', async () => {
    const { stderr } = await nocturne('inbox', '--gatway=http://x', '--token-file', 't')
    expect(stderr).toContain("nocturne: error: unknown option '--gatway'\n")
  })

  it('repeats no value, which may be a token', async () => {
    const secret = `noct_${'A'.repeat(43)}`
    const wrong = [
      [secret],
      ['inbox', `--token=${secret}`],
      ['inbox', secret],
      ['send', 'x', '--priority', secret],
      ['serve', '--port', secret],
      ['token', 'issue', '--days', secret],
      ['inbox', '--token-file', 'x', '--gateway', `http://u:${secret}@host`],
    ]
    for (const words of wrong) {
      const { status, stdout, stderr } = await nocturne(...words)
      expect(status).toBe(2)
      expect(stdout + stderr).not.toContain(secret)
    }
    const words = ['inbox', '--gateway', 'http://127.0.0.1:9', '--token-file', secret]
    const { status, stderr } = await nocturne(...words)
    expect(status).toBe(1)
    expect(stderr).not.toContain(secret)
  })

  it('is one JSON document with --json', async () => {
    const { status, stdout } = await nocturne('inbox', '--json', '--nope')
    expect(status).toBe(2)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'usage' } })
  })
})

describe('what fails', () => {
  it('names the missing file, with a hint', async () => {
    const { status, stdout, stderr } = await nocturne('key', 'show', 'none.asc')
    expect({ status, stdout, stderr }).toEqual({
      status: 1,
      stdout: '',
      stderr:
        'nocturne: error: a file cannot be read: none.asc\nnocturne: hint: check the path and its permissions\n',
    })
  })

  it('sends no token over plain HTTP to another machine', async () => {
    await writeFile(at('t.token'), 'noct_x\n', { mode: 0o600 })
    const words = ['inbox', '--gateway', 'http://192.0.2.1', '--token-file', 't.token']
    const { status, stderr } = await nocturne(...words)
    expect(status).toBe(1)
    expect(stderr).toContain('error: a token is never sent over plain HTTP')
  })

  it('reports when nothing is listening, and when others can read the token', async () => {
    await writeFile(at('wide.token'), 'noct_x\n')
    await chmod(at('wide.token'), 0o644)
    const words = ['inbox', '--gateway', 'http://127.0.0.1:9', '--token-file', 'wide.token']
    const { status, stderr } = await nocturne(...words)
    expect(status).toBe(1)
    expect(stderr).toContain('nocturne: warning: other users can read wide.token')
    expect(stderr).toContain('nocturne: error: the gateway cannot be reached (ECONNREFUSED)')
    expect(stderr).toMatch(VOICE)
  })

  it('reports every mistake in a site', async () => {
    await mkdir(at('bad-site'), { recursive: true })
    await writeFile(at('bad-site', 'nocturne.yaml'), 'gateway: { listen: nowhere }\n')
    const { status, stderr, stdout } = await nocturne(
      'token',
      'list',
      '--site',
      'bad-site',
      '--json',
    )
    expect(status).toBe(1)
    expect(stderr).toMatch(VOICE)
    const { error } = JSON.parse(stdout)
    expect(error.code).toBe('site_invalid')
    expect(error.details.length).toBeGreaterThan(3)
  })
})

describe('deidentify', () => {
  it('continues after a file that it cannot write, and shows no value', async () => {
    await mkdir(at('ct'))
    const first = file([[0x00181030, 'LO', 'head of Smithson']])
    const other = file([[0x00080018, 'UI', '1.2.3.4.6']])
    for (const [name, bytes] of Object.entries({ a: first, b: first, c: other }))
      await writeFile(at('ct', `${name}.dcm`), bytes)
    const words = ['deidentify', 'ct', '--profile', 'pseudonymize', '--out', 'clean']
    const { status, stdout, stderr } = await nocturne(...words)
    expect(status).toBe(1)
    expect(stderr).toMatch(VOICE)
    expect(stderr).toContain('ct/b.dcm')
    expect(stdout).toMatch(/^ct\/a\.dcm -> clean\/2\.25\.\d+\.dcm: \d+ elements$/m)
    expect(stdout).toMatch(/^ct\/c\.dcm -> /m)
    expect(stdout + stderr).not.toMatch(/smithson/i)
    expect(stdout).toContain('  00100010 PatientName  replaced  E.1-1\n')
    expect(await readdir(at('clean'))).toHaveLength(2)
  })

  it('explains why a file is not written, without referring to a nonexistent quarantine', async () => {
    await mkdir(at('mixed'))
    await writeFile(at('mixed', 'notes.txt'), 'hello')
    const pdf: Written = [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.104.1']
    await writeFile(at('mixed', 'report.dcm'), file([pdf]))
    const words = ['deidentify', 'mixed', '--profile', 'strip', '--dry-run']
    const { status, stdout, stderr } = await nocturne(...words)
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
    expect(stderr).toContain('mixed/notes.txt: the file is not DICOM\n')
    expect(stderr).toContain(
      'hint: send the document as a separate file; a gateway would hold it\n',
    )
    expect(stderr).not.toContain('nocturne quarantine')
  })
})

describe('deidentify of an image that may have names burned in', () => {
  const image = (text: string): Buffer => {
    const [rows, columns] = [160, 320]
    const speckle = noise(rows * columns)
    const pixels = Buffer.from(
      speckle.map((byte, pixel) => 40 + (pixel % columns) / 4 + (byte & 3)),
    )
    write(pixels, columns, text, { x: 30, y: 20, scale: 2 })
    const picture = { rows, columns, photometric: 'MONOCHROME2' }
    return ultrasoundFile(picture, [], [0x7fe00010, 'OB', pixels])
  }
  const PASSES = '\n  names may be burned into its pixels, which are left unchanged\n'

  it('says so when the profile lets it pass', async () => {
    await writeFile(at('us.dcm'), image('JOHNSON JANE'))
    const profile = ['name: open', "version: '1'", 'links: facility', 'pixels: pass', 'options: []']
    await writeFile(at('open.yaml'), profile.join('\n'))
    const words = ['deidentify', 'us.dcm', '--profile', 'open.yaml', '--dry-run']
    expect((await nocturne(...words)).stdout).toContain(PASSES)
    const { files } = JSON.parse((await nocturne(...words, '--json')).stdout)
    expect(files[0].pixelsAtRisk).toBe(true)
  })

  const missing = existsSync(TESSERACT) ? undefined : 'the optional packages are not installed'
  const when = missing === undefined ? it : it.skip
  when(
    `shows it to the text detector unless told not to${missing ? ` (skipped: ${missing})` : ''}`,
    async () => {
      await mkdir(at('us'))
      await writeFile(at('us', 'named.dcm'), image('JOHNSON JANE'))
      await writeFile(at('us', 'plain.dcm'), image(''))
      const words = ['deidentify', 'us', '--profile', 'pseudonymize', '--dry-run']
      const { status, stdout, stderr } = await nocturne(...words)
      expect(status).toBe(1)
      expect(stderr).toContain('us/named.dcm: text was found in the image\n')
      expect(stdout).toContain(`us/plain.dcm: `)
      expect(stdout).toContain(PASSES)
      expect((await nocturne(...words, '--no-text-detector')).stdout).toBe('')
    },
  )
})

describe('keys, sealing and opening without a gateway', () => {
  it('creates a key file readable only by its owner, and overwrites none', async () => {
    const made = await nocturne('key', 'new', '--name', 'reader-1', '--out', 'r1.asc', '--json')
    expect(made.status).toBe(0)
    expect((await stat(at('r1.asc'))).mode & 0o777).toBe(0o600)
    const { fingerprint } = JSON.parse(made.stdout)
    const shown = await nocturne('key', 'show', 'r1.pub.asc', '--json')
    expect(JSON.parse(shown.stdout)).toMatchObject({ fingerprint, isAccepted: true })
    const before = await readFile(at('r1.asc'))
    const again = await nocturne('key', 'new', '--name', 'reader-1', '--out', 'r1.asc')
    expect(again.status).toBe(1)
    expect(await readFile(at('r1.asc'))).toEqual(before)
  })

  it('seals to several recipients and opens with each key, with and without a passphrase', async () => {
    await writeFile(at('pass'), 'correct horse\n', { mode: 0o600 })
    await nocturne('key', 'new', '--name', 'a', '--out', 'a.asc')
    await nocturne('key', 'new', '--name', 'b', '--out', 'b.asc', '--passphrase-file', 'pass')
    await writeFile(at('report'), '%PDF-1.7 text')
    const sealed = await nocturne('seal', 'report', '--to', 'a.pub.asc', 'b.pub.asc', '--out', 's')
    expect(sealed).toMatchObject({ status: 0, stderr: '' })
    expect(await readFile(at('s', 'report.pgp'), 'latin1')).not.toContain('%PDF')
    const a = await nocturne('open', 's/report.pgp', '--key', 'a.asc', '--out', 'oa')
    expect(a).toMatchObject({ status: 0, stderr: '' })
    const locked = await nocturne('open', 's/report.pgp', '--key', 'b.asc', '--out', 'ob')
    expect(locked.status).toBe(1)
    expect(locked.stderr).toContain('--passphrase-file')
    const words = ['--key', 'b.asc', '--passphrase-file', 'pass', '--out', 'ob']
    expect(await nocturne('open', 's/report.pgp', ...words)).toMatchObject({ status: 0 })
    for (const out of ['oa', 'ob']) {
      expect(await readFile(at(out, 'report.pdf'), 'utf8')).toBe('%PDF-1.7 text')
    }
  })

  it('leaves a file of the same name as it is, and nothing of a file that cannot be read', async () => {
    await nocturne('key', 'new', '--name', 'e', '--out', 'e.asc')
    await writeFile(at('kept.txt'), 'first')
    const words = ['--to', 'e.pub.asc', '--out', 'sealed-once']
    expect(await nocturne('seal', 'kept.txt', ...words)).toMatchObject({ status: 0 })
    const before = await readFile(at('sealed-once', 'kept.txt.pgp'))
    const again = await nocturne('seal', 'kept.txt', ...words, '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ error: { code: 'file_exists' } })
    expect(await readFile(at('sealed-once', 'kept.txt.pgp'))).toEqual(before)
    const folder = await nocturne('seal', 'sealed-once', ...words, '--json')
    expect(JSON.parse(folder.stdout)).toMatchObject({ error: { code: 'file_unreadable' } })
    expect(await readdir(at('sealed-once'))).toEqual(['kept.txt.pgp'])
  })

  it('leaves nothing of an altered message, and continues with the next', async () => {
    await nocturne('key', 'new', '--name', 'c', '--out', 'c.asc')
    await writeFile(at('one.txt'), 'first')
    await writeFile(at('two.txt'), 'second')
    await nocturne('seal', 'one.txt', 'two.txt', '--to', 'c.pub.asc', '--out', 'changed')
    const sealed = await readFile(at('changed', 'one.txt.pgp'))
    sealed.writeUInt8(sealed.readUInt8(sealed.length - 30) ^ 1, sealed.length - 30)
    await writeFile(at('changed', 'one.txt.pgp'), sealed)
    const files = ['changed/one.txt.pgp', 'changed/two.txt.pgp']
    const { status, stderr } = await nocturne('open', ...files, '--key', 'c.asc', '--out', 'oc')
    expect(status).toBe(1)
    expect(stderr).toContain('the message cannot be opened: changed/one.txt.pgp')
    expect(await readdir(at('oc'))).toEqual(['two.txt'])
  })

  it('opens an armored message', async () => {
    await nocturne('key', 'new', '--name', 'd', '--out', 'd.asc')
    await writeFile(at('note.txt'), 'in armor')
    await nocturne('seal', 'note.txt', '--to', 'd.pub.asc', '--out', 'armor')
    const base64 = (await readFile(at('armor', 'note.txt.pgp'))).toString('base64')
    const lines = [
      '-----BEGIN PGP MESSAGE-----',
      'Comment: made by hand',
      '',
      ...(base64.match(/.{1,64}/g) ?? []),
      '=AAAA',
      '-----END PGP MESSAGE-----',
      '',
    ]
    await writeFile(at('note.txt.asc'), lines.join('\r\n'))
    const { status } = await nocturne('open', 'note.txt.asc', '--key', 'd.asc', '--out', 'od')
    expect(status).toBe(0)
    expect(await readFile(at('od', 'note.txt'), 'utf8')).toBe('in armor')
  })
})

describe('verifying a site', () => {
  /**
   * A demo site whose ledger has some entries, of which one is altered directly in the database.
   */
  async function tampered(name: string, pick: 'ASC' | 'DESC'): Promise<string> {
    expect((await nocturne('init', name, '--demo')).status).toBe(0)
    const database = new Database(at(name, 'data', 'nocturne.db'))
    const [row] = database.prepare(`SELECT idx, entry FROM events ORDER BY idx ${pick}`).all() as {
      idx: number
      entry: Buffer
    }[]
    const changed = row!.entry.toString().replace('"outcome":0', '"outcome":8')
    database
      .prepare('UPDATE events SET entry = ? WHERE idx = ?')
      .run(Buffer.from(changed), row!.idx)
    database.close()
    return name
  }

  it('names the altered entry', async () => {
    const site = await tampered('changed-first', 'ASC')
    const { status, stdout } = await nocturne('audit', 'verify', '--site', site, '--json')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, badIndex: 0 })
  })

  it('fails when the last entry was altered, and the gateway does not start', async () => {
    const site = await tampered('changed-last', 'DESC')
    const { status, stdout } = await nocturne('audit', 'verify', '--site', site, '--json')
    expect(status).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ ok: false })
    const served = await nocturne('serve', '--site', site, '--port', '0')
    expect(served.status).toBe(1)
    expect(served.stderr).toContain('the ledger does not verify')
  })
})

describe('the process', () => {
  it('exits after SIGINT with the status a shell expects, and says how to continue', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    await writeFile(at('sig.token'), 'noct_x\n', { mode: 0o600 })
    const words = ['inbox', '--gateway', `http://127.0.0.1:${port}`, '--token-file', 'sig.token']
    const { child, finished } = start(main, words, { cwd: folder.path })
    await new Promise((resolve) => silent.once('request', resolve))
    child.kill('SIGINT')
    const { status, stderr } = await finished
    silent.close()
    expect(status).toBe(130)
    expect(stderr).toMatch(/^nocturne: error: interrupted\nnocturne: hint: [^\n]+\n$/)
  })

  it('exits silently when nobody reads its output', async () => {
    const { child, finished } = start(main, ['--help'])
    child.stdout?.destroy()
    const { status, stderr } = await finished
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })
})
