/**
 * Decides whether the registers object to a transfer or claim, and with what consequence. Pure.
 *
 * Patients come first: a gate never stops a STAT study, an upload or a read in progress, or the
 * last reader on duty who may read; each such exception is an event. With `warn`, nothing is
 * stopped at all.
 */
import type { RegisterFacts } from './facts.js'
import { agreementOf, inForce, isSet, listOf, notEnded, textOf } from './in-force.js'

export type GateFinding = 'agreement' | 'training' | 'privilege'

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
 * Requires an agreement with the group and with the facility. The organisation that runs the
 * gateway needs none with itself.
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
  const subject = [group, facility].find(
    (party) => !own.has(party) && agreementOf(entries.agreement, party, at) === undefined,
  )
  if (subject === undefined) return { verdict: 'passed' }
  const findings = ['agreement'] as const
  if (enforce === 'warn') return { verdict: 'warned', findings, subject }
  if (priority === 'stat') return { verdict: 'excepted', findings, subject, because: 'stat' }
  return { verdict: 'blocked', findings, subject }
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

/** Requires valid training, and a privilege for the facility and each modality. */
export function gateClaim(
  entries: Entries,
  question: ClaimQuestion,
  { enforce, at }: { readonly enforce: Enforce; readonly at: number },
): GateDecision {
  const { reader, priority, readers, isUnderWay } = question
  const findings = readerFindings(entries, reader, question, at)
  if (findings.length === 0) return { verdict: 'passed' }
  const said = { findings, subject: reader }
  if (enforce === 'warn') return { verdict: 'warned', ...said }
  if (isUnderWay) return { verdict: 'excepted', ...said, because: 'under-way' }
  if (priority === 'stat') return { verdict: 'excepted', ...said, because: 'stat' }
  const others = readers.filter((other) => other !== reader)
  const isLast = others.every((other) => readerFindings(entries, other, question, at).length > 0)
  if (isLast) return { verdict: 'excepted', ...said, because: 'last-reader' }
  return { verdict: 'blocked', ...said }
}

function readerFindings(
  entries: Entries,
  reader: string,
  { facility, modalities }: Pick<ClaimQuestion, 'facility' | 'modalities'>,
  at: number,
): readonly GateFinding[] {
  const isTrained = inForce(entries.training, at).some(
    (one) => one.subject === reader && ['hipaa', 'security'].includes(textOf(one, 'topic')),
  )
  const granted = inForce(entries.privilege, at)
    .filter((one) => one.subject === reader && textOf(one, 'facility') === facility)
    .flatMap((one) => listOf(one, 'modalities'))
  const isPrivileged =
    granted.includes('all') ||
    (granted.length > 0 && modalities.every((one) => granted.includes(one)))
  return [
    ...(isTrained ? [] : (['training'] as const)),
    ...(isPrivileged ? [] : (['privilege'] as const)),
  ]
}
