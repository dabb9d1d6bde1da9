/**
 * OpenPGP programs behind a common interface: does it accept this key, open this message, seal to
 * this certificate?
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessage, decrypt, encrypt, PublicKey } from 'openpgp'
import { readKey, readMessage, readPrivateKey } from 'openpgp'

export interface Program {
  readonly name: string
  readonly isThere: boolean
  /** The content; undefined if the program rejects the key or message. */
  open(privateKey: string, message: Buffer): Promise<Buffer | undefined>
  seal(certificate: string, content: Buffer): Promise<Buffer | undefined>
}

/** Runs commands of one program in a temporary folder, with its inputs as files. */
export function inFolder<T>(work: (folder: Folder) => T): T {
  const path = mkdtempSync(join(tmpdir(), 'peer-'))
  const file = (name: string, bytes: Uint8Array | string): string => {
    writeFileSync(join(path, name), bytes)
    return join(path, name)
  }
  const run = (program: string, args: readonly string[], input?: Uint8Array) => {
    const env = { ...process.env, GNUPGHOME: path, HOME: path }
    const done = spawnSync(program, args, { ...(input && { input }), maxBuffer: 2 ** 26, env })
    return done.status === 0 ? done.stdout : undefined
  }
  try {
    return work({ path, file, run, read: (name) => readFileSync(join(path, name)) })
  } finally {
    spawnSync('gpgconf', ['--homedir', path, '--kill', 'all'])
    rmSync(path, { recursive: true, force: true })
  }
}

export interface Folder {
  readonly path: string
  readonly file: (name: string, bytes: Uint8Array | string) => string
  /** Standard output; undefined if the command failed. */
  readonly run: (program: string, args: readonly string[], input?: Uint8Array) => Buffer | undefined
  readonly read: (name: string) => Buffer
}

export const GPG = [
  ...['--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', ''],
  ...['--trust-model', 'always'],
]

const command = (
  name: string,
  open: (folder: Folder, key: string, message: string) => Buffer | undefined,
  seal: (folder: Folder, certificate: string, content: string) => Buffer | undefined,
): Program => ({
  name,
  isThere: spawnSync(name, ['--version']).error === undefined,
  open: (key, message) =>
    Promise.resolve(inFolder((at) => open(at, at.file('key', key), at.file('message', message)))),
  seal: (certificate, content) =>
    Promise.resolve(
      inFolder((at) => seal(at, at.file('certificate', certificate), at.file('content', content))),
    ),
})

/** The Stateless OpenPGP command line, which several programs implement. */
const sop = (name: string): Program =>
  command(
    name,
    ({ run, read }, key) => run(name, ['decrypt', key], read('message')),
    ({ run, read }, certificate) =>
      run(name, ['encrypt', '--no-armor', certificate], read('content')),
  )

const gpg = command(
  'gpg',
  ({ run }, key, message) => {
    run('gpg', [...GPG, '--import', key])
    return run('gpg', [...GPG, '--decrypt', message])
  },
  ({ run }, certificate, content) =>
    run('gpg', [...GPG, '--recipient-file', certificate, '--encrypt', '--output', '-', content]),
)

const sq = command(
  'sq',
  ({ run }, key, message) => run('sq', ['decrypt', '--recipient-key', key, message]),
  ({ run }, certificate, content) =>
    run('sq', ['encrypt', '--binary', '--recipient-cert', certificate, content]),
)

const rnp = command(
  'rnp',
  ({ path, run }, key, message) => {
    run('rnpkeys', ['--homedir', path, '--import', key])
    const rest = ['--password', '', '--decrypt', message, '--output', '-']
    return run('rnp', ['--homedir', path, ...rest])
  },
  ({ path, run }, certificate, content) => {
    run('rnpkeys', ['--homedir', path, '--import', certificate])
    const rest = ['--encrypt', '-r', 'matrix', content, '--output', '-']
    return run('rnp', ['--homedir', path, ...rest])
  },
)

const openpgpjs: Program = {
  name: 'openpgp.js',
  isThere: true,
  open: async (privateKey, message) => {
    const opened = await decrypt({
      message: await readMessage({ binaryMessage: Uint8Array.from(message) }),
      decryptionKeys: await readPrivateKey({ armoredKey: privateKey }),
      format: 'binary',
    }).catch(() => undefined)
    return opened && Buffer.from(opened.data as Uint8Array)
  },
  seal: async (certificate, content) => {
    const key = await readKey({ armoredKey: certificate })
    if (!(key instanceof PublicKey)) return undefined
    const sealed = await encrypt({
      message: await createMessage({ binary: Uint8Array.from(content) }),
      encryptionKeys: key,
      format: 'binary',
    }).catch(() => undefined)
    return sealed === undefined ? undefined : Buffer.from(sealed as Uint8Array)
  },
}

export const PROGRAMS: readonly Program[] = [gpg, sq, sop('sqop'), sop('gosop'), rnp, openpgpjs]
