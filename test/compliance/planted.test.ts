/**
 * Weaknesses planted in a real site: each is found by a row of the assessment and by `nocturne
 * check`, with the next step; and following the steps of the registers closes their rows.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkSite } from '../../src/cli/site/site-check.js'
import { SITE_ACTOR, withRooms } from '../../src/cli/site/site.js'
import type { Weakness } from '../../src/cli/site/start-check.js'
import { parseWords } from './_words.js'
import { isRegisterKind } from '../../src/compliance/index.js'
import type { RegisterKind } from '../../src/compliance/index.js'
import type { Finding } from '../../src/compliance/run.js'
import { initSite } from '../../src/config/init/index.js'
import { newLedgerKey } from '../../src/ledger/published/index.js'
import { newKey } from '../../src/seal/keys/index.js'
import { keepEventTypes } from '../_event-types.js'

const DAY = 86_400_000
const day = (days: number): string => new Date(Date.now() + days * DAY).toISOString().slice(0, 10)
const SHA = 'ab'.repeat(32)
const URL = 'http://127.0.0.1:1'
type Fields = Readonly<Record<string, unknown>>

const agreement = (party: string, more: Fields = {}): readonly [RegisterKind, Fields] => [
  'agreement',
  {
    ...{ party, type: 'baa', signed: day(-400), document: SHA, safeguards: true },
    ...{ subcontractors: true, reportsIncidents: true, returnsPhi: true, ...more },
  },
]
const vendor = (id: string, more: Fields = {}): readonly [RegisterKind, Fields] => [
  'vendor',
  {
    vendor: id,
    name: id,
    service: 'storage',
    handlesPhi: true,
    questions: day(-9),
    review: day(99),
    ...more,
  },
]
const device = (label: string, more: Fields = {}): readonly [RegisterKind, Fields] => [
  'device',
  {
    ...{ owner: 'reader-1', device: label, type: 'laptop', state: 'in-use', attested: day(-9) },
    ...{ diskEncryption: true, screenLock: true, supportedSystem: true, malwareProtection: true },
    ...more,
  },
]
const policy = (id: string, more: Fields = {}): readonly [RegisterKind, Fields] => [
  'policy',
  {
    ...{ policy: id, title: id, type: 'policy', covers: ['164.312'], version: '1', document: SHA },
    ...{ effective: day(-99), review: day(99), ...more },
  },
]
const training = (person: string, more: Fields): readonly [RegisterKind, Fields] => [
  'training',
  { person, topic: 'hipaa', completed: day(-500), ...more },
]

/** Everything that is wrong in the registers of the site. */
const registers = (keyOfReader: string): readonly (readonly [RegisterKind, Fields])[] => [
  agreement('facility-a', { until: day(-1) }),
  agreement('scanners', { document: undefined }),
  agreement('typists', { review: day(-1) }),
  agreement('cleaners', { safeguards: false, subcontractors: false }),
  agreement('archive', { reportsIncidents: false, returnsPhi: false }),
  vendor('cloud'),
  vendor('couriers', { questions: undefined }),
  vendor('phones', { review: day(-1) }),
  training('reader-1', { until: day(-1) }),
  training('officer-1', { until: day(99) }),
  training('officer-1', { topic: 'reminder', until: day(-99) }),
  [
    'privilege',
    {
      ...{ reader: 'reader-1', facility: 'facility-a', modalities: ['all'], reads: 'preliminary' },
      ...{ licence: 'A1', state: 'TX', until: day(-1) },
    },
  ],
  device('open disk', { diskEncryption: false }),
  device('old word', { attested: day(-500) }),
  device('no guard', { malwareProtection: false }),
  device('not wiped', { state: 'retired' }),
  device('retired', { state: 'retired', wiped: day(-3), keys: [keyOfReader] }),
  device('lost', { state: 'lost', keys: [keyOfReader] }),
  policy('undocumented', { document: undefined }),
  policy('stale', { review: day(-1) }),
  policy('analysis', { type: 'risk-analysis', review: day(-1) }),
]

