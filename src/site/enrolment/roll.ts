/** The people in effect: those of nocturne.yaml, and those who were enrolled. */
import type { SiteConfig } from '../../config/index.js'
import type { RowGuard } from '../../ledger/rows/index.js'
import type { State } from '../../state/index.js'
import type { EnrolledTable } from '../../state/enrolment/index.js'

type Person = SiteConfig['people'][number]
type Named = Pick<SiteConfig, 'people' | 'groups' | 'facilities'>

/** An enrolment that nocturne.yaml overrides, in whole or in part. */
export interface Conflict {
  readonly principal: string
  /** What differs, for people. */
  readonly problem: string
  readonly hint: string
}

export interface Roll {
  /** The same array until somebody is enrolled or removed. */
  people(): SiteConfig['people']
  groups(): SiteConfig['groups']
  conflicts(): readonly Conflict[]
  /** Whether nocturne.yaml itself names the ID. */
  isFiled(principal: string): boolean
  /** Valid rows, including those that nocturne.yaml overrides. */
  enrolled(): readonly EnrolledTable[]
  /** Those of which nocturne.yaml has every word, so that the row is not needed any more. */
  adopted(): readonly EnrolledTable[]
  /** Reads what other processes have changed. */
  refresh(): Promise<void>
}

export interface RollParts {
  /** As nocturne.yaml has them. */
  readonly config: Named
  readonly state: Pick<State, 'db'>
  readonly guard: RowGuard
}

/** @throws NocturneError `database_unavailable` */
export async function createRoll(parts: RollParts): Promise<Roll> {
  let rows: readonly EnrolledTable[] = []
  let merged = merge(parts.config, rows)
  const refresh = async (): Promise<void> => {
    const found = await validRows(parts)
    // The arrays stay the same as long as they say the same: others derive indexes from them.
    if (JSON.stringify(found) === JSON.stringify(rows)) return
    rows = found
    merged = merge(parts.config, rows)
  }
  await refresh()
  return {
    refresh,
    people: () => merged.people,
    groups: () => merged.groups,
    conflicts: () => merged.conflicts,
    isFiled: (principal) =>
      [...parts.config.people, ...parts.config.facilities].some(({ id }) => id === principal),
    enrolled: () => rows,
    adopted: () => merged.adopted,
  }
}

/** Its people and groups are always those in effect: do not copy these two members. */
export const configInEffect = (config: SiteConfig, roll: Roll): SiteConfig => ({
  ...config,
  get people() {
    return roll.people()
  },
  get groups() {
    return roll.groups()
  },
})

async function validRows({ state, guard }: RollParts): Promise<readonly EnrolledTable[]> {
  const { good } = await guard.followed('enrolled', {
    read: (): Promise<EnrolledTable[]> =>
      state.db.selectFrom('enrolled').selectAll().orderBy('principal').execute(),
    idOf: ({ principal }) => principal,
    contradicts: ({ principal, invitation }) =>
      guard.history.enrolled().get(principal) !== invitation,
    expected: () => [...guard.history.enrolled().keys()],
  })
  return good
}

interface Merged extends Pick<SiteConfig, 'people' | 'groups'> {
  readonly conflicts: readonly Conflict[]
  readonly adopted: readonly EnrolledTable[]
}

function merge(config: Named, rows: readonly EnrolledTable[]): Merged {
  const added: Person[] = []
  const conflicts: Conflict[] = []
  const adopted: EnrolledTable[] = []
  const readers = new Map<string, string[]>()
  for (const row of rows) {
    const { principal } = row
    const filed = differencesOf(config, row)
    if (filed) {
      if (filed.length === 0) adopted.push(row)
      else
        conflicts.push({
          principal,
          problem: `${principal} was enrolled, and nocturne.yaml names the same ID with another ${filed.join(', ')}: the file counts`,
          hint: `run nocturne invite end ${principal}, or remove ${principal} from nocturne.yaml`,
        })
      continue
    }
    if (row.facility !== null && !config.facilities.some(({ id }) => id === row.facility)) {
      conflicts.push(goneOf(principal, `facility ${row.facility}`))
      continue
    }
    added.push(personOf(row))
    for (const group of groupsOf(row))
      if (config.groups.some(({ id }) => id === group))
        readers.set(group, [...(readers.get(group) ?? []), principal])
      else conflicts.push(goneOf(principal, `group ${group}`))
  }
  return {
    people: [...config.people, ...added],
    groups: config.groups.map((group) => ({
      ...group,
      readers: [...group.readers, ...(readers.get(group.id) ?? [])],
    })),
    conflicts,
    adopted,
  }
}

const goneOf = (principal: string, what: string): Conflict => ({
  principal,
  problem: `${principal} was enrolled for the ${what}, which nocturne.yaml no longer names`,
  hint: `add it again, or run nocturne invite end ${principal} and make a new invitation`,
})

/** Undefined when nocturne.yaml does not name the ID; empty when it says the same. */
function differencesOf(config: Named, row: EnrolledTable): readonly string[] | undefined {
  const { principal: id, role, facility, certificate } = row
  if (config.facilities.some((one) => one.id === id)) return ['role']
  const person = config.people.find((one) => one.id === id)
  if (!person) return undefined
  const reads = config.groups.filter(({ readers }) => readers.includes(id)).map((one) => one.id)
  const differs: readonly (readonly [string, boolean])[] = [
    ['role', person.role !== role],
    ['facility', (person.facility ?? null) !== facility],
    ['set of groups', reads.sort().join(' ') !== groupsOf(row).join(' ')],
    ['certificate', person.certificate.trim() !== certificate.trim()],
  ]
  return differs.flatMap(([name, isDifferent]) => (isDifferent ? [name] : []))
}

const personOf = ({ principal, role, certificate, facility, email }: EnrolledTable): Person => ({
  ...{ id: principal, role, certificate },
  ...(facility !== null && { facility }),
  ...(email !== null && { contact: { email } }),
})

/** The row was written by this room, under the site's MAC. */
export const groupsOf = ({ groups }: Pick<EnrolledTable, 'groups'>): readonly string[] =>
  JSON.parse(groups) as readonly string[]
