/**
 * A search of AuditEvents (IHE ITI-81) as conditions on the index. A parameter finds what
 * `toAuditEvent` writes and nothing else; what is not known is refused, so that a typing error does
 * not look like an empty answer.
 */
import type { Json } from '../../lib/json.js'
import type { Clause } from '../log/clauses.js'
import { PARAMETERS } from './search-parameters.js'
import type { Parameter, SearchContext } from './search-parameters.js'
import { invalid, MAX_VALUES, splitAt } from './search-values.js'

export interface RecordSearch {
  readonly clauses: readonly Clause[]
  /**
   * The search as the ledger may keep it: what is not an id, a code or a date of ours is left out.
   */
  readonly recorded: Readonly<Record<string, Json>>
  /** The one patient that is asked for, when there is one. */
  readonly patient?: { readonly handle: string; readonly facility: string }
}

const NAMES = Object.keys(PARAMETERS)

/**
 * @param pairs names and values in the order given; a name that comes twice narrows twice, a comma
 * widens
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

/** Stands for a value that may be a name: the ledger keeps none. */
const NOT_KEPT = '(not listed)'

/** `patient:identifier` is how FHIR writes what IHE has as `patient.identifier`. */
function parameterOf(written: string): { name: string; parameter: Parameter } {
  const name = written.replace(/:identifier$/, '.identifier')
  if (!isParameter(name))
    throw invalid(`search by ${NAMES.join(', ')}, without modifiers but :identifier`)
  return { name, parameter: PARAMETERS[name] }
}

const isParameter = (name: string): name is keyof typeof PARAMETERS =>
  Object.hasOwn(PARAMETERS, name)
