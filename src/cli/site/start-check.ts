/**
 * Opens the rooms of a site as `serve` does, and records nothing: what the other checks did not
 * look for is found here, such as a lost database, another bucket, or a missing text detector.
 */
import { lstat, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Compliance } from '../../compliance/index.js'
import type { Site, SiteProblem } from '../../config/index.js'
import { openRooms } from '../../gateway/rooms.js'
import { asNocturneError } from '../../lib/errors.js'
import { createLogger } from '../../lib/logger.js'
import { clockProblem } from '../../timekeeping/index.js'
import { addressOfSite } from './site.js'

const FILE = 'sqlite:'

export type Weakness = Awaited<ReturnType<Compliance['weaknesses']>>[number]

interface StartOptions {
  readonly now: Date
  readonly findsWeaknesses: boolean
}

export interface StartCheck {
  readonly problems: readonly SiteProblem[]
  readonly warnings: readonly SiteProblem[]
  readonly weaknesses: readonly Weakness[]
}

/** Called when nothing that the rooms need is at fault: each such problem would be found again. */
export async function checkStart(site: Site, options: StartOptions): Promise<StartCheck> {
  const { config } = site
  if (!config.database.startsWith(FILE) || (await exists(config.database.slice(FILE.length))))
    return tryRooms(site, options)
  // The check does not create the database of a site that has never served: an empty one stands in.
  const folder = await mkdtemp(join(tmpdir(), 'nocturne-check-'))
  try {
    const database = `${FILE}${join(folder, 'empty.db')}`
    return await tryRooms({ ...site, config: { ...config, database } }, options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function tryRooms(site: Site, { now, findsWeaknesses }: StartOptions): Promise<StartCheck> {
  try {
    const logger = createLogger('silent')
    const rooms = await openRooms(site, { logger, now: () => now.getTime() })
    try {
      await rooms.facilityKeys.expectKnown()
      const doubt = await rooms.timekeeping.doubt()
      const warnings = [
        ...(doubt ? [{ path: 'clock', ...clockProblem(doubt) }] : []),
        ...rooms.roll.conflicts().map(({ problem, hint }) => ({ path: 'people', problem, hint })),
        ...(await rooms.certificateWarnings.ofClients()).map(({ text }) => ({
          path: 'clientCertificates',
          problem: text,
          hint: 'get the new one before, and list its fingerprint under facilities[].clientCertificates beside the old; a bound token is issued again with --certificate',
        })),
      ]
      const weaknesses = findsWeaknesses
        ? await rooms.compliance.weaknesses(addressOfSite(site))
        : []
      return { problems: [], warnings, weaknesses }
    } finally {
      await rooms.close()
    }
  } catch (error) {
    const { code, message, subject, hint } = asNocturneError(error)
    const problems = [
      {
        path: PLACES[code] ?? 'serve',
        problem: subject === undefined ? message : `${message}: ${subject}`,
        hint,
      },
    ]
    return { problems, warnings: [], weaknesses: [] }
  }
}

const PLACES: Readonly<Record<string, string>> = {
  data_missing: 'ledger',
  facility_key_unknown: 'secrets/facilities/',
  ledger_broken: 'ledger',
  ledger_rolled_back: 'ledger',
  site_invalid: 'nocturne.yaml',
  store_replaced: 'store',
  text_detector_missing: 'textDetector',
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )
