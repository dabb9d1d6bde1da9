/**
 * Other OpenPGP programs from Debian: gnupg, sq, sqop, gosop, rnp. Tests of those not installed are
 * skipped by name.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { newEnvelope, sealBytes } from '../../src/seal/index.js'
import { inspectCertificate, toRecipient } from '../../src/seal/keys/certificate.js'
import { newKey, readPrivateKey, signDetached } from '../../src/seal/keys/keys.js'
import { createTextSigner } from '../../src/seal/keys/text-signer.js'
import { verifyDetached } from '../../src/seal/keys/verify.js'
import type { Recipient } from '../../src/seal/keys/recipient.js'
import { attempt, collect, content, open, split } from '../seal/_seal.js'

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined
const peer = (program: string): typeof describe | typeof describe.skip =>
  has(program) ? describe : describe.skip
const title = (program: string): string =>
  has(program) ? program : `${program} (skipped: it is not installed)`

const SIZES = [0, 1, 2 ** 18 - 6, 2 ** 18, 1_500_000]

const folder = mkdtempSync(join(tmpdir(), 'seal-'))
const file = (name: string, bytes?: Uint8Array | string): string => {
  if (bytes !== undefined) writeFileSync(join(folder, name), bytes)
  return join(folder, name)
}
afterAll(() => {
  if (has('gpgconf')) spawnSync('gpgconf', ['--homedir', folder, '--kill', 'all'])
  rmSync(folder, { recursive: true, force: true })
})

interface Ran {
  readonly out: Buffer
  readonly status: number | null
  readonly error: string
}

function run(program: string, args: readonly string[], input?: Uint8Array): Ran {
  const done = spawnSync(program, args, {
    ...(input && { input }),
    maxBuffer: 2 ** 26,
    env: { ...process.env, GNUPGHOME: folder, HOME: folder },
  })
  return { out: done.stdout, status: done.status, error: done.stderr.toString() }
}

function must(program: string, args: readonly string[], input?: Uint8Array): Buffer {
  const { out, status, error } = run(program, args, input)
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${error}`)
  return out
}

const asSeipd1 = (recipient: Recipient): Recipient => ({ ...recipient, takesSeipd2: false })

peer('gpg')(title('gpg'), () => {
  const gpg = (...args: string[]): Buffer =>
    must('gpg', [
      '--batch',
      '--quiet',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      '',
      '--trust-model',
      'always',
      ...args,
    ])
  const certificateOf = (name: string): string => gpg('--armor', '--export', name).toString()

  function makeKey(name: string, primary: string, subkey?: string, ...more: string[]): void {
    gpg(...more, '--quick-gen-key', name, primary, 'sign', '0')
    const [, , fingerprint = ''] =
      /(fpr:+)([0-9A-F]{40}):/.exec(gpg('--with-colons', '-k', name).toString()) ?? []
    if (subkey) gpg(...more, '--quick-add-key', fingerprint, subkey, 'encr', '0')
  }

  beforeAll(() => {
    makeKey('rsa', 'rsa3072', 'rsa3072')
    makeKey('curve', 'ed25519', 'cv25519')
    makeKey('nist', 'nistp256', 'nistp256')
  }, 60_000)

  it.each(['rsa', 'curve', 'nist'])(
    'makes a %s key that passes the policy, and opens messages sealed to it',
    async (name) => {
      const recipient = await toRecipient(name, certificateOf(name), new Date())
      expect(recipient.takesSeipd2).toBe(false)
      for (const size of SIZES) {
        const path = file('sealed.pgp', await sealBytes(content(size), recipient, new Date()))
        expect(gpg('--decrypt', path).equals(content(size))).toBe(true)
      }
    },
  )

  it('opens an item for one of several recipients, and verifies the manifest', async () => {
    const gateway = await newKey({ name: 'gateway' })
    gpg('--import', file('gateway.asc', gateway.certificate))
    const modern = await toRecipient(
      'modern',
      (await newKey({ name: 'modern' })).certificate,
      new Date(),
    )
    const envelope = await newEnvelope(
      [modern, await toRecipient('curve', certificateOf('curve'), new Date())],
      new Date(),
    )
    expect(envelope.format).toBe('seipd1')
    const manifest = Buffer.from('{"items":[]}')
    const sealed = await envelope.sealSigned(
      manifest,
      await readPrivateKey(gateway.privateKey),
      new Date(),
    )
    const path = file(
      'm.pgp',
      Buffer.concat([envelope.keyPackets[1]!.packet, await collect(sealed.bytes)]),
    )
    const { out, error, status } = run('gpg', [
      '--batch',
      '--status-fd',
      '2',
      '--trust-model',
      'always',
      '--decrypt',
      path,
    ])
    expect({ out: out.toString(), status }).toEqual({ out: manifest.toString(), status: 0 })
    expect(error).toContain(`VALIDSIG ${gateway.fingerprint.toUpperCase()}`)
  })

  it('refuses an altered message', async () => {
    const bytes = await sealBytes(
      content(1000),
      await toRecipient('curve', certificateOf('curve'), new Date()),
      new Date(),
    )
    bytes[bytes.length - 500]! ^= 1
    expect(run('gpg', ['--batch', '--decrypt', file('bad.pgp', bytes)]).status).not.toBe(0)
  })

  it.each([
    ['compressed', []],
    ['not compressed', ['--compress-algo', 'none']],
    ['with ZIP', ['--compress-algo', 'zip']],
    ['signed', ['--sign', '-u', 'rsa']],
    ['to nobody by name', ['--hidden-recipient', 'curve']],
  ])('seals to a key made by newKey, %s, and we open it', async (_name, options) => {
    const { privateKey, certificate, fingerprint } = await newKey({
      name: 'reader',
      email: 'r@example.org',
    })
    gpg('--import', file('reader.asc', certificate))
    for (const size of [0, 1, 300_000]) {
      const plain = file('secret.dcm', content(size))
      const bytes = gpg(...options, '--encrypt', '-r', fingerprint, '--output', '-', plain)
      const { released, code } = await attempt(bytes, await readPrivateKey(privateKey))
      expect({ code, same: released.equals(content(size)) }).toEqual({
        code: undefined,
        same: true,
      })
    }
  })

  it('seals to its own keys, and we open the message with the exported key', async () => {
    for (const name of ['rsa', 'curve', 'nist']) {
      const key = await readPrivateKey(gpg('--armor', '--export-secret-keys', name))
      const bytes = gpg('--encrypt', '-r', name, '--output', '-', file('p', content(70_000)))
      expect((await collect(open(split(bytes, 999), key))).equals(content(70_000))).toBe(true)
    }
  })

  it('imports a private key with a passphrase, and decrypts with it', async () => {
    const made = await newKey({ name: 'locked', passphrase: 'open sesame' })
    const path = file('locked.asc', made.privateKey)
    must('gpg', [
      '--batch',
      '--pinentry-mode',
      'loopback',
      '--passphrase',
      'open sesame',
      '--import',
      path,
    ])
    const bytes = await sealBytes(
      content(500),
      asSeipd1(await toRecipient('l', made.certificate, new Date())),
      new Date(),
    )
    const args = ['--batch', '--pinentry-mode', 'loopback', '--passphrase', 'open sesame']
    expect(must('gpg', [...args, '--decrypt', file('l.pgp', bytes)])).toEqual(content(500))
  })

  it('makes signatures that verifyDetached accepts, and verifies those of signDetached', async () => {
    const text = 'nocturne sign-in\r\nline two\n'
    const path = file('text', text)
    for (const name of ['rsa', 'curve', 'nist']) {
      const signature = gpg(
        '--armor',
        '--detach-sign',
        '-u',
        name,
        '--output',
        '-',
        path,
      ).toString()
      expect(await verifyDetached(text, signature, certificateOf(name), new Date())).toBe(true)
      expect(await verifyDetached(text + '!', signature, certificateOf(name), new Date())).toBe(
        false,
      )
    }
    // GnuPG lets only RSA sign over such a short hash.
    const overSha1 = ['--digest-algo', 'SHA1', '--armor', '--detach-sign', '-u', 'rsa']
    const weak = gpg(...overSha1, '--output', '-', path)
    expect(await verifyDetached(text, weak, certificateOf('rsa'), new Date())).toBe(false)
    const made = await newKey({ name: 'signer' })
    gpg('--import', file('signer.asc', made.certificate))
    const key = await readPrivateKey(made.privateKey)
    const signText = createTextSigner(key)
    for (const sign of [signText, (...[of, at]: [string, Date]) => signDetached(of, key, at)]) {
      const signature = file('text.sig', await sign(text, new Date()))
      expect(run('gpg', ['--batch', '--verify', signature, path]).status).toBe(0)
      expect(run('gpg', ['--batch', '--verify', signature, file('other', 'x')]).status).toBe(1)
    }
  })

  it('makes certificates that the policy judges as in the table', async () => {
    const codes = async (name: string): Promise<string[]> =>
      (await inspectCertificate(certificateOf(name), new Date())).problems.map(({ code }) => code)
    makeKey('small', 'rsa1024', 'rsa1024')
    makeKey('medium', 'rsa2048', 'rsa2048')
    makeKey('koblitz', 'secp256k1', 'secp256k1')
    makeKey('dsa', 'dsa2048', 'elg2048')
    makeKey('signing', 'ed25519')
    makeKey('old', 'rsa3072', 'rsa3072', '--cert-digest-algo', 'SHA1')
    gpg(
      '--faked-system-time',
      '20200101T000000',
      '--quick-gen-key',
      'past',
      'ed25519',
      'sign',
      '1y',
    )
    gpg(
      '--faked-system-time',
      '20990101T000000!',
      '--quick-gen-key',
      'future',
      'ed25519',
      'sign',
      '0',
    )
    makeKey('gone', 'ed25519', 'cv25519')
    const [, , gone = ''] =
      /(fpr:+)([0-9A-F]{40}):/.exec(gpg('--with-colons', '-k', 'gone').toString()) ?? []
    const revocation = readFileSync(join(folder, 'openpgp-revocs.d', `${gone}.rev`), 'utf8')
    gpg('--import', file('gone.rev', revocation.replace(':-----', '-----')))
    const table = {
      rsa: [],
      curve: [],
      nist: [],
      small: ['certificate_weak'],
      medium: ['certificate_weak'],
      koblitz: ['certificate_weak'],
      dsa: ['certificate_weak'],
      signing: ['certificate_cannot_encrypt'],
      old: ['certificate_weak'],
      past: ['certificate_expired'],
      future: ['certificate_not_yet_valid'],
      gone: ['certificate_revoked'],
    }
    const found: Record<string, string[]> = {}
    const lines: string[] = []
    for (const name of Object.keys(table)) {
      found[name] = await codes(name)
      const certificate = certificateOf(name)
      // Sealing and showing must agree about the certificate.
      const sealed = await toRecipient(name, certificate, new Date()).then(
        () => [],
        (error: unknown) => [(error as { code: string }).code],
      )
      expect({ name, sealed }).toEqual({ name, sealed: found[name].slice(0, 1) })
      const fips = await inspectCertificate(certificate, new Date(), { fips: true })
      const verdicts = [found[name][0], fips.problems[0]?.code].map((code) => code ?? 'accepted')
      lines.push([name, ...verdicts].map((cell) => cell.padEnd(28)).join(''))
    }
    const head = ['GnuPG makes', 'policy', 'FIPS profile'].map((cell) => cell.padEnd(28))
    process.stdout.write(['', head.join(''), ...lines, ''].join('\n'))
    expect(found).toEqual(table)
    expect(
      (await inspectCertificate(gpg('--armor', '--export', 'rsa', 'nist'), new Date())).problems[0]
        ?.code,
    ).toBe('certificate_several')
  }, 120_000)
})

/**
 * The Stateless OpenPGP command line, which several programs implement
 * (draft-dkg-openpgp-stateless-cli).
 */
