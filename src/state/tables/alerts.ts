/** The table of the room `alerts`: what has been raised, so that nothing is raised twice. */
export interface AlertTables {
  alerts: AlertTable
}

export interface AlertTable {
  /** Rule, subject and period. */
  key: string
  rule: string
  /** A principal, a key or a row. */
  subject: string
  raised_at: number
}
