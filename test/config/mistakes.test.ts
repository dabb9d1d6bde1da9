import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from '@jest/globals'
import { generateKey } from 'openpgp'
import { SiteInvalidError, loadSite, surveySite } from '../../src/config/index.js'
import { demoSite, edit, makers, newFolder, problemsOf, removeFolders, rooms } from './_site.js'

afterAll(removeFolders)

const NAMES =
  /^(facilities|groups|people|gateway|store|database|limits|recovery|secrets|keys|nocturne|NOCTURNE)/

async function expiredCertificate(name: string): Promise<string> {
  const { publicKey } = await generateKey({
    userIDs: [{ name }],
    date: new Date('2020-01-01'),
    keyExpirationTime: 86_400,
    format: 'armored',
  })
  return publicKey
}

interface Mistake {
  readonly title: string
  /** Words of nocturne.yaml and what stands there instead. */
  readonly edits?: readonly (readonly [string, string])[]
  readonly plant?: (dir: string) => Promise<unknown>
  readonly env?: Record<string, string>
  /** The beginning of `path: problem`. */
  readonly found: readonly string[]
  /** Part of the hint of the first one. */
  readonly hint: string
}

/** None of these touches what another needs, so that all can stand in one site. */
const MISTAKES: readonly Mistake[] = [
  {
    title: 'an unknown reader in a group',
    edits: [['readers: [reader-1]', 'readers: [reader-1, raeder-1]']],
    found: ['groups[0].readers[1]: names an unknown reader, raeder-1'],
    hint: 'did you mean reader-1?',
  },
  {
    title: 'a group without readers and a bad time zone',
    edits: [
      ['groups:\n  - {', 'groups:\n  - { id: days, timezone: America/Chcago, readers: [] }\n  - {'],
    ],
    found: ['groups[0].readers: has no readers', 'groups[0].timezone: is not an IANA time zone'],
    hint: 'role reader',
  },
  {
    title: 'coordinators and an escalation that name nobody',
    edits: [
      [
        'timezone: America/Chicago,',
        'timezone: America/Chicago, coordinators: [offcer-1], escalate: [0m duty, 5m somebody],',
      ],
    ],
    found: [
      'groups[0].coordinators[0]: names an unknown person, offcer-1',
      'groups[0].escalate[1]: names an unknown person, somebody',
    ],
    hint: 'did you mean officer-1?',
  },
  {
    title: 'quiet hours that never end, and in no time zone',
    edits: [
      [
        'role: reader,',
        'role: reader, contact: { quiet: { timezone: Berlin, weekly: [daily 20:00-08:00, daily 07:00-21:00] } },',
      ],
    ],
    found: [
      'people[0].contact.quiet.timezone: is not an IANA time zone',
      'people[0].contact.quiet: leaves no hour of the week',
    ],
    hint: 'write an IANA name',
  },
  {
    title: 'duty hours that are none',
    edits: [
      [
        'timezone: America/Chicago,',
        'timezone: America/Chicago, duty: { weekly: [mon-fri 18-08], dates: [2026-02-30 off], weekend: [] },',
      ],
    ],
    found: [
      'groups[0].duty.weekly[0]: is not days and hours',
      'groups[0].duty.dates[0]: is not a date and hours',
      'groups[0].duty.weekend: is not a known key here',
    ],
    hint: 'mon-fri 18:00-08:00',
  },
  {
    title: 'a reader without the role reader',
    edits: [['readers: [reader-1', 'readers: [officer-1, reader-1']],
    found: ['groups[0].readers[0]: officer-1 has the role officer'],
    hint: 'a second entry',
  },
  {
    title: 'a facility that names an unknown group',
    edits: [['groups: [nights] }', 'groups: [nights, nigths] }']],
    found: ['facilities[0].groups[1]: names an unknown group, nigths'],
    hint: 'did you mean nights?',
  },
  {
    title: 'an unknown profile',
    edits: [
      [
        'facilities:\n',
        'facilities:\n  - { id: facility-p, certificate: keys/gateway.asc, profile: pseudonymise, groups: [nights] }\n',
      ],
    ],
    plant: (dir) => writeFile(join(dir, 'secrets/facilities/facility-p.key'), SECRET, PRIVATE),
    found: ['facilities[0].profile: names an unknown profile, pseudonymise'],
    hint: 'did you mean pseudonymize?',
  },
  {
    title: 'two entries with one ID',
    edits: [
      ['people:\n', 'people:\n  - { id: facility-a, role: operator, certificate: keys/x.asc }\n'],
    ],
    plant: async (dir) =>
      writeFile(join(dir, 'keys/x.asc'), (await makers.newKey({ name: 'x' })).certificate),
    found: ['people[0].id: facility-a is already the ID of another entry'],
    hint: 'unique',
  },
  {
    title: 'a sender without a facility',
    edits: [
      ['people:\n', 'people:\n  - { id: sender-1, role: sender, certificate: keys/s.asc }\n'],
    ],
    plant: async (dir) =>
      writeFile(join(dir, 'keys/s.asc'), (await makers.newKey({ name: 's' })).certificate),
    found: ['people[0].facility: is missing'],
    hint: 'write facility: ID',
  },
  {
    title: 'a bad ID, an unknown role and a key that is not known',
    edits: [
      [
        'people:\n',
        'people:\n  - { id: Dr. Jones, role: raeder, certificat: k.asc, certificate: keys/j.asc }\n',
      ],
    ],
    plant: async (dir) =>
      writeFile(join(dir, 'keys/j.asc'), (await makers.newKey({ name: 'j' })).certificate),
    found: [
      'people[0].role: is not one of the allowed words',
      'people[0].id: is not an ID',
      'people[0].certificat: is not a known key',
    ],
    hint: 'did you mean reader?',
  },
  {
    title: 'a missing key file',
    edits: [['certificate: keys/operator-1.asc', 'certificate: keys/operator-9.asc']],
    found: ['keys/operator-9.asc: the file keys/operator-9.asc does not exist'],
    hint: 'save the certificate of operator-1 there',
  },
  {
    title: 'a private key where a certificate belongs',
    plant: async (dir) =>
      writeFile(
        join(dir, 'keys/recovery.asc'),
        await readFile(join(dir, 'demo-keys/recovery.asc')),
      ),
    found: ['keys/recovery.asc: the file contains a secret key (recovery: '],
    hint: 'make a new key',
  },
  {
    title: 'a bad port',
    edits: [['listen: 127.0.0.1:8080', 'listen: 127.0.0.1:80800']],
    found: ['gateway.listen: has no port from 0 to 65535'],
    hint: '127.0.0.1:8080',
  },
  {
    title: 'TLS files that are not there',
    edits: [['  listen:', '  tls: { cert: tls/cert.pem, key: tls/key.pem }\n  listen:']],
    found: ['tls/cert.pem: the file', 'tls/key.pem: the file'],
    hint: 'PEM',
  },
  {
    title: 'credentials in the YAML',
    edits: [
      ['database: sqlite:data/nocturne.db', 'database: postgres://nocturne:hunter2@db/nocturne'],
      ['path: data/objects', 'path: data/objects, secretAccessKey: hunter2'],
    ],
    found: ['database: contains a password', 'store.secretAccessKey: is a credential'],
    hint: 'NOCTURNE_DATABASE_PASSWORD',
  },
  {
    title: 'a limit out of range, one that is no number and one that is not known',
    edits: [
      [
        'gateway:\n',
        'limits: { itemBytes: 12, idleSeconds: soon, uploads: 1.5, requestItem: 5 }\ngateway:\n',
      ],
    ],
    found: [
      'limits.itemBytes: is too small',
      'limits.idleSeconds: is not a whole number',
      'limits.uploads: is not a whole number',
      'limits.requestItem: is not a known key',
    ],
    hint: 'from 1 KiB to 1 TiB',
  },
  {
    title: 'a secret that nobody can read',
    plant: (dir) => chmod(join(dir, 'secrets/gateway.asc'), 0o000),
    found: ['secrets/gateway.asc: secrets/gateway.asc cannot be read by this user'],
    hint: 'chmod u+r',
  },
  {
    title: 'a secret that others can read, in a folder that others can enter',
    plant: async (dir) => {
      await chmod(join(dir, 'secrets/ledger.pem'), 0o640)
      await chmod(join(dir, 'secrets'), 0o755)
    },
    found: [
      'secrets/: is accessible to other users of this machine (mode 0755)',
      'secrets/ledger.pem: is accessible to users other than its owner (mode 0640)',
    ],
    hint: 'chmod 700',
  },
  {
    title: 'a facility secret of the wrong length',
    plant: (dir) => writeFile(join(dir, 'secrets/facilities/facility-a.key'), 'c2hvcnQ=\n'),
    found: ['secrets/facilities/facility-a.key: is not 32 bytes as base64'],
    hint: 'nocturne secret new facility-a',
  },
  {
    title: 'environment variables that are wrong, misspelt, or half of a pair',
    env: {
      NOCTURNE_LOG_LEVEL: 'loud',
      NOCTURNE_LIMIT_UPLOADS: '0',
      NOCTURNE_LOGLEVEL: 'info',
      NOCTURNE_S3_ACCESS_KEY_ID: 'AKIA',
      NOCTURNE_DATABASE_PASSWORD_FILE: '/nowhere/password',
    },
    found: [
      'NOCTURNE_LOG_LEVEL: is not one of the allowed words',
      'NOCTURNE_LIMIT_UPLOADS: is too small',
      'NOCTURNE_LOGLEVEL: is not a known variable',
      'NOCTURNE_S3_SECRET_ACCESS_KEY: is missing',
      'NOCTURNE_DATABASE_PASSWORD_FILE: the file',
    ],
    hint: 'write trace, debug',
  },
]

