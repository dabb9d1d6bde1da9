/**
 * Encrypted Attributes (0400,0500) opened by independent programs: OpenSSL, dcmdump and dciodvfy.
 */
import { execFile, execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { readAttributeRecipients } from '../../src/config/attribute-recipients.js'
import { readDraft } from '../../src/config/yaml/draft.js'
import { loadSite } from '../../src/config/index.js'
import { type AttributeRecipient } from '../../src/deidentify/index.js'
import { BUILT_IN_PROFILES } from '../../src/deidentify/rules/profile.js'
import { rawDeflate } from '../../src/lib/raw-deflate.js'
import { reidentify, type FormerIdentity } from '../../src/reidentify/index.js'
import { builtCommand } from '../_built.js'
import { file, valueOf, type Encoding, type Written } from '../deidentify/_build.js'
import { demoSite, edit, removeFolders, rooms } from '../config/_site.js'
import { contextFor, received, run } from '../deidentify/_run.js'
import { findComplaints, noFiles, noValidators, realFiles, title, when } from './_files.js'

const execute = promisify(execFile)
const PROFILES = new Map(Object.entries(BUILT_IN_PROFILES))

const isThere = (command: string): boolean => {
  try {
    execFileSync(command, [command === 'openssl' ? 'version' : '--version'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
const noOpenssl = isThere('openssl') ? undefined : 'no openssl'
const noDcmdump = noOpenssl ?? (isThere('dcmdump') ? undefined : 'no dcmdump')

let dir = ''
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'nocturne-attributes-'))
})
afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
  await removeFolders()
})

/**
 * A certificate and its key, made as the hint of `nocturne check` describes; `name` is the base
 * name of the files.
 */
async function newCertificate(name: string, more: readonly string[] = []): Promise<void> {
  const pair = more.includes('-newkey') ? [] : ['-newkey', 'rsa:2048']
  await execute('openssl', [
    ...['req', '-x509', ...pair, '-nodes', '-days', '2', '-subj', '/CN=Saint Elsewhere'],
    ...['-keyout', join(dir, `${name}.key.pem`), '-out', join(dir, `${name}.pem`), ...more],
  ])
}

const read = (path: string | string[], profile = 'pseudonymize', now = new Date()) =>
  readAttributeRecipients(
    dir,
    readDraft({ facilities: [{ id: 'facility-a', profile, encryptedAttributes: path }] }),
    PROFILES,
    now,
  )

async function recipientsOf(...names: string[]): Promise<readonly AttributeRecipient[]> {
  const paths = names.map((name) => `${name}.pem`)
  const { recipients, findings, problems } = await read(paths)
  expect([...findings, ...problems]).toEqual([])
  return paths.map((path) => recipients.get(path)!)
}

/**
 * Encrypted Content (0400,0520), found by its tag, which is followed by OB and a long length, or by
 * the length alone.
 */
function contentOf(bytes: Buffer, encoding: Encoding): Buffer {
  const tag = encoding === 'big' ? '04000520' : '00042005'
  const at = bytes.indexOf(Buffer.from(tag, 'hex'))
  expect(at).toBeGreaterThan(0)
  const from = at + (encoding === 'implicit' ? 4 : 8)
  const length = encoding === 'big' ? bytes.readUInt32BE(from) : bytes.readUInt32LE(from)
  return bytes.subarray(from + 4, from + 4 + length)
}

async function decrypt(content: Buffer, name: string): Promise<Buffer> {
  await writeFile(join(dir, 'content.der'), content)
  const key = join(dir, `${name}.key.pem`)
  const out = join(dir, 'attributes.dcm')
  const recipient = ['-recip', join(dir, `${name}.pem`), '-inkey', key]
  const input = ['-inform', 'DER', '-in', join(dir, 'content.der')]
  await execute('openssl', ['cms', '-decrypt', ...input, ...recipient, '-out', out])
  return readFile(out)
}

