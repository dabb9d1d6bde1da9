/**
 * Translates a search of AuditEvents (IHE ITI-81) into conditions on the index. A parameter matches
 * exactly what `toAuditEvent` writes. Unknown parameters are refused, so that a typing error does
 * not look like an empty result.
 */
import type { Json } from '../../lib/json.js'
import type { Clause } from '../log/clauses.js'
import { PARAMETERS } from './search-parameters.js'
import type { Parameter, SearchContext } from './search-parameters.js'
import { invalid, MAX_VALUES, splitAt } from './search-values.js'

export interface RecordSearch {
  readonly clauses: readonly Clause[]
  /**
   * The search as the ledger may record it, without anything that is not an ID, code or date of
   * ours.
   */
  readonly recorded: Readonly<Record<string, Json>>
  /** The patient, if the search is for exactly one. */
  readonly patient?: { readonly handle: string; readonly facility: string }
}

const NAMES = Object.keys(PARAMETERS)

/**
 * @param pairs names and values in the order given; repeating a name narrows the result, a comma
 *   widens it
 * @throws NocturneError `search_invalid`
 */
export function parseRecordSearch(
  pairs: readonly (readonly [string, string])[],
  context: SearchContext,
): RecordSearch {
  if (pairs.length > MAX_VALUES) throw invalid(`give at most ${MAX_VALUES} parameters`)
  const clauses: Clause[] = []
  const recorded: Record<string, Json[]> = {}
  const patients: { handle: string; facility: string }[] = []
  for (const [written, value] of pairs) {
    const { name, parameter } = parameterOf(written)
    const values = splitAt(',', value)
    if (values.length > MAX_VALUES) throw invalid(`${name}: give at most ${MAX_VALUES} values`)
    const made = values.map((one) => parameter.parse(one, context))
    const known = made.filter((one) => one !== undefined)
    if (known.length < made.length) throw invalid(`${name}: write ${parameter.form}`)
    clauses.push(known.flatMap(({ tests }) => tests))
    recorded[name] = [...(recorded[name] ?? []), ...known.map(({ shown }) => shown ?? NOT_KEPT)]
    for (const { patient } of known) if (patient) patients.push(patient)
  }
  const [patient, another] = patients
  return { clauses, recorded, ...(patient && !another && { patient }) }
}

/** Recorded in place of a value that may be a name, because the ledger holds no names. */
const NOT_KEPT = '(not listed)'

/** FHIR writes `patient:identifier` for what IHE calls `patient.identifier`. */
function parameterOf(written: string): { name: string; parameter: Parameter } {
  const name = written.replace(/:identifier$/, '.identifier')
  if (!isParameter(name))
    throw invalid(`search by ${NAMES.join(', ')}; the only modifier is :identifier`)
  return { name, parameter: PARAMETERS[name] }
}

const isParameter = (name: string): name is keyof typeof PARAMETERS =>
  Object.hasOwn(PARAMETERS, name)