const SECRET = `${Buffer.alloc(32, 7).toString('base64')}\n`
const PRIVATE = { mode: 0o600 } as const

const begins = (problems: readonly string[], found: string) =>
  problems.some((one) => one.startsWith(found))

async function plant(dir: string, { edits = [], plant: planted }: Mistake) {
  await edit(dir, ...edits)
  await planted?.(dir)
}

describe('a mistake by itself', () => {
  it.each(MISTAKES)('$title', async (mistake) => {
    const dir = await demoSite()
    await plant(dir, mistake)
    const { problems, site } = await surveySite(dir, mistake.env ?? {}, rooms)
    const lines = problems.map(({ path, problem }) => `${path}: ${problem}`)
    expect(site).toBeUndefined()
    // Exactly these, so that one mistake makes no second alarm; in one, the certificate stands
    // twice.
    expect(lines.filter((one) => !one.includes('has the same certificate'))).toHaveLength(
      mistake.found.length,
    )
    for (const found of mistake.found)
      expect(lines.filter((one) => one.startsWith(found))).toHaveLength(1)
    const first = problems.find(({ path, problem }) =>
      `${path}: ${problem}`.startsWith(mistake.found[0]!),
    )
    expect(first?.hint).toContain(mistake.hint)
  })
})

describe('all mistakes together', () => {
  it('are found in one run, each with a path, a problem and a hint', async () => {
    const dir = await demoSite()
    for (const mistake of MISTAKES) await plant(dir, mistake)
    const env = Object.assign({}, ...MISTAKES.map((one) => one.env ?? {})) as Record<string, string>
    const error: unknown = await loadSite(dir, env, rooms).catch((thrown: unknown) => thrown)
    if (!(error instanceof SiteInvalidError)) throw error
    const lines = error.problems.map(({ path, problem }) => `${path}: ${problem}`)
    // Positions in people and groups have moved, because several entries were added.
    const anywhere = (text: string) => text.replace(/\[\d+\]/g, '[]')
    const missed = MISTAKES.flatMap(({ found }) => found).filter(
      (found) => !begins(lines.map(anywhere), anywhere(found)),
    )
    expect(missed).toEqual([])
    for (const { path, problem, hint } of error.problems) {
      expect(path).toMatch(/./)
      expect(problem).toMatch(/^[a-zA-Z].*[^.]$/)
      expect(hint).toMatch(/^[a-z].*[^.]$/)
    }
    expect(error.code).toBe('site_invalid')
    expect(JSON.stringify([error.problems, String(error)])).not.toMatch(/hunter2|BEGIN/)
  })
})