interface Planted {
  readonly weakness: string
  readonly check: string
  readonly row: string
  readonly says: RegExp
  readonly next: RegExp
}

const planted = (
  weakness: string,
  [check, row]: readonly [string, string],
  says: RegExp,
  next: RegExp,
): Planted => ({ weakness, check, row, says, next })

const PLANTED: readonly Planted[] = [
  planted('no BAA with the group', ['agreements-in-force', 'S-31'], /nights/, /party=/),
  planted('a BAA that ended', ['agreements-in-force', 'S-57'], /facility-a/, /party=facility-a/),
  planted('a vendor without a BAA', ['agreements-in-force', 'S-62'], /cloud/, /same for .*cloud/),
  planted('no document', ['agreements-documented', 'S-32'], /scanners/, /document=SHA256/),
  planted(
    'a BAA overdue for review',
    ['agreements-documented', 'S-32'],
    /typists/,
    /same for typists/,
  ),
  planted('no safeguards', ['agreement-safeguards', 'S-58'], /cleaners/, /safeguards=yes/),
  planted('subcontractors', ['agreement-subcontractors', 'S-59'], /cleaners/, /subcontractors=yes/),
  planted('no reporting', ['agreement-incidents', 'S-60'], /archive/, /reportsIncidents=yes/),
  planted('PHI not returned', ['agreement-return', 'P-08'], /archive/, /returnsPhi=yes/),
  planted('a vendor never asked', ['vendors-questioned', 'S-31'], /couriers/, /questions=DATE/),
  planted('a vendor review overdue', ['vendors-questioned', 'S-62'], /phones/, /--replaces/),
  planted('training overdue', ['training-current', 'S-17'], /reader-1/, /same for .*reader-1/),
  planted('never trained', ['training-current', 'B-02'], /operator-1/, /same for .*operator-1/),
  planted('no reminder in a year', ['reminders-given', 'S-18'], /none/, /topic=reminder/),
  planted('an expired licence', ['privileges-current', 'S-15'], /reader-1 at/, /reader=reader-1/),
  planted('no privilege', ['privileges-current', 'S-10'], /reader-2 at/, /same for reader-2/),
  planted('no device', ['devices-registered', 'S-38'], /reader-2/, /owner=reader-2/),
  planted('an open disk', ['devices-attested', 'S-39'], /open disk/, /diskEncryption=yes/),
  planted('an old attestation', ['devices-attested', 'S-48'], /old word/, /same for old word/),
  planted('malware', ['devices-guarded', 'S-19'], /no guard/, /malwareProtection=yes/),
  planted('a disk not wiped', ['devices-wiped', 'S-41'], /not wiped/, /wiped=DATE/),
  planted('a retired live key', ['devices-wiped', 'S-40'], /retired of reader-1 held/, /800-88/),
  planted(
    'a lost live key',
    ['devices-wiped', 'S-42'],
    /lost of reader-1 held/,
    /replace the keys/,
  ),
  planted('no digest', ['policies-documented', 'S-69'], /undocumented/, /sha256sum/),
  planted('an old policy', ['policies-reviewed', 'S-72'], /stale/, /review=DATE/),
  planted('a policy not read', ['policies-acknowledged', 'S-71'], /reader-1: /, /acknowledged=/),
  planted('no sanctions', ['sanction-policy', 'S-06'], /no sanctions policy/, /covers=/),
  planted('an old risk analysis', ['risk-analysis', 'S-04'], /risk-analysis/, /type=risk-analysis/),
  planted('no plan', ['contingency-plan', 'S-24'], /no plan/, /type=plan/),
  planted('no criticality', ['criticality-analysis', 'S-29'], /no criticality/, /criticality-anal/),
  planted('access not reviewed', ['access-review', 'S-16'], /access-review/, /type=access-review/),
  planted('an overdue action', ['actions-on-time', 'S-05'], /S-25/, /assess done/),
  planted('a missed deadline', ['incidents-in-time', 'B-12'], /laptop/, /incident decide/),
  planted('nobody is the operator', ['no-clearinghouse', 'S-14'], /who operates/, /own=yes/),
  planted('nobody states it', ['no-health-plan', 'S-63'], /who operates/, /healthPlan=no/),
  planted('a reader without group', ['access-by-role', 'S-13'], /reader-3/, /readers a group/),
  planted('no witness', ['witnesses-named', 'S-50'], /nobody outside/, /witness new/),
  planted('never witnessed', ['witnessed-lately', 'S-50'], /no witness/, /witness serve/),
  planted('no place for backups', ['backup-configured', 'S-25'], /backup\.to/, /set backup/),
  planted('no backup', ['backup-recent', 'S-44'], /no backup/, /nocturne backup/),
  planted('no drill', ['restore-drilled', 'S-28'], /never|ever/, /nocturne drill/),
  planted('recovery untried', ['recovery-exercised', 'S-47'], /recovery key/, /at least one study/),
  planted('a high limit', ['sign-in-limited', 'S-20'], /900/, /failuresPerMinute/),
  planted('weak RSA', ['keys-strong', 'S-49'], /allowRsa2048/, /replace/),
  planted('an unproven key', ['keys-proven', 'S-53'], /reader-1/, /key check/),
  planted('stray keys', ['private-keys-elsewhere', 'S-49'], /demo-keys/, /shred/),
  planted('never reviewed', ['activity-reviewed', 'S-07'], /never reviewed/, /audit review/),
  planted('never evaluated', ['evaluated-yearly', 'S-30'], /no earlier/, /assess run/),
  planted('a leaver', ['leavers-without-access', 'S-12'], /leaver \(token/, /token revoke/),
]

describe('a site with planted weaknesses', () => {
  let parent = ''
  let site = ''
  let weaknesses: readonly Weakness[] = []
  let findings: readonly Finding[] = []
  const edit = async (...changes: readonly (readonly [string | RegExp, string])[]) => {
    const file = join(site, 'nocturne.yaml')
    let text = await readFile(file, 'utf8')
    for (const [from, to] of changes) {
      const next = text.replace(from, to)
      if (next === text) throw new Error(`nocturne.yaml does not contain ${String(from)}`)
      text = next
    }
    await writeFile(file, text)
  }

  beforeAll(async () => {
    parent = await mkdtemp(join(tmpdir(), 'nocturne-planted-'))
    site = join(parent, 'site')
    await initSite(site, { demo: true, newKey: (key) => newKey(key), newLedgerKey })
    for (const name of ['leaver', 'reader-2', 'reader-3'])
      await writeFile(join(site, 'keys', `${name}.asc`), (await newKey({ name })).certificate)
    await edit([
      /people:\n/,
      'people:\n  - { id: leaver, role: reader, certificate: keys/leaver.asc }\n',
    ])
    await withRooms(site, async ({ tokens }) => {
      await tokens.issue('leaver', { days: 9, actor: SITE_ACTOR })
    })
    await edit(
      [
        /people:\n.*leaver.*\n/,
        `people:\n${['reader-2', 'reader-3'].map((id) => `  - { id: ${id}, role: reader, certificate: keys/${id}.asc }\n`).join('')}`,
      ],
      [/readers: \[reader-1\]/, 'readers: [reader-1, reader-2]'],
      [
        /^recovery:/m,
        'limits: { failuresPerMinute: 900 }\nkeys: { allowRsa2048: true }\nrecovery:',
      ],
    )
    await withRooms(site, async (rooms) => {
      const { configuration } = await rooms.compliance.facts(URL)
      const key = configuration?.certificates.find(({ principal }) => principal === 'reader-1')
      const { registers: kept, desk } = rooms.compliance
      for (const [kind, fields] of registers(key?.fingerprint ?? ''))
        await kept.add([{ kind, fields }], SITE_ACTOR)
      await kept.add(
        [
          {
            kind: 'incident',
            fields: { incident: 'laptop', kind: 'lost-device', discovered: day(-90) },
          },
        ],
        SITE_ACTOR,
      )
      await desk.plan(
        { row: 'S-25', owner: 'operator-1', due: day(-1), text: 'back up' },
        SITE_ACTOR,
      )
    })
    ;({ weaknesses } = await checkSite(site, {}))
    await withRooms(site, async ({ compliance }) => {
      ;({ findings } = (await compliance.assess('hipaa', URL, SITE_ACTOR)).assessment)
    })
  }, 60_000)
  afterAll(async () => {
    await keepEventTypes(site)
    await rm(parent, { recursive: true, force: true })
  })

  it('has more than forty of them', () => {
    expect(new Set(PLANTED.map(({ weakness }) => weakness)).size).toBeGreaterThan(40)
  })

  it.each(PLANTED)('$weakness is found by $check and row $row', ({ check, row, says, next }) => {
    const found = weaknesses.find((one) => one.check === check)
    expect(found).toMatchObject({
      ...{ problem: expect.stringMatching(says), hint: expect.stringMatching(next) },
      rows: expect.arrayContaining([row]),
    })
    const finding = findings.find((one) => one.row === row)
    expect(finding).toMatchObject({ isSatisfied: false, state: 'gap' })
    expect(finding?.next).toContain(found?.hint)
  })

  it.each([
    ['a shared key', /reader-2\.asc/, 'reader-1.asc', /the same certificate/],
    ['plain HTTP', 'listen: 127.0.0.1:8080', 'listen: 0.0.0.0:8080', /TLS|HTTPS/i],
    [
      'a plain store',
      /store: .*/,
      'store: { kind: s3, bucket: abc, region: us-east-1, endpoint: "http://s3.example" }',
      /https/,
    ],
    ['a short retention', 'limits:', 'ledger: { retention: { years: 1 } }\nlimits:', /six years/],
    ['deep archives', 'failuresPerMinute: 900', 'archiveDepth: 9', /too large/],
  ] as const)(
    'with %s is refused before it can serve, and check says so',
    async (_, from, to, says) => {
      const file = join(site, 'nocturne.yaml')
      const whole = await readFile(file, 'utf8')
      await edit([from, to])
      const { problems } = await checkSite(site, {}).finally(() => writeFile(file, whole))
      const shown = problems.map(({ problem, hint }) => `${problem}: ${hint}`).join(' ')
      expect(shown).toMatch(says)
    },
  )

  it('closes the rows of its registers when their steps are followed as they are printed', async () => {
    const copy = join(parent, 'copy')
    await cp(site, copy, { recursive: true })
    const seen = new Set<string>()
    const open = () =>
      withRooms(copy, async ({ compliance }) => {
        const { assessment } = await compliance.assess('hipaa', URL, SITE_ACTOR)
        const steps = assessment.findings.flatMap(({ next }) => next)
        for (const step of new Set(steps)) {
          const line = /nocturne register add .* --site DIR/.exec(step)?.[0]
          if (line === undefined || seen.has(line)) continue
          seen.add(line)
          const { kind, replaces, fields } = parseWords(line, { day, sha: SHA })
          if (!isRegisterKind(kind)) throw new Error(line)
          await compliance.registers.add(
            [{ kind, fields, ...(replaces !== undefined && { replaces }) }],
            SITE_ACTOR,
          )
        }
        return assessment.findings.filter(({ isSatisfied }) => !isSatisfied)
      })
    let rest: readonly Finding[] = []
    // One step names one party; the next run names the next.
    for (let round = 0; round < 12; round++) rest = await open()
    // No register replaces a key in use, or decides an incident with a signature.
    const others = new Set(['devices-wiped', 'incidents-in-time'])
    const registered =
      /in-force|documented|agreement-|vendors|training|reminders|privileges|devices/
    const stuck = rest.flatMap(({ row, checks, reason, next }) =>
      next.some((step) => step.includes('register add')) &&
      checks.some((check) => registered.test(check)) &&
      !checks.some((check) => others.has(check))
        ? [`${row}: ${reason}`]
        : [],
    )
    expect(stuck).toEqual([])
  }, 60_000)
})
