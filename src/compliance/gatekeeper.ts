/**
 * Applies the gates for the gateway: makes the decision, records its event, and refuses if
 * necessary.
 */
import { NocturneError } from '../lib/errors.js'
import type { Actor, Ledger } from '../ledger/log/index.js'
import { gateClaim, gateReport, gateTransfer } from './gates.js'
import type { ClaimQuestion, GateDecision, ReportQuestion, TransferQuestion } from './gates.js'
import type { Registers } from './registers.js'

export interface Gatekeeper {
  /**
   * @throws NocturneError `agreement_missing` or `vendor_unanswered` when the transfer is blocked,
   *   `ledger_unavailable`
   */
  transfer(question: TransferQuestion, actor: Actor): Promise<void>
  /**
   * @throws NocturneError `reader_not_eligible` when the claim is blocked, `ledger_unavailable`
   */
  claim(question: ClaimQuestion, actor: Actor): Promise<void>
  /**
   * @throws NocturneError `reader_not_final` when the report is blocked, `ledger_unavailable`
   */
  report(question: ReportQuestion, actor: Actor): Promise<void>
}

/**
 * The same warning is recorded at most once in this time, because repeating it for every transfer
 * adds nothing.
 */
const REPEAT_MS = 3_600_000
const MOST_REMEMBERED = 10_000

interface GatekeeperParts {
  readonly registers: Pick<Registers, 'all'>
  readonly ledger: Pick<Ledger, 'note'>
  readonly enforce: 'warn' | 'block'
  readonly now: () => number
}

export function createGatekeeper(parts: GatekeeperParts): Gatekeeper {
  const { registers, enforce, now } = parts
  const note = createNote(parts)
  /** What the registers hold now, and the rules by which they are read. */
  const asked = async () => [await registers.all(), { enforce, at: now() }] as const

  return {
    transfer: async (question, actor) => {
      const [entries, rules] = await asked()
      const decision = gateTransfer(entries, question, rules)
      await note('transfer', decision, { facility: question.facility, actor })
      if (decision.verdict === 'blocked')
        throw new NocturneError(
          decision.findings.includes('agreement') ? 'agreement_missing' : 'vendor_unanswered',
          { subject: decision.subject },
        )
    },
    claim: async (question, actor) => {
      const [entries, rules] = await asked()
      const decision = gateClaim(entries, question, rules)
      await note('claim', decision, { facility: question.facility, actor })
      if (decision.verdict === 'blocked')
        throw new NocturneError('reader_not_eligible', { subject: decision.subject })
    },
    report: async (question, actor) => {
      const [entries, rules] = await asked()
      const decision = gateReport(entries, question, rules)
      await note('report', decision, { facility: question.facility, actor })
      if (decision.verdict === 'blocked')
        throw new NocturneError('reader_not_final', { subject: decision.subject })
    },
  }
}

/** Records what a gate decided, unless it is a warning that was recorded within the hour. */
function createNote({ ledger, now }: Pick<GatekeeperParts, 'ledger' | 'now'>) {
  const noted = new Map<string, number>()

  const isNews = (key: string): boolean => {
    const last = noted.get(key)
    if (last !== undefined && now() - last < REPEAT_MS) return false
    if (noted.size >= MOST_REMEMBERED) noted.clear()
    noted.set(key, now())
    return true
  }

  return async (
    gate: 'transfer' | 'claim' | 'report',
    decision: GateDecision,
    about: { readonly facility: string; readonly actor: Actor },
  ): Promise<void> => {
    if (decision.verdict === 'passed') return
    const { verdict, findings, subject, because } = decision
    const { facility, actor } = about
    const isRepeated = verdict === 'warned' && !isNews(`${gate} ${subject} ${facility}`)
    if (isRepeated) return
    await ledger.note({
      type: 'gate.applied',
      outcome: verdict === 'blocked' ? 8 : 4,
      ...{ actor, facility },
      detail: {
        ...{ gate, verdict, subject, findings: [...findings] },
        ...(because !== undefined && { because }),
      },
    })
  }
}
