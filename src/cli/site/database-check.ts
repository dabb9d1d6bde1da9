import { access, constants, lstat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { SiteProblem, SiteSurvey } from '../../config/index.js'
import { createLedger } from '../../ledger/log/index.js'
import { createRowGuard, isUnsealed, MISMATCHES, surveyRows } from '../../ledger/rows/index.js'
import { nextReviewBy } from '../../ledger/reviews/index.js'
import { asNocturneError } from '../../lib/errors.js'
import { openState } from '../../state/index.js'
import type { State } from '../../state/index.js'
import { waitingCertificates } from '../../site/index.js'
import { formatDay } from '../format.js'
import { readSmallText } from '../secret-file.js'

/** How far in the future a ledger event may be: clocks of several gateways differ slightly. */
const CLOCK_SKEW_MS = 60_000

export interface DatabaseCheck {
  readonly problems: readonly SiteProblem[]
  readonly warnings: readonly SiteProblem[]
}

const onlyProblems = (problems: readonly SiteProblem[]): DatabaseCheck => ({
  problems,
  warnings: [],
})

/**
 * Checks that the database answers, that its schema is ours, and that its ledger verifies under the
 * site's key.
 */
export async function checkDatabase(survey: SiteSurvey, now: Date): Promise<DatabaseCheck> {
  const { database, databasePassword } = survey
  if (database === undefined) return onlyProblems([])
  const file = database.startsWith('sqlite:') ? database.slice('sqlite:'.length) : undefined
  // A site that has never served has no database yet, and the check does not create one.
  if (file !== undefined && !(await exists(file)))
    return onlyProblems(await checkFolder(dirname(file)))
  try {
    const state = await openState(database, {
      ...(databasePassword !== undefined && { password: databasePassword }),
      now: () => now.getTime(),
    })
    try {
      const problems = await checkLedger(survey, state, now)
      const rows = await checkRows(survey, state, now)
      const warnings = [...rows, ...(await checkReview(survey, state, now))]
      return { problems, warnings }
    } finally {
      await state.close()
    }
  } catch (error) {
    const { message, hint, code } = asNocturneError(error, 'database_unavailable')
    const isDown = code === 'database_unavailable' || code === 'database_unusable'
    const shown = isDown ? DATABASE_HINT : hint
    const path = code === 'ledger_broken' ? 'ledger' : 'database'
    return onlyProblems([{ path, problem: message, hint: shown }])
  }
}

/** Rows that a gateway would not use, and changes that are not yet in effect. */
async function checkRows(
  { name, ledgerKey }: SiteSurvey,
  state: State,
  now: Date,
): Promise<SiteProblem[]> {
  if (name === undefined || ledgerKey === undefined) return []
  const ledger = await createLedger({ state, gateway: name, signingKey: ledgerKey, now: Date.now })
  // The next start of the gateway gives them their MACs.
  if (await isUnsealed(ledger)) return []
  const alert = () => Promise.resolve()
  const guard = createRowGuard({ ledger, siteSecret: ledgerKey, alert })
  const waiting = await checkWaiting({ state, guard, now: () => now.getTime() })
  const mismatches = (await surveyRows(state, guard)).map(({ table, id, reason }) => ({
    path: 'database',
    problem: `the row ${id} of ${table} is not used: ${MISMATCHES[reason]}`,
    hint: 'find out who writes to the database besides the gateway; then issue, confirm or enter again what the row contained',
  }))
  return [...waiting, ...mismatches]
}

/**
 * A certificate that was replaced but not confirmed: its owner's new key may not open what is
 * sealed now.
 */
async function checkWaiting(parts: Parameters<typeof waitingCertificates>[0]) {
  return (await waitingCertificates(parts)).map(({ principal, fingerprint }) => ({
    path: 'keys',
    problem: `the new certificate of ${principal} is not in effect (${fingerprint.slice(0, 16)}…)`,
    hint: `compare its fingerprint with ${principal}, then run nocturne key confirm --site DIR --principal ${principal} --out FILE, have its owner sign the file, and confirm with --signature`,
  }))
}

async function checkReview({ site }: SiteSurvey, state: State, now: Date): Promise<SiteProblem[]> {
  const nextBy = site && (await nextReviewBy(state.db, site.config.ledger.review.days))
  if (nextBy === undefined || nextBy >= now.getTime()) return []
  return [
    {
      path: 'ledger',
      problem: `a review of activity is overdue since ${formatDay(new Date(nextBy))}`,
      hint: 'ask an officer to run nocturne audit query --question due and to record the review with nocturne audit review',
    },
  ]
}

const DATABASE_HINT =
  'check that the server answers, that the user and the database exist, and that NOCTURNE_DATABASE_PASSWORD(_FILE) is correct; for SQLite, check that the file belongs to this user'

async function checkLedger(
  { dir, name, ledgerKey }: SiteSurvey,
  state: State,
  now: Date,
): Promise<SiteProblem[]> {
  if (name === undefined || ledgerKey === undefined) return []
  const ledger = await createLedger({ state, gateway: name, signingKey: ledgerKey, now: Date.now })
  const problems: SiteProblem[] = []
  const { ok, size, problem } = await ledger.verify()
  if (!ok)
    problems.push({
      path: 'ledger',
      problem: `does not verify: ${problem ?? 'the entries do not match the signed head'}`,
      hint: 'stop the gateway, keep a copy of the database, and run `nocturne audit verify --site DIR`',
    })
  const { rows } = await ledger.query({ start: Math.max(0, size - 1), limit: 1 })
  const newest = rows[0] ? Date.parse(rows[0].entry.time) : -Infinity
  if (newest > now.getTime() + CLOCK_SKEW_MS)
    problems.push({
      path: 'clock',
      problem: `is behind the newest event of the ledger, which is from ${new Date(newest).toISOString()}`,
      hint: 'set the clock of this machine, and keep it set with NTP',
    })
  const published = await readSmallText(join(dir, 'keys/ledger.vkey')).catch(() => '')
  if (published.trim() !== ledger.verifierKey)
    problems.push({
      path: 'keys/ledger.vkey',
      problem: 'is not the public key of secrets/ledger.pem under this gateway name',
      hint: 'restore both from the same backup, and gateway.name to its previous value: officers verify with this key',
    })
  return problems
}

async function checkFolder(folder: string): Promise<SiteProblem[]> {
  try {
    await access(folder, constants.W_OK | constants.X_OK)
    return []
  } catch {
    return [
      {
        path: 'database',
        problem: 'its folder does not exist or is not writable by this user',
        hint: `run mkdir -m 700 ${folder} and make sure that it belongs to the user that runs the gateway`,
      },
    ]
  }
}

const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )
