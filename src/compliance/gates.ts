/**
 * Decides whether the registers object to a transfer, a claim or a report, and with what
 * consequence. Pure.
 *
 * Patients come first: a gate never stops a STAT study, an upload or a read in progress, or the
 * last reader on duty who may read or sign; each such exception is an event. With `warn`, nothing
 * is stopped at all.
 */
import type { RegisterFacts } from './facts.js'
import {
  agreementOf,
  inForce,
  isAttested,
  isSet,
  isUnanswered,
  listOf,
  notEnded,
  textOf,
} from './in-force.js'
import type { RegisterEntry } from './kinds.js'

/** `final`: the privilege is for preliminary reports only. */
export type GateFinding = 'agreement' | 'vendor' | 'training' | 'privilege' | 'device' | 'final'

/** `excepted`: would have been blocked, but proceeds for the stated reason. */
export type GateDecision =
  | { readonly verdict: 'passed' }
  | {
      readonly verdict: 'warned' | 'blocked' | 'excepted'
      readonly findings: readonly GateFinding[]
      /** The subject of the findings: a group, a facility or a reader. */
      readonly subject: string
      readonly because?: 'stat' | 'last-reader' | 'under-way'
    }

type Enforce = 'warn' | 'block'
type Entries = RegisterFacts['entries']

export interface TransferQuestion {
  readonly facility: string
  readonly group: string
  readonly priority: string
}

/**
 * Requires an agreement with the group and with the facility, and answers to the due-diligence
 * questions from one that is also registered as a vendor that handles PHI. The organisation that
 * runs the gateway needs neither with itself.
 */
export function gateTransfer(
  entries: Entries,
  { facility, group, priority }: TransferQuestion,
  { enforce, at }: { readonly enforce: Enforce; readonly at: number },
): GateDecision {
  const own = new Set(
    notEnded(entries.organisation, at)
      .filter((one) => isSet(one, 'own'))
      .map(({ subject }) => subject),
  )
  const parties = [group, facility].filter((party) => !own.has(party))
  const [fault] = parties
    .map((subject) => ({ subject, findings: partyFindings(entries, subject, at) }))
    .filter(({ findings }) => findings.length > 0)
  if (!fault) return { verdict: 'passed' }
  if (enforce === 'warn') return { verdict: 'warned', ...fault }
  if (priority === 'stat') return { verdict: 'excepted', ...fault, because: 'stat' }
  return { verdict: 'blocked', ...fault }
}

function partyFindings(entries: Entries, party: string, at: number): readonly GateFinding[] {
  const isBound = agreementOf(entries.agreement, party, at) !== undefined
  const isOpen = notEnded(entries.vendor, at).some(
    (one) => one.subject === party && isSet(one, 'handlesPhi') && isUnanswered(one, at),
  )
  return [...(isBound ? [] : (['agreement'] as const)), ...(isOpen ? (['vendor'] as const) : [])]
}

export interface ClaimQuestion {
  readonly reader: string
  readonly facility: string
  readonly priority: string
  /** DICOM modalities of the case; empty if it has no images. */
  readonly modalities: readonly string[]
  /** Whether the reader holds the case already. */
  readonly isUnderWay: boolean
  /** The readers who could claim the case now: those on duty, or all if there is no roster. */
  readonly readers: readonly string[]
}

/**
 * Requires valid training, a privilege for the facility and each modality, and, of a reader whose
 * devices are registered, one in use that is attested as safe.
 */
export function gateClaim(
  entries: Entries,
  question: ClaimQuestion,
  rules: { readonly enforce: Enforce; readonly at: number },
): GateDecision {
  const findingsOf = (reader: string) => readerFindings(entries, reader, question, rules.at)
  return decide(question, rules, findingsOf)
}

export interface ReportQuestion extends Omit<ClaimQuestion, 'isUnderWay'> {
  /** Whether the report is final, or an addendum to a final one. */
  readonly isFinal: boolean
}

/**
 * Requires a privilege for final reports of whoever signs one. A reader whose privilege is for
 * preliminary reports keeps the case and may send such a report. One whose privilege lapsed while
 * they were reading may finish.
 */
