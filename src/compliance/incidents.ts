/** Incidents as the register has them, with the deadline that each started. Pure. */
import { dateMs } from './check.js'
import { notEnded, textOf } from './in-force.js'
import type { IncidentSummary, RegisterEntry } from './kinds.js'

/**
 * 164.404(b): individuals are notified within 60 calendar days of discovery. The presumption is a
 * breach (164.402(2)), so that the deadline runs until something else was decided.
 */
const DEADLINE_MS = 60 * 86_400_000

export const incidentsOf = (
  entries: readonly RegisterEntry[],
  at: number,
): readonly IncidentSummary[] =>
  notEnded(entries, at).map((entry) => {
    const discoveredAt = dateMs(textOf(entry, 'discovered'))
    const [decided, notified] = [textOf(entry, 'decided'), textOf(entry, 'notified')]
    // A breach that was decided is done when the individuals were notified, and not before.
    const done = textOf(entry, 'decision') === 'breach' ? notified : decided
    return {
      id: entry.subject,
      discoveredAt,
      state: decided === '' ? 'open' : 'decided',
      dueAt: discoveredAt + DEADLINE_MS,
      decidedAt: done === '' ? undefined : dateMs(done),
    }
  })
