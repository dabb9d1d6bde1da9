/** The tables of the room `timekeeping`. */

export interface TimekeepingTables {
  time_marks: TimeMarkTable
  doubted_spans: DoubtedSpanTable
}

/** A single row. */
export interface TimeMarkTable {
  id: number
  /** The latest reading of a clock that nothing spoke against. */
  seen_at: number
}

/** What a gateway's clock showed while it was not trusted. */
export interface DoubtedSpanTable {
  id: string
  reason: string
  read_from: number
  /** Moved forward in steps, ahead of the clock. */
  read_until: number
  /** By a trusted clock. Null while the clock is not trusted. */
  ended_at: number | null
}