describe('nocturne.yaml', () => {
  it('names the line of a mistake', async () => {
    const dir = await demoSite()
    await edit(dir, ['readers: [reader-1]', 'readers: [nobody]'])
    const text = await readFile(join(dir, 'nocturne.yaml'), 'utf8')
    const line = text.split('\n').findIndex((one) => one.includes('nobody')) + 1
    expect((await surveySite(dir, {}, rooms)).problems).toMatchObject([
      { path: 'groups[0].readers[0]', line },
    ])
  })

  it.each([
    ['an open bracket', 'readers: [reader-1] }', 'readers: [reader-1 }'],
    ['a tab', '  name:', '\tname:'],
    ['a key twice', 'recovery:', 'recovery: keys/recovery.asc\nrecovery:'],
    ['an alias', 'groups: [nights]', 'groups: *nights'],
  ])('says where %s is, and reports the secrets beside it', async (_, from, to) => {
    const dir = await demoSite()
    await edit(dir, [from, to])
    await rm(join(dir, 'secrets/ledger.pem'))
    const problems = await problemsOf(dir)
    expect(problems[0]).toMatch(/^nocturne\.yaml(:\d+:\d+)?: /)
    expect(problems.at(-1)).toMatch(/^secrets\/ledger.pem: the file/)
  })

  it('quotes nothing of a file that is not YAML', async () => {
    const dir = await demoSite()
    await writeFile(join(dir, 'nocturne.yaml'), 'password: [hunter2\n  : *hunter2 }{ !!hunter2')
    const { problems } = await surveySite(dir, {}, rooms)
    expect(problems.length).toBeGreaterThan(0)
    expect(JSON.stringify(problems)).not.toContain('hunter2')
  })

  it.each([
    '',
    'null',
    '[]',
    'text',
    '{}',
    'gateway: 5\nstore: []\nfacilities: {}\npeople: [1, null]',
  ])('answers %j with problems, never with an exception', async (text) => {
    const dir = await demoSite()
    await writeFile(join(dir, 'nocturne.yaml'), text)
    const problems = await problemsOf(dir)
    expect(problems.length).toBeGreaterThan(0)
    for (const one of problems) expect(one).toMatch(NAMES)
  })

  it('is asked for when the folder holds none, and nothing else is', async () => {
    const { problems } = await surveySite(await newFolder(), {}, rooms)
    expect(problems).toHaveLength(1)
    expect(problems[0]?.hint).toContain('nocturne init')
  })
})

