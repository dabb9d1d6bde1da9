/**
 * Who reads for which group, where the site asks two people to agree (`directory.confirm: two`). A
 * reader that the configuration newly names in a group gets nothing of the group until an officer
 * or an operator confirms it at the running gateway: whoever edits the file cannot add a reader
 * alone. The state is what the ledger says, so a writer to the database gains nothing.
 */
import type { SiteConfig } from '../config/index.js'
import { SYSTEM } from '../lib/actors.js'
import { NocturneError } from '../lib/errors.js'
import type { Actor, EventInput, Ledger, LedgerEntry } from '../ledger/log/index.js'

export interface Member {
  readonly principal: string
  readonly group: string
}

export interface Memberships {
  /** Whether the reader takes part in the group now. */
  isInEffect(member: Member): boolean
  /** Follows what other gateways have recorded. */
  refresh(): Promise<void>
  /**
   * On start, records what has changed in the configuration. At the first start that asks for two
   * people, the members of that day are confirmed as they are.
   */
  record(): Promise<void>
  waiting(): readonly Member[]
  /** @throws NocturneError `not_found` for a member who does not wait */
  confirm(member: Member, actor: Actor): Promise<{ readonly receipt: string }>
}

export interface MembershipParts {
  readonly config: Pick<SiteConfig, 'groups' | 'directory'>
  readonly ledger: Pick<Ledger, 'query' | 'record' | 'proof'>
}

type State = 'confirmed' | 'proposed' | 'removed'

const STATES: Readonly<Record<string, State>> = {
  'membership.confirmed': 'confirmed',
  'membership.proposed': 'proposed',
  'membership.removed': 'removed',
}
const TYPES = ['membership.confirmed', 'membership.proposed', 'membership.removed'] as const
const ROWS_AT_ONCE = 1_000

/** @throws NocturneError `database_unavailable` */
export async function createMemberships(parts: MembershipParts): Promise<Memberships> {
  const { config, ledger } = parts
  const asksTwo = config.directory.confirm === 'two'
  const states = new Map<string, State>()
  let next = 0
  const refresh = async (): Promise<void> => {
    if (!asksTwo) return
    for (let more: number | undefined = next; more !== undefined;) {
      const page: Awaited<ReturnType<Ledger['query']>> = await ledger.query({
        ...{ types: TYPES, start: more, limit: ROWS_AT_ONCE },
      })
      for (const { entry, index } of page.rows) {
        take(states, entry)
        next = index + 1
      }
      more = page.next
    }
  }
  await refresh()
  const stateOf = (member: Member) => states.get(keyOf(member))
  const waiting = () => membersOf(config).filter((member) => stateOf(member) === 'proposed')
  return {
    refresh,
    waiting,
    isInEffect: (member) => !asksTwo || stateOf(member) === 'confirmed',
    record: async () => {
      if (!asksTwo) return
      const events = changes(membersOf(config), states)
      const [first, ...rest] = events
      if (!first) return
      await ledger.record(() => Promise.resolve({ value: undefined, events: [first, ...rest] }))
      await refresh()
    },
    confirm: async (member, actor) => {
      await refresh()
      if (!waiting().some((one) => keyOf(one) === keyOf(member)))
        throw new NocturneError('not_found')
      const { receipts } = await ledger.record(() =>
        Promise.resolve({
          value: undefined,
          events: [membershipEvent('membership.confirmed', member, actor)],
        }),
      )
      await refresh()
      return { receipt: await ledger.proof(receipts[0].index) }
    },
  }
}

function take(states: Map<string, State>, { type, group, detail }: LedgerEntry): void {
  const state = STATES[type]
  const principal = detail?.principal
  if (state && typeof principal === 'string' && group !== undefined)
    states.set(keyOf({ principal, group }), state)
}

function changes(members: readonly Member[], states: ReadonlyMap<string, State>): EventInput[] {
  const isFirst = states.size === 0
  const added = members.flatMap((member) => {
    const state = states.get(keyOf(member))
    if (state === 'confirmed' || state === 'proposed') return []
    return [
      membershipEvent(isFirst ? 'membership.confirmed' : 'membership.proposed', member, SYSTEM),
    ]
  })
  const present = new Set(members.map(keyOf))
  const removed = [...states].flatMap(([key, state]) => {
    const [principal = '', group = ''] = key.split(' ')
    if (present.has(key) || state === 'removed') return []
    return [membershipEvent('membership.removed', { principal, group }, SYSTEM)]
  })
  return [...added, ...removed]
}

export const membershipEvent = (
  type: (typeof TYPES)[number],
  { principal, group }: Member,
  actor: Actor,
): EventInput => ({ type, outcome: 0, actor, group, detail: { principal } })

const membersOf = ({ groups }: Pick<SiteConfig, 'groups'>): readonly Member[] =>
  groups.flatMap(({ id: group, readers }) => readers.map((principal) => ({ principal, group })))

/** Ids contain no space. */
const keyOf = ({ principal, group }: Member): string => `${principal} ${group}`
