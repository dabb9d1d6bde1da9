/**
 * Search conditions on the index. All clauses must hold; a clause holds if any of its tests does.
 */
import { sql } from 'kysely'
import type { Expression, ExpressionBuilder, SqlBool } from 'kysely'
import type { Tables } from '../../state/index.js'

export type TextColumn =
  | 'type'
  | 'actor'
  | 'facility'
  | 'transfer'
  | 'patient'
  | 'event_id'
  | 'address'
  | 'token'
  | 'subject'

export type Test =
  | { readonly column: TextColumn; readonly isOneOf: readonly string[] }
  | { readonly column: 'idx' | 'outcome'; readonly isNumber: readonly number[] }
  | { readonly column: TextColumn; readonly isThere: boolean }
  | { readonly column: 'address'; readonly startsWith: string }
  /** In milliseconds since 1970; `from` is inclusive, `until` exclusive. */
  | { readonly column: 'time'; readonly from?: number; readonly until?: number }
  | { readonly allOf: readonly Test[] }
  /** Matches every event, or none. */
  | { readonly always: boolean }

/** Holds if any of these tests holds. */
export type Clause = readonly Test[]

const ALWAYS = sql<SqlBool>`1 = 1`
const NEVER = sql<SqlBool>`1 = 0`

type Builder = ExpressionBuilder<Tables, 'events'>

export const holds =
  (clause: Clause) =>
  (e: Builder): Expression<SqlBool> =>
    e.or(clause.map((test) => testOf(e, test)))

function testOf(e: Builder, test: Test): Expression<SqlBool> {
  if ('always' in test) return test.always ? ALWAYS : NEVER
  if ('allOf' in test) return e.and(test.allOf.map((one) => testOf(e, one)))
  if ('isThere' in test) return e(test.column, test.isThere ? 'is not' : 'is', null)
  if ('startsWith' in test) {
    const { startsWith } = test
    // LIKE is avoided because its matching depends on the database's collation.
    return sql<SqlBool>`substr(${sql.ref('address')}, 1, ${startsWith.length}) = ${startsWith}`
  }
  if (test.column === 'time') {
    const { from, until } = test
    return e.and([
      ...(from === undefined ? [] : [e('time', '>=', from)]),
      ...(until === undefined ? [] : [e('time', '<', until)]),
    ])
  }
  // SQL has no empty lists.
  if ('isNumber' in test)
    return test.isNumber.length > 0 ? e(test.column, 'in', [...test.isNumber]) : NEVER
  return test.isOneOf.length > 0 ? e(test.column, 'in', [...test.isOneOf]) : NEVER
}
