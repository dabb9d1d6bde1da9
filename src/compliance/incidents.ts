/** Incidents from the register, each with the notification deadline that it started. Pure. */
import { dateMs } from './check.js'
import { notEnded, textOf } from './in-force.js'
import type { IncidentSummary, RegisterEntry } from './kinds.js'

/**
 * 164.404(b): individuals must be notified within 60 calendar days of discovery. An incident is
 * presumed to be a breach (164.402(2)), so the deadline runs until something else is decided.
 */
const DEADLINE_MS = 60 * 86_400_000

export const incidentsOf = (
  entries: readonly RegisterEntry[],
  at: number,
): readonly IncidentSummary[] =>
  notEnded(entries, at).map((entry) => {
    const discoveredAt = dateMs(textOf(entry, 'discovered'))
    const [decided, notified] = [textOf(entry, 'decided'), textOf(entry, 'notified')]
    // An incident decided to be a breach is closed only once the individuals have been notified.
    const done = textOf(entry, 'decision') === 'breach' ? notified : decided
    return {
      id: entry.subject,
      discoveredAt,
      state: decided === '' ? 'open' : 'decided',
      dueAt: discoveredAt + DEADLINE_MS,
      decidedAt: done === '' ? undefined : dateMs(done),
    }
  })
