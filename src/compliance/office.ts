/**
 * Puts the room together: collects facts from every source, assesses them, and keeps the result.
 */
import { createHash } from 'node:crypto'
import type { SiteConfig } from '../config/index.js'
import type { Actor, Ledger, Receipt } from '../ledger/log/index.js'
import type { RowGuard } from '../ledger/rows/index.js'
import type { State } from '../state/index.js'
import type { ProfileName } from './catalogue.js'
import { configurationFacts } from './collect/configuration.js'
import type { Inspect } from './collect/configuration.js'
import { ledgerFacts } from './collect/ledger.js'
import type { LedgerSources } from './collect/ledger.js'
import { systemFacts } from './collect/system.js'
import type { SystemSources } from './collect/system.js'
import { doorFacts } from './collect/doors.js'
import { createDesk } from './desk.js'
import type { Desk } from './desk.js'
import type { Facts } from './facts.js'
import { createGatekeeper } from './gatekeeper.js'
import type { Gatekeeper } from './gatekeeper.js'
import { incidentsOf } from './incidents.js'
import { createRegisters } from './registers.js'
import type { DatedThings } from './reminders/index.js'
import type { Registers } from './registers.js'
import type { MapSources } from './safeguards/index.js'
import { assess } from './run.js'
import { weaknessesOf } from './weaknesses.js'
import type { Weakness } from './weaknesses.js'
import type { Assessment } from './run.js'

export interface ComplianceParts {
  readonly config: SiteConfig
  readonly state: State
  readonly ledger: Ledger
  /** The ledger's guard, which decides which register rows may be used. */
  readonly guard: RowGuard
  /** Version of Nocturne. */
  readonly version: string
  readonly now: () => number
  readonly inspect: Inspect
  readonly ledgerSources: Omit<LedgerSources, 'ledger' | 'now'>
  readonly systemSources: Omit<SystemSources, 'config' | 'probe'>
  readonly probe: (url: string) => ReturnType<SystemSources['probe']>
}

export interface Compliance {
  readonly gates: Gatekeeper
  readonly registers: Registers
  readonly desk: Desk
  /**
   * @param url where the gateway can be reached, for probing it
   */
  facts(url: string): Promise<Facts>
  /** What the checks find wrong now. */
  weaknesses(url: string): Promise<readonly Weakness[]>
  /** What the map of safeguards is drawn from; connects to the doors of the gateway. */
  safeguards(url: string): Promise<MapSources>
  /** Everything with a date that people are reminded of. */
  dates(): Promise<DatedThings>
  /**
   * Examines everything and keeps the resulting assessment.
   *
   * @throws NocturneError `ledger_unavailable`, `database_unavailable`
   */
  assess(
    profile: ProfileName,
    url: string,
    actor: Actor,
  ): Promise<{ readonly id: string; readonly assessment: Assessment; readonly receipt: Receipt }>
}

/** Among these is the newest one under the rule in force, or it is long overdue. */
const MOST_READ = 20

export function createCompliance(parts: ComplianceParts): Compliance {
  const { config, ledger, now, version } = parts
  const registers = createRegisters(parts)
  const desk = createDesk(parts)
  const facts = async (url: string): Promise<Facts> => {
    const [configuration, log, system, entries, actions] = await Promise.all([
      whole(configurationFacts(config, parts.inspect)),
      whole(ledgerFacts({ ...parts.ledgerSources, ledger, now })),
      whole(systemFacts({ ...parts.systemSources, config, probe: () => parts.probe(url) })),
      whole(registers.all()),
      whole(desk.actions()),
    ])
    return {
      ...{ at: now(), configuration, ledger: log, system },
      registers: entries &&
        actions && { entries, actions, incidents: incidentsOf(entries.incident, now()) },
    }
  }
  return {
    gates: createGatekeeper({ registers, ledger, enforce: config.registers.enforce, now }),
    registers,
    desk,
    facts,
    weaknesses: async (url) => weaknessesOf(await facts(url)),
    safeguards: async (url) => {
      const seen = await facts(url)
      return { config, facts: seen, doors: await doorFacts(config, url, seen.system?.endpoint) }
    },
    dates: () => datesOf(registers, desk, now),
    assess: async (profile, url, actor) => {
      const [seen, statements] = await Promise.all([facts(url), desk.statements()])
      const assessment = assess(seen, {
        ...{ profile, gateway: config.gateway.name, version, statements },
        sha256: (text) => createHash('sha256').update(text).digest('hex'),
      })
      const { id, receipt } = await desk.keep(assessment, actor)
      return { id, assessment, receipt }
    },
  }
}

/** A source that cannot be read shows nothing, so the checks that depend on it are unknown. */
const whole = async <T>(found: Promise<T>): Promise<T | undefined> => found.catch(() => undefined)

async function datesOf(
  registers: Pick<Registers, 'all'>,
  desk: Desk,
  now: () => number,
): Promise<DatedThings> {
  const [entries, actions, statements, assessments] = await Promise.all([
    registers.all(),
    desk.actions(),
    desk.statements(),
    desk.assessments(MOST_READ),
  ])
  const newest = assessments.find(({ profile }) => profile === 'hipaa')
  return {
    ...{ entries, actions, incidents: incidentsOf(entries.incident, now()) },
    // Oldest first, so the newest statement about each row remains.
    statements: [...new Map(statements.map((one) => [one.row, one])).values()],
    assessment: newest && { id: newest.id, madeAt: newest.madeAt },
  }
}
