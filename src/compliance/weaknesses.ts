/** What the checks find wrong, for a report without an assessment. Pure. */
import { catalogueOf, CHECKS } from './catalogue.js'
import type { Facts } from './facts.js'

export interface Weakness {
  readonly check: string
  /** Rows of the audit protocol that stay open because of it. */
  readonly rows: readonly string[]
  readonly problem: string
  /** What to do, in the imperative. */
  readonly hint: string
}

/** What could not be examined, such as a gateway that is not running, is no weakness. */
export function weaknessesOf(facts: Facts): readonly Weakness[] {
  const rows = catalogueOf('hipaa')
  return CHECKS.flatMap(({ id, run }) => {
    const { verdict, says, next = '' } = run(facts)
    if (verdict !== 'not-satisfied') return []
    const concerned = rows.filter(({ checks }) => checks.some((one) => one.id === id))
    return [{ check: id, rows: concerned.map((row) => row.id), problem: says, hint: next }]
  })
}