describe('addresses', () => {
  it('refuses plain HTTP beyond this machine, also from the environment', async () => {
    const dir = await demoSite()
    for (const listen of ['0.0.0.0:8080', '[::]:8080', '192.0.2.1:8080', 'gateway.example.org:80'])
      expect(await problemsOf(dir, { NOCTURNE_LISTEN: listen })).toEqual([
        expect.stringMatching(/^NOCTURNE_LISTEN: is reachable from other machines over plain HTTP/),
      ])
    for (const listen of ['127.0.0.1:0', '[::1]:8080', 'localhost:8080', '127.9.9.9:1'])
      expect(await problemsOf(dir, { NOCTURNE_LISTEN: listen })).toEqual([])
  })

  it('recognizes a TLS key that does not belong to the certificate', async () => {
    const dir = await demoSite()
    await mkdir(join(dir, 'tls'))
    const { privateKey } = generateKeyPairSync('ed25519')
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
    await writeFile(join(dir, 'tls/key.pem'), pem, PRIVATE)
    await writeFile(join(dir, 'tls/cert.pem'), pem)
    await edit(dir, ['  listen:', '  tls: { cert: tls/cert.pem, key: tls/key.pem }\n  listen:'])
    expect(await problemsOf(dir)).toEqual([
      expect.stringMatching(/^tls\/cert.pem: is not a valid PEM file/),
    ])
  })
})

describe('certificates', () => {
  it('that expired keep nobody from starting, and are named for who checks', async () => {
    const dir = await demoSite()
    await writeFile(join(dir, 'keys/officer-1.asc'), await expiredCertificate('officer-1'))
    const { problems, unfit, site } = await surveySite(dir, {}, rooms)
    expect(problems).toEqual([])
    expect(site).toBeDefined()
    expect(unfit).toEqual([
      {
        path: 'keys/officer-1.asc',
        problem: 'the certificate has expired (officer-1: it expired on 2020-01-02)',
        hint: expect.stringContaining('fingerprint'),
      },
    ])
  })

  it('belong to one principal each', async () => {
    const dir = await demoSite()
    await edit(dir, ['certificate: keys/reader-1.asc', 'certificate: keys/facility-a.asc'])
    expect(await problemsOf(dir)).toEqual([
      'keys/facility-a.asc: reader-1 has the same certificate as facility-a',
    ])
  })
})