const PATIENT: readonly Written[] = [
  [0x00080005, 'CS', 'ISO_IR 100'],
  [0x00080050, 'SH', 'ACC778899'],
  [0x00080090, 'PN', 'M\xdcLLER^J\xd6RG'],
  [0x0020000d, 'UI', '1.2.3.4'],
  [0x00104000, 'LT', `Long ${'word '.repeat(1000)}`],
  [0x00091001, 'LO', 'private to the vendor'],
  [0x04000500, 'SQ', { items: [[[0x04000520, 'OB', Buffer.from('of somebody else')]]] }],
  [0x00400275, 'SQ', { items: [[[0x00400009, 'SH', 'SPS778899']]] }],
  [0x40080119, 'PN', 'HOUSEMAN^ARTHUR'],
]

describe('encrypted attributes', () => {
  when(noOpenssl)(
    title('for several recipients are opened by each of them, and by nobody else', noOpenssl),
    async () => {
      for (const name of ['one', 'two', 'other']) await newCertificate(name)
      const encryptedAttributes = await recipientsOf('one', 'two')
      const context = contextFor('pseudonymize', { encryptedAttributes })
      const content = contentOf((await run(file(PATIENT), context)).bytes, 'explicit')
      const opened = await decrypt(content, 'one')
      expect(opened.includes('ACC778899')).toBe(true)
      expect((await decrypt(content, 'two')).equals(opened)).toBe(true)
      await expect(decrypt(content, 'other')).rejects.toThrow(/openssl cms/)
      // When sent again, the content is the same.
      const again = contentOf((await run(file(PATIENT), context)).bytes, 'explicit')
      expect(again.equals(content)).toBe(true)
    },
  )

  when(noOpenssl)(
    title('can be asked for on the command line, but not under strip', noOpenssl),
    async () => {
      for (const name of ['mine', 'partner']) await newCertificate(name)
      const source = join(dir, 'source.dcm')
      await writeFile(source, file(PATIENT))
      const deidentify = (profile: string) =>
        execute(process.execPath, [
          ...[
            builtCommand(),
            'deidentify',
            source,
            '--profile',
            profile,
            '--out',
            join(dir, profile),
          ],
          ...['--encrypted-attributes', join(dir, 'mine.pem'), join(dir, 'partner.pem')],
        ])
      await deidentify('pseudonymize')
      const [name = ''] = await readdir(join(dir, 'pseudonymize'))
      const content = contentOf(await readFile(join(dir, 'pseudonymize', name)), 'explicit')
      expect((await decrypt(content, 'partner')).includes('ACC778899')).toBe(true)
      await expect(deidentify('strip')).rejects.toThrow(/choose a profile with links: facility/)
    },
  )

  when(noDcmdump).each(['explicit', 'implicit', 'big'] as const)(
    title('give the original values back to OpenSSL and dcmdump, from %s', noDcmdump),
    async (encoding) => {
      await newCertificate('mine')
      const encryptedAttributes = await recipientsOf('mine')
      const context = contextFor('pseudonymize', { encryptedAttributes })
      const { bytes, report } = await run(file(PATIENT, encoding), context)
      expect(report.filter(({ path }) => path.startsWith('0400'))).toEqual([
        expect.objectContaining({ path: '04000500', action: 'removed' }),
        { path: '04000500', action: 'added', reason: 'E.1.1' },
      ])
      await decrypt(contentOf(bytes, encoding), 'mine')
      const dumped = await execute('dcmdump', ['-q', '-f', '-te', join(dir, 'attributes.dcm')], {
        encoding: 'latin1',
      })
      const found = [...dumped.stdout.matchAll(/^ *\((....,....)\) (..) (?:\[(.*)\])?/gm)]
      const values = found
        .filter(([, tag = '']) => !tag.startsWith('fffe'))
        .map(([, tag, vr, value]) => [tag, vr, value].join(' ').trim())
      expect(values).toEqual([
        '0400,0550 SQ',
        '0008,0005 CS ISO_IR 100',
        '0008,0018 UI 1.2.3.4.5',
        '0008,0020 DA 20240229',
        '0008,0050 SH ACC778899',
        '0008,0090 PN M\xdcLLER^J\xd6RG',
        '0010,0010 PN SMITHSON^JANETTE',
        '0010,0020 LO MRN0012345',
        '0010,0030 DA 19700321',
        '0020,000d UI 1.2.3.4',
        '0020,000e UI 1.2.3.4.1',
        '0040,0275 SQ',
        '0040,0009 SH SPS778899',
        '4008,0119 PN HOUSEMAN^ARTHUR',
      ])
    },
  )

  when(noOpenssl)(
    title('open with no other key, and name neither patient nor facility', noOpenssl),
    async () => {
      await newCertificate('mine')
      await newCertificate('other')
      const encryptedAttributes = await recipientsOf('mine')
      const { bytes } = await run(
        file(PATIENT),
        contextFor('pseudonymize', { encryptedAttributes }),
      )
      await expect(decrypt(contentOf(bytes, 'explicit'), 'other')).rejects.toThrow()
      expect(bytes.toString('latin1')).not.toMatch(
        /SMITHSON|MRN0012345|ACC778899|HOUSEMAN|somebody|Elsewhere/i,
      )
    },
  )

  when(noOpenssl)(
    title('are the same when the instance is sent again, and differ between instances', noOpenssl),
    async () => {
      await newCertificate('mine')
      const context = contextFor('pseudonymize', {
        encryptedAttributes: await recipientsOf('mine'),
      })
      const first = await run(file(PATIENT), context)
      expect((await run(file(PATIENT), context)).bytes.equals(first.bytes)).toBe(true)
      const other = [...PATIENT, [0x00080018, 'UI', '1.2.3.4.6'] as const]
      const second = await run(file(other), context)
      const [one, two] = [first, second].map(({ bytes }) => contentOf(bytes, 'explicit'))
      // Ciphertexts under the same key and IV would begin alike.
      expect(one!.subarray(-64).equals(two!.subarray(-64))).toBe(false)
      const plain = await decrypt(one!, 'mine')
      expect(plain.equals(await decrypt(two!, 'mine'))).toBe(false)
    },
  )

  when(noOpenssl)(title('are not there where nobody asked for them', noOpenssl), async () => {
    const { bytes } = await run(file(PATIENT))
    expect(valueOf(bytes, 0x00100020)).toBe('N0CTURNEC0DE')
    expect(bytes.includes(Buffer.from('00042005', 'hex'))).toBe(false)
  })

  when(noOpenssl)(
    title('are taken out when the original identity is put back', noOpenssl),
    async () => {
      await newCertificate('mine')
      const context = contextFor('pseudonymize', {
        encryptedAttributes: await recipientsOf('mine'),
      })
      const { bytes } = await run(file(PATIENT), context)
      const former: FormerIdentity = {
        code: 'N0CTURNEC0DE',
        patientId: 'MRN0012345',
        patientName: 'SMITHSON^JANETTE',
        shiftSeconds: 0,
        sentOn: '20240301',
        uids: new Map(),
        elements: [],
      }
      const parts: Buffer[] = []
      const source = (async function* () {
        yield await Promise.resolve(bytes)
      })()
      for await (const part of reidentify(received(source), former, {
        headerBytes: 2 ** 20,
        rawDeflate,
      }))
        parts.push(part)
      const back = Buffer.concat(parts)
      expect(valueOf(back, 0x00120062)).toBe('NO')
      expect(back.includes(Buffer.from('00042005', 'hex'))).toBe(false)
    },
  )

  const missing = noOpenssl ?? noFiles ?? noValidators
  when(missing)(
    title('bring no complaint of dcmdump or dciodvfy about real files', missing),
    async () => {
      await newCertificate('mine')
      const context = contextFor('pseudonymize', {
        encryptedAttributes: await recipientsOf('mine'),
      })
      const pairs = []
      for (const source of realFiles()) {
        if (pairs.length === 25) break
        const input = await readFile(source)
        if (input.length > 300_000) continue
        const ran = await run(input, context).catch(() => undefined)
        if (!ran) continue
        const output = join(dir, `${pairs.length}.dcm`)
        await writeFile(output, ran.bytes)
        pairs.push({ source, output, report: ran.report })
      }
      expect(pairs).toHaveLength(25)
      expect(await findComplaints(pairs, dir)).toEqual([])
    },
    60_000,
  )
})