export function gateReport(
  entries: Entries,
  question: ReportQuestion,
  rules: { readonly enforce: Enforce; readonly at: number },
): GateDecision {
  if (!question.isFinal) return { verdict: 'passed' }
  const standing = signingOf(entries, question.reader, question, rules.at)
  // Without any privilege, the claim has been the gate's business, and was recorded then.
  if (standing === 'final' || standing === 'none') return { verdict: 'passed' }
  const findingsOf = (reader: string): readonly GateFinding[] =>
    reader === question.reader
      ? [standing === 'lapsed' ? 'privilege' : 'final']
      : signingOf(entries, reader, question, rules.at) === 'final'
        ? []
        : ['final']
  return decide({ ...question, isUnderWay: standing === 'lapsed' }, rules, findingsOf)
}

/** What follows when a reader is at fault: nothing, a word, an exception, or a refusal. */
function decide(
  {
    reader,
    priority,
    readers,
    isUnderWay,
  }: Pick<ClaimQuestion, 'reader' | 'priority' | 'readers' | 'isUnderWay'>,
  { enforce }: { readonly enforce: Enforce },
  findingsOf: (reader: string) => readonly GateFinding[],
): GateDecision {
  const findings = findingsOf(reader)
  if (findings.length === 0) return { verdict: 'passed' }
  const said = { findings, subject: reader }
  if (enforce === 'warn') return { verdict: 'warned', ...said }
  if (isUnderWay) return { verdict: 'excepted', ...said, because: 'under-way' }
  if (priority === 'stat') return { verdict: 'excepted', ...said, because: 'stat' }
  const others = readers.filter((other) => other !== reader)
  const isLast = others.every((other) => findingsOf(other).length > 0)
  if (isLast) return { verdict: 'excepted', ...said, because: 'last-reader' }
  return { verdict: 'blocked', ...said }
}

type Studied = Pick<ClaimQuestion, 'facility' | 'modalities'>

function readerFindings(
  entries: Entries,
  reader: string,
  studied: Studied,
  at: number,
): readonly GateFinding[] {
  const isTrained = inForce(entries.training, at).some(
    (one) => one.subject === reader && ['hipaa', 'security'].includes(textOf(one, 'topic')),
  )
  const isPrivileged = isGranted(
    privilegesOf(inForce(entries.privilege, at), reader, studied),
    studied,
  )
  const devices = notEnded(entries.device, at).filter((one) => one.subject === reader)
  const isSafe =
    devices.length === 0 ||
    devices.some((one) => textOf(one, 'state') === 'in-use' && isAttested(one, at))
  return [
    ...(isTrained ? [] : (['training'] as const)),
    ...(isPrivileged ? [] : (['privilege'] as const)),
    ...(isSafe ? [] : (['device'] as const)),
  ]
}

/** `lapsed`: a privilege for final reports was in force once, and none is now. */
function signingOf(
  entries: Entries,
  reader: string,
  studied: Studied,
  at: number,
): 'final' | 'preliminary' | 'lapsed' | 'none' {
  const isFinal = (one: RegisterEntry) => textOf(one, 'reads') === 'final'
  const all = privilegesOf(entries.privilege, reader, studied)
  const current = inForce(all, at)
  if (isGranted(current.filter(isFinal), studied)) return 'final'
  if (isGranted(current, studied)) return 'preliminary'
  if (isGranted(all.filter(isFinal), studied)) return 'lapsed'
  return isGranted(all, studied) ? 'preliminary' : 'none'
}

const privilegesOf = (
  privileges: readonly RegisterEntry[],
  reader: string,
  { facility }: Studied,
): readonly RegisterEntry[] =>
  privileges.filter((one) => one.subject === reader && textOf(one, 'facility') === facility)

/** Whether these privileges cover every modality; a case without images needs any of them. */
function isGranted(privileges: readonly RegisterEntry[], { modalities }: Studied): boolean {
  const granted = privileges.flatMap((one) => listOf(one, 'modalities'))
  return (
    granted.includes('all') ||
    (granted.length > 0 && modalities.every((one) => granted.includes(one)))
  )
}
