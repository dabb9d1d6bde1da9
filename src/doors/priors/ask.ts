/**
 * Asks for the prior studies of a case once its study is complete: the case never waits for them.
 * The identity that this needs is in memory only, so a query does not survive a restart: it is then
 * recorded as lost, which the case shows.
 */
import { asNocturneError } from '../../lib/errors.js'
import type { Code } from '../../lib/errors.js'
import type { Logger } from '../../lib/logger.js'
import { atMost } from '../../lib/at-most.js'
import { LEASE_MS, chosenPriors, datedPriors, regionsIn } from '../../priors/index.js'
import type { FoundStudy, NewStudy, PriorRule, PriorStudies, Priors } from '../../priors/index.js'
import { isPlainKey } from './pacs.js'
import type { Pacs } from './pacs.js'

export interface PriorAskingParts {
  readonly priors: Priors
  /** The rule of the facility and its PACS; undefined for a facility without one. */
  readonly pacsOf: (
    facility: string,
  ) => { readonly rule: PriorRule; readonly open: () => Promise<Pacs> } | undefined
  /** Keyed handle of a Study Instance UID. */
  readonly handleOf: (facility: string, study: string) => string
  /** All transfers of the study's case. */
  readonly transfersOf: (transfer: string) => Promise<readonly string[]>
  /** Completes the prior studies of this transfer: the PACS has sent all that it will. */
  readonly closePriors: (priorOf: string) => Promise<void>
  readonly count: (state: string) => void
  readonly logger: Pick<Logger, 'warn'>
  readonly now: () => number
  /** Before each further attempt to reach the PACS. */
  readonly retryMs?: readonly number[]
}

export interface PriorAsking extends PriorStudies {
  close(): void
}

type Study = Parameters<PriorStudies['prepare']>[0]

const RETRY_MS = [30_000, 120_000, 600_000]
/** Queries of one facility at the same time: its PACS serves the modalities first. */
const AT_ONCE = 2
/** Studies whose series are looked at because their description names no part of the body. */
const MOST_LOOKED_AT = 20

export function createPriorAsking(parts: PriorAskingParts): PriorAsking {
  const { priors, pacsOf, logger } = parts
  const running = new Set<string>()
  const turns = new Map<string, ReturnType<typeof atMost>>()
  const timers = new Set<NodeJS.Timeout>()
  const warn = (error: unknown): undefined => {
    const { code } = asNocturneError(error)
    logger.warn('a query for prior studies failed', { code })
  }
  const renewing = setInterval(() => {
    void priors.renew([...running]).catch(warn)
    void priors.expire().then((lost) => {
      for (let at = 0; at < lost; at++) parts.count('lost')
    }, warn)
  }, LEASE_MS / 4).unref()
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        timers.delete(timer)
        resolve()
      }, ms).unref()
      timers.add(timer)
    })
  const ask = async (study: Study, patient: NewStudy | undefined): Promise<void> => {
    const { facility, transfer } = study
    running.add(transfer)
    const turn = turns.get(facility) ?? atMost(AT_ONCE)
    turns.set(facility, turn)
    await turn(() => askOne(parts, pause, study, patient))
      .then((state) => state !== undefined && parts.count(state), warn)
      .finally(() => running.delete(transfer))
  }
  return {
    wants: (facility) => pacsOf(facility) !== undefined,
    expected: (facility, study) => priors.expected(facility, study),
    prepare: async (study, patient) => {
      const isNew = await priors.begin(study).catch(warn)
      return (isComplete) => {
        if (isNew !== true) return
        if (isComplete) void ask(study, patient)
        else void priors.drop(study).catch(warn)
      }
    },
    close: () => {
      clearInterval(renewing)
      timers.forEach((timer) => clearTimeout(timer))
    },
  }
}

/** Returns the state in which the query ended; undefined if none was needed. */
async function askOne(
  parts: PriorAskingParts,
  pause: (ms: number) => Promise<void>,
  study: Study,
  patient: NewStudy | undefined,
): Promise<string | undefined> {
  const { priors, pacsOf, handleOf } = parts
  const place = pacsOf(study.facility)
  if (await hasHad(parts, study)) {
    await priors.drop(study)
    return undefined
  }
  if (!patient || !place) {
    await priors.lost(study)
    return 'lost'
  }
  const failed = async (code: Code) => {
    await priors.failed(study, code)
    return 'failed'
  }
  if (!isPlainKey(patient.patientId)) return failed('missing_identity')
  const found = await attempted(parts, pause, async () => {
    const pacs = await place.open()
    return { pacs, ...(await choose(pacs, place.rule, patient, parts.now())) }
  })
  if ('code' in found) return failed(found.code)
  const { pacs, dated, chosen } = found
  const handles = chosen.map((one) => handleOf(study.facility, one.studyInstanceUID))
  await priors.asked(study, dated.length, handles)
  if (chosen.length === 0) return 'complete'
  let retrieved = 0
  for (const { studyInstanceUID } of chosen) {
    const isWhole = await pacs.retrieve(studyInstanceUID).catch(() => false)
    if (isWhole) retrieved += 1
  }
  await parts.closePriors(study.transfer)
  await priors.ended(study, retrieved)
  return retrieved === chosen.length ? 'complete' : 'incomplete'
}

/** Late images of a case need no query of their own, unless there was none before. */
async function hasHad({ priors, transfersOf }: PriorAskingParts, { transfer }: Study) {
  const others = (await transfersOf(transfer)).filter((one) => one !== transfer)
  const states = [...(await priors.of(others)).values()].map(({ state }) => state)
  return states.some((state) => state !== 'lost' && state !== 'failed')
}

/** Repeats what fails because the PACS is away. */
async function attempted<T extends object>(
  { retryMs = RETRY_MS }: PriorAskingParts,
  pause: (ms: number) => Promise<void>,
  work: () => Promise<T>,
): Promise<T | { readonly code: Code }> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const wait = retryMs[attempt]
      if (wait === undefined) return { code: asNocturneError(error).code }
      await pause(wait)
    }
  }
}

async function choose(pacs: Pacs, rule: PriorRule, patient: NewStudy, now: number) {
  const today = new Date(now).toISOString().slice(0, 10).replaceAll('-', '')
  const dated = datedPriors(rule, patient, await pacs.studies(patient.patientId), today)
  const looked: FoundStudy[] = []
  let left = rule.same.includes('region') ? MOST_LOOKED_AT : 0
  for (const one of dated) {
    const isUnknown = regionsIn([one.description]).size === 0
    const bodyParts = isUnknown && left-- > 0 ? await pacs.bodyParts(one.studyInstanceUID) : []
    looked.push({ ...one, bodyParts })
  }
  return { dated, chosen: chosenPriors(rule, patient, looked) }
}
