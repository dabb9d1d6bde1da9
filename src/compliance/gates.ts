/**
 * Decides whether the registers object to a transfer or claim, and with what consequence. Pure.
 *
 * Patients come first: a gate never stops a STAT study, an upload or claim in progress, or the last
 * reader in a group able to read; each such exception is an event. With `warn`, nothing is stopped
 * at all.
 */
import type { RegisterFacts } from './facts.js'
import { agreementOf, inForce, isSet, notEnded, textOf } from './in-force.js'

export type GateFinding = 'agreement' | 'training' | 'privilege'

/** `excepted`: would have been blocked, but proceeds for the stated reason. */
export type GateDecision =
  | { readonly verdict: 'passed' }
  | {
      readonly verdict: 'warned' | 'blocked' | 'excepted'
      readonly findings: readonly GateFinding[]
      /** The subject of the findings: a group, a facility or a reader. */
      readonly subject: string
      readonly because?: 'stat' | 'last-reader'
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
  /** All readers who could claim the case. */
  readonly readers: readonly string[]
}

/** Requires valid training, and a privilege at the facility. */
export function gateClaim(
  entries: Entries,
  { reader, facility, priority, readers }: ClaimQuestion,
  { enforce, at }: { readonly enforce: Enforce; readonly at: number },
): GateDecision {
  const findings = readerFindings(entries, reader, facility, at)
  if (findings.length === 0) return { verdict: 'passed' }
  const said = { findings, subject: reader }
  if (enforce === 'warn') return { verdict: 'warned', ...said }
  if (priority === 'stat') return { verdict: 'excepted', ...said, because: 'stat' }
  const others = readers.filter((other) => other !== reader)
  const isLast = others.every((other) => readerFindings(entries, other, facility, at).length > 0)
  if (isLast) return { verdict: 'excepted', ...said, because: 'last-reader' }
  return { verdict: 'blocked', ...said }
}

function readerFindings(
  entries: Entries,
  reader: string,
  facility: string,
  at: number,
): readonly GateFinding[] {
  const isTrained = inForce(entries.training, at).some(
    (one) => one.subject === reader && ['hipaa', 'security'].includes(textOf(one, 'topic')),
  )
  const isPrivileged = inForce(entries.privilege, at).some(
    (one) => one.subject === reader && textOf(one, 'facility') === facility,
  )
  return [
    ...(isTrained ? [] : (['training'] as const)),
    ...(isPrivileged ? [] : (['privilege'] as const)),
  ]
}