describe.each(['sqop', 'gosop'])('%s', (program) => {
  const isThere = has(program) || spawnSync(program, ['version']).error === undefined
  const test = isThere ? it : it.skip
  const name = (text: string): string =>
    isThere ? text : `${text} (skipped: ${program} is not installed)`

  test(name('opens our version 1 messages, and we open its own'), async () => {
    const secret = must(program, ['generate-key', 'somebody <s@example.org>'])
    const certificate = must(program, ['extract-cert'], secret)
    const key = await readPrivateKey(secret)
    // gosop of Debian 12 makes RSA keys of 2048 bits.
    const recipient = await toRecipient('s', certificate, new Date(), { allowRsa2048: true })
    const path = file(`${program}.key`, secret)
    for (const size of SIZES) {
      // gosop of Debian 12 outputs everything as UTF-8 text, including its own messages.
      const plain = Buffer.from(content(size).toString('hex'))
      const ours = await sealBytes(plain, recipient, new Date())
      expect(must(program, ['decrypt', path], ours).equals(plain)).toBe(true)
      const theirs = must(program, ['encrypt', '--no-armor', file('cert', certificate)], plain)
      expect((await attempt(theirs, key)).released.equals(plain)).toBe(true)
    }
  })

  test(name('uses keys from newKey and signatures from signDetached'), async () => {
    const made = await newKey({ name: 'reader' })
    const sealed = must(
      program,
      ['encrypt', '--no-armor', file('cert', made.certificate)],
      content(9000),
    )
    expect((await attempt(sealed, await readPrivateKey(made.privateKey))).released).toEqual(
      content(9000),
    )
    const signature = file(
      'sig',
      await signDetached('text', await readPrivateKey(made.privateKey), new Date()),
    )
    expect(run(program, ['verify', signature, file('cert')], Buffer.from('text')).status).toBe(0)
    expect(run(program, ['verify', signature, file('cert')], Buffer.from('test')).status).not.toBe(
      0,
    )
    const theirs = must(program, ['sign', file('key', made.privateKey)], Buffer.from('text'))
    expect(await verifyDetached('text', theirs, made.certificate, new Date())).toBe(true)
  })
})

peer('rnp')(title('rnp'), () => {
  it('opens our version 1 messages, and we open its own', async () => {
    const home = mkdtempSync(join(folder, 'rnp-'))
    const made = await newKey({ name: 'rnp-reader' })
    must('rnpkeys', ['--homedir', home, '--import', file('rnp.asc', made.privateKey)])
    const recipient = asSeipd1(await toRecipient('r', made.certificate, new Date()))
    for (const size of SIZES) {
      const path = file('rnp.pgp', await sealBytes(content(size), recipient, new Date()))
      const out = join(folder, 'rnp.out')
      must('rnp', [
        '--homedir',
        home,
        '--password',
        '',
        '--decrypt',
        path,
        '--overwrite',
        '--output',
        out,
      ])
      expect(readFileSync(out).equals(content(size))).toBe(true)
    }
    const theirs = join(folder, 'theirs.pgp')
    must('rnp', [
      '--homedir',
      home,
      '--encrypt',
      '-r',
      'rnp-reader',
      '--overwrite',
      '--output',
      theirs,
      file('p', content(70_000)),
    ])
    const { released } = await attempt(readFileSync(theirs), await readPrivateKey(made.privateKey))
    expect(released.equals(content(70_000))).toBe(true)
  })
})
