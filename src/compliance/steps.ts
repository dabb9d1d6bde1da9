/**
 * Next steps as commands that can be copied: every field that a kind requires is in them, IDs that
 * are known are filled in, and what a person must supply is in capitals.
 */
import { KIND_RULES } from './kinds.js'
import type { Field, RegisterEntry, RegisterKind } from './kinds.js'

type Known = Readonly<Record<string, string>>

/** Optional fields without which the checks of a kind stay unsatisfied. */
const EXAMINED: Readonly<Partial<Record<RegisterKind, Known>>> = {
  organisation: { own: 'yes', clearinghouse: 'no', healthPlan: 'no' },
  agreement: {
    ...{ review: 'DATE', document: 'SHA256', safeguards: 'yes', subcontractors: 'yes' },
    ...{ reportsIncidents: 'yes', returnsPhi: 'yes' },
  },
  policy: { document: 'SHA256', acknowledged: 'ID,ID' },
  device: {
    ...{ diskEncryption: 'yes', screenLock: 'yes', supportedSystem: 'yes' },
    ...{ malwareProtection: 'yes', keys: 'FINGERPRINT' },
  },
  vendor: { handlesPhi: 'yes', questions: 'DATE', review: 'DATE' },
}

/** Fields whose first choice is not the usual one. */
const USUAL: Readonly<Partial<Record<RegisterKind, Known>>> = {
  organisation: { role: 'business-associate' },
  privilege: { modalities: 'all' },
}

/** The command that adds an entry of a kind. */
export function addStep(kind: RegisterKind, known: Known = {}): string {
  const given: Known = { ...EXAMINED[kind], ...USUAL[kind], ...known }
  const sets = Object.entries(KIND_RULES[kind].fields).flatMap(([name, field]) => {
    const value =
      given[name] ?? (field.isRequired === true ? placeholderOf(name, field) : undefined)
    return value === undefined ? [] : [setOf(name, value)]
  })
  return `nocturne register add ${kind} ${sets.join(' ')} --site DIR`
}

/** The command that replaces an entry by one with other values of these fields. */
export const amendStep = (kind: RegisterKind, id: string, values: Known): string =>
  `nocturne register add ${kind} --replaces ${id} ${Object.entries(values)
    .map(([name, value]) => setOf(name, value))
    .join(' ')} --site DIR`

/** A command for the first of several subjects; the same is to be done for the others. */
export const alsoFor = (others: readonly string[]): string =>
  others.length === 0 ? '' : `, and the same for ${others.join(', ')}`

/**
 * The command that corrects the first of these entries, and a word about the others; undefined
 * without any.
 */
export const amendFirst = (
  [first, ...others]: readonly RegisterEntry[],
  valuesOf: (entry: RegisterEntry) => Known,
  nameOf = ({ subject }: RegisterEntry): string => subject,
): string | undefined =>
  first && `${amendStep(first.kind, first.id, valuesOf(first))}${alsoFor(others.map(nameOf))}`

const setOf = (name: string, value: string): string =>
  `--set ${name}=${/^[\w.,:-]+$/.test(value) ? value : `"${value}"`}`

const placeholderOf = (name: string, { type, choices }: Field): string =>
  type === 'choice'
    ? (choices?.[0] ?? '')
    : type === 'date'
      ? 'DATE'
      : type === 'id' || type === 'ids'
        ? 'ID'
        : name.toUpperCase()
