/**
 * `nocturne check`: what reading the site shows, and then what trying it shows. Each thing is tried
 * by itself, so that a bucket that is not there is found beside a reader that is not known. Opening
 * the database brings its schema up to date, as `serve` does.
 */
import { lstat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { surveySite } from '../../config/index.js'
import type { SiteProblem, SiteSurvey } from '../../config/index.js'
import { BUILT_IN_PROFILES, loadProfile } from '../../deidentify/rules/index.js'
import { asNocturneError } from '../../lib/errors.js'
import { inspectCertificate } from '../../seal/keys/index.js'
import { expiryWarning } from '../../site/index.js'
import { openStore } from '../../store/index.js'
import { checkDatabase } from './database-check.js'
import { formatDay } from '../format.js'
import { checkGatewayKey, GATEWAY_CERTIFICATE } from './gateway-key-check.js'

export interface SiteCheck {
  /** Absolute. */
  readonly dir: string
  readonly problems: readonly SiteProblem[]
  /** What does not keep the gateway from serving, yet. */
  readonly warnings: readonly SiteProblem[]
}

export async function checkSite(
  dir: string,
  env: Readonly<Record<string, string | undefined>>,
  now = new Date(),
): Promise<SiteCheck> {
  const survey = await surveySite(dir, env, {
    inspectCertificate: (armored, policy) => inspectCertificate(armored, now, policy),
    builtInProfiles: BUILT_IN_PROFILES,
    loadProfile,
  })
  const [key, database, store] = await Promise.all([
    checkGatewayKey(survey, now),
    checkDatabase(survey, now),
    checkStore(survey),
  ])
  return {
    dir: survey.dir,
    problems: [
      ...survey.problems,
      ...survey.unfit,
      ...checkClock(now),
      ...key.problems,
      ...database.problems,
      ...store,
    ],
    warnings: [
      ...expiries(survey, key.signsUntil, now),
      ...database.warnings,
      ...(await strayKeys(survey.dir)),
    ],
  }
}

/** Before this was written: a clock that says so makes expired certificates look valid. */
const EARLIEST = Date.UTC(2025, 0, 1)

function checkClock(now: Date): SiteProblem[] {
  if (now.getTime() >= EARLIEST) return []
  return [
    {
      path: 'clock',
      problem: `says ${now.toISOString()}, which cannot be`,
      hint: 'set the clock of this machine, and keep it set with NTP',
    },
  ]
}

async function checkStore({ store: config, dir }: SiteSurvey): Promise<SiteProblem[]> {
  if (config === undefined) return []
  try {
    const store = await openStore(config)
    try {
      await store.check()
    } finally {
      await store.close()
    }
    return []
  } catch (error) {
    const { code } = asNocturneError(error, 'store_unavailable')
    const where = config.kind === 's3' ? `bucket ${config.bucket}` : relative(dir, config.path)
    const isFull = code === 'store_full'
    return [
      {
        path: config.kind === 's3' ? 'store.bucket' : 'store.path',
        problem: isFull ? `${where} is full` : `${where} cannot be written and read`,
        hint: isFull ? 'make room' : config.kind === 's3' ? S3_HINT : FOLDER_HINT,
      },
    ]
  }
}

const S3_HINT =
  'see that the bucket exists in that region, that the endpoint answers, and that the credentials may list, read, write and delete in it; Nocturne makes no bucket'
const FOLDER_HINT = 'see that the folder, or the one above it, belongs to the user who runs this'

interface Dated {
  readonly path: string
  readonly what: string
  readonly expiresAt: Date | undefined
  readonly hint?: string
}

/** Reminders at 60, 30, 14, 7 and 1 days. */
function expiries(survey: SiteSurvey, signsUntil: Date | undefined, now: Date): SiteProblem[] {
  const dated: readonly Dated[] = [
    ...survey.certificates.map(({ principal, file, report }) => ({
      path: file,
      what: `the certificate of ${principal}`,
      expiresAt: report.usableUntil,
    })),
    {
      path: GATEWAY_CERTIFICATE,
      what: "the gateway's own key",
      expiresAt: signsUntil,
      hint: 'make the next one now, and tell the readers who pinned this one: nothing can be sent once it has expired',
    },
    { path: 'gateway.tls', what: 'the TLS certificate', expiresAt: survey.tlsExpiresAt },
    ...survey.attributeExpiries.map(({ file, expiresAt }) => ({
      path: file,
      what: 'the certificate that encrypted attributes are for',
      expiresAt,
    })),
  ]
  return dated.flatMap(({ path, what, expiresAt, hint }) => {
    const within = expiryWarning(expiresAt, now)
    if (within === undefined) return []
    return [
      {
        path,
        problem: `${what} expires ${within}, on ${formatDay(expiresAt)}`,
        hint: hint ?? 'get the new one now: sealing fails for the whole group once it has expired',
      },
    ]
  })
}

/** Private keys that `init` made and that should not stay. */
async function strayKeys(dir: string): Promise<SiteProblem[]> {
  const stray = [
    {
      path: 'recovery-key.asc',
      problem: 'the private recovery key is still on the gateway',
      hint: 'copy it to two media that stay offline, read them back, then: shred -u recovery-key.asc',
    },
    {
      path: 'demo-keys/',
      problem: 'this is a demo site: the private keys of everyone lie beside the gateway',
      hint: 'never send a real study through it; make a site with `nocturne init DIR`',
    },
  ]
  const isThere = await Promise.all(
    stray.map(({ path }) =>
      lstat(join(dir, path)).then(
        () => true,
        () => false,
      ),
    ),
  )
  return stray.filter((_, index) => isThere[index])
}
