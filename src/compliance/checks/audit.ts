/** Checks that the audit log is intact, retained, witnessed and reviewed. */
import {
  dayOf,
  daysBetween,
  failed,
  noneOf,
  onConfiguration,
  onLedger,
  onSystem,
  satisfied,
  unknown,
} from '../check.js'
import type { Check } from '../check.js'

const WITNESS_DAYS = 2
const EVALUATION_DAYS = 366
/** Minimum retention: 45 CFR 164.316(b)(2)(i). */
const LEAST_YEARS = 6
const ADD_WITNESS =
  'ask a facility or reading group to run nocturne witness new DIR --name NAME --log KEY and nocturne witness serve DIR, then add its name, url and key to witnesses in nocturne.yaml'

export const AUDIT: readonly Check[] = [
  onSystem({
    id: 'ledger-intact',
    title: 'The ledger verifies, recomputed from its entries',
    validDays: 7,
    run: ({ ledger }) => {
      if (!ledger)
        return unknown('the ledger could not be verified', 'run: nocturne audit verify --site DIR')
      return ledger.ok
        ? satisfied(`${ledger.size} entries verify under the signed checkpoint`, { ...ledger })
        : failed(
            `the ledger does not verify: ${ledger.problem ?? 'reason unknown'}`,
            'stop the gateway, keep the database as it is, and open an incident',
            { ...ledger },
          )
    },
  }),
  onConfiguration({
    id: 'witnesses-named',
    title: 'Independent witnesses cosign the ledger',
    run: ({ witnesses }) =>
      witnesses.length > 0
        ? satisfied(`witnesses: ${witnesses.join(', ')}`, witnesses)
        : failed(
            'nobody outside the gateway has a copy of its signed state',
            ADD_WITNESS,
            witnesses,
          ),
  }),
  onLedger({
    id: 'witnessed-lately',
    title: 'Witnesses cosigned within two days',
    validDays: 2,
    run: ({ witnessedAt }, { at, configuration }) =>
      witnessedAt !== undefined && daysBetween(witnessedAt, at) <= WITNESS_DAYS
        ? satisfied(`cosigned on ${dayOf(witnessedAt)}`, { witnessedAt })
        : failed(
            witnessedAt === undefined
              ? 'no witness has ever cosigned the ledger'
              : `last cosigned on ${dayOf(witnessedAt)}`,
            configuration?.witnesses.length === 0
              ? ADD_WITNESS
              : 'run nocturne check --site DIR, and ask the holders of the witnesses that do not answer to start them: nocturne witness serve DIR --listen ADDRESS',
            { witnessedAt: witnessedAt ?? null },
          ),
  }),
  onLedger({
    id: 'sinks-told',
    title: 'Every external copy of the log is up to date',
    validDays: 2,
    run: ({ lostSinks }) =>
      noneOf(
        lostSinks,
        {
          ok: 'every sink accepts events',
          bad: 'sinks that no longer accept events',
          next: 'check that the server answers and that its certificate is valid',
        },
        lostSinks,
      ),
  }),
  onConfiguration({
    id: 'retention-six-years',
    title: 'Records are kept for six years or more',
    run: ({ retentionYears }) =>
      retentionYears >= LEAST_YEARS
        ? satisfied(`entries are kept for ${retentionYears} years`, { retentionYears })
        : failed(
            `entries are kept for ${retentionYears} years`,
            'set ledger.retention.years to 6 or more',
            { retentionYears },
          ),
  }),
  onLedger({
    id: 'events-recorded',
    title: 'The log records access, key changes and configuration changes',
    run: ({ spans, size }) => {
      const wanted = ['gateway.started', 'certificate.changed']
      const missing = wanted.filter((type) => spans[type] === undefined)
      const entries = wanted.flatMap((type) => spans[type]?.last.index ?? [])
      return missing.length === 0
        ? satisfied(`${size} entries of ${Object.keys(spans).length} types`, { size }, entries)
        : failed(
            `the log contains no ${missing.join(', ')}`,
            'start the gateway on this site once: nocturne serve --site DIR',
            { size, missing },
          )
    },
  }),
  onLedger({
    id: 'activity-reviewed',
    title: 'Activity is reviewed as often as the site says',
    validDays: 7,
    run: ({ review, spans }, { configuration }) => {
      const { last, isOverdue, due } = review
      const entries = spans['ledger.reviewed'] ? [spans['ledger.reviewed'].last.index] : []
      const shown = { last: last?.at ?? null, by: last?.by ?? null, due }
      const next =
        'as an officer, run nocturne audit anomalies and nocturne audit query --question due --gateway URL --token-file FILE, then nocturne audit review --until INDEX --finding nothing|explained|incident --gateway URL --token-file FILE'
      if (last === undefined) return failed('activity was never reviewed', next, shown)
      const every = configuration ? ` every ${configuration.reviewDays} days` : ''
      return isOverdue
        ? failed(
            `the review${every} is overdue since the one of ${dayOf(last.at)}`,
            next,
            shown,
            entries,
          )
        : satisfied(`reviewed by ${last.by} on ${dayOf(last.at)}`, shown, entries)
    },
  }),
  onLedger({
    id: 'sign-in-failures-reviewed',
    title: 'Failed sign-ins and refusals have been reviewed',
    validDays: 7,
    run: ({ review, spans }) => {
      const types = ['signin.failed', 'signin.locked', 'access.refused']
      const newest = types.flatMap((type) => spans[type] ?? [])
      const open = newest.filter(({ last }) => last.time > (review.last?.at ?? 0))
      const shown = { kinds: newest.length, open: open.length }
      return open.length > 0 && (review.isOverdue || review.last === undefined)
        ? failed(
            'failed sign-ins or refusals since the last review, which is overdue',
            'as an officer, run nocturne audit query --question refusals --gateway URL --token-file FILE, then nocturne audit review --until INDEX --finding nothing|explained|incident --gateway URL --token-file FILE',
            shown,
            open.map(({ last }) => last.index),
          )
        : satisfied('failures are recorded and included in each review', shown)
    },
  }),
  onLedger({
    id: 'evaluated-yearly',
    title: 'The site was evaluated within a year',
    validDays: 366,
    run: ({ lastAssessment }, { at }) =>
      lastAssessment && daysBetween(lastAssessment.at, at) <= EVALUATION_DAYS
        ? satisfied(`assessed on ${dayOf(lastAssessment.at)}`, { at: lastAssessment.at }, [
            lastAssessment.index,
          ])
        : failed(
            'no earlier assessment within a year',
            'run nocturne assess run --site DIR again: this run is recorded and then counts as the earlier assessment',
            { at: lastAssessment?.at ?? null },
          ),
  }),
]