describe('the certificate of a recipient of encrypted attributes', () => {
  const wrong = async (path: string, now?: Date) => {
    const { recipients, problems } = await read(path, 'pseudonymize', now)
    expect(recipients.size).toBe(0)
    expect(problems).toHaveLength(1)
    expect(problems[0]!.hint).toMatch(/^[a-z].*[^.]$/)
    return `${problems[0]!.path}: ${problems[0]!.problem}`
  }

  it('must exist, and be a certificate', async () => {
    expect(await wrong('nowhere.pem')).toBe('nowhere.pem: the file nowhere.pem does not exist')
    await writeFile(join(dir, 'text.pem'), 'hunter2')
    expect(await wrong('text.pem')).toBe('text.pem: is not an X.509 certificate in PEM')
  })

  when(noOpenssl)(title('must be valid today, and hold no private key', noOpenssl), async () => {
    await newCertificate('mine')
    const { validTo } = new X509Certificate(await readFile(join(dir, 'mine.pem')))
    const later = new Date(Date.parse(validTo) + 1000)
    expect(await wrong('mine.pem', later)).toMatch(/^mine.pem: the certificate expired on 2/)
    expect(await wrong('mine.pem', new Date(0))).toMatch(/: the certificate is valid only from /)
    expect(await wrong('mine.key.pem')).toMatch(/^mine.key.pem: contains a private key/)
  })

  when(noOpenssl)(title('must be of an RSA key that may encrypt keys', noOpenssl), async () => {
    await newCertificate('ec', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'])
    expect(await wrong('ec.pem')).toContain('is not the certificate of an RSA key')
    await newCertificate('weak', ['-newkey', 'rsa:1024'])
    expect(await wrong('weak.pem')).toContain('has an RSA key of 1024 bits')
    await newCertificate('signs', ['-addext', 'keyUsage=digitalSignature'])
    expect(await wrong('signs.pem')).toContain('key usage does not include key encipherment')
    await newCertificate('bare', ['-addext', 'subjectKeyIdentifier=none'])
    expect(await wrong('bare.pem')).toContain('has no subject key identifier')
    await newCertificate('encrypts', ['-addext', 'keyUsage=keyEncipherment'])
    expect((await read('encrypts.pem')).problems).toEqual([])
  })

  when(noOpenssl)(title('reaches the gateway through nocturne.yaml', noOpenssl), async () => {
    await newCertificate('mine')
    const site = await demoSite()
    await edit(site, [
      'profile: pseudonymize',
      `profile: pseudonymize, encryptedAttributes: ${join(dir, 'mine.pem')}`,
    ])
    const { config } = await loadSite(site, {}, rooms)
    expect(config.facilities[0]?.encryptedAttributes).toEqual(await recipientsOf('mine'))
  })

  when(noOpenssl)(title('is refused beside a profile that links nothing', noOpenssl), async () => {
    await newCertificate('mine')
    expect((await read('mine.pem', 'strip')).findings).toMatchObject([
      {
        at: ['facilities', 0, 'encryptedAttributes'],
        problem: expect.stringContaining('strip does not allow'),
        hint: expect.stringContaining('pseudonymize'),
      },
    ])
  })
})
