/** Many events as few lines: one per person and hour. */
import { localHour } from '../tables/times.js'
import { titleOf, whereFromOf, whoOf } from './event-words.js'
import type { EventAnswer } from '../../../protocol/http/audit.js'

export interface Roll {
  /** Identifies it within one list. */
  readonly id: string
  /** `2026-11-30 23:00`, local. */
  readonly hour: string
  readonly who: string
  readonly whereFrom: readonly string[]
  /** What was done, the most frequent first. */
  readonly done: readonly (readonly [title: string, count: number])[]
  readonly failures: number
  readonly isOutsideDuty: boolean
  /** In the order of the log. */
  readonly events: readonly EventAnswer[]
}

/** In the order of their first events. */
export function rollUp(events: readonly EventAnswer[]): readonly Roll[] {
  return [...groupBy(events, (one) => `${localHour(one.entry.time)} ${whoOf(one)}`)].map(
    ([id, of]) => rollOf(id, of),
  )
}

function rollOf(id: string, events: readonly EventAnswer[]): Roll {
  const counts = groupBy(events, titleOf)
  const [first] = events
  return {
    id,
    hour: first ? localHour(first.entry.time) : '',
    who: first ? whoOf(first) : '',
    whereFrom: [...new Set(events.map(whereFromOf).filter(Boolean))],
    done: [...counts]
      .map(([title, of]) => [title, of.length] as const)
      .toSorted(([, a], [, b]) => b - a),
    failures: events.filter(({ entry }) => entry.outcome !== 0).length,
    isOutsideDuty: events.some(({ entry }) => entry.detail?.duty === 'outside'),
    events,
  }
}

/** `412 × a download ended · a claim was released` */
export const doneText = ({ done }: Roll): string =>
  done.map(([title, count]) => (count === 1 ? title : `${count} × ${title}`)).join(' · ')

/** `Map.groupBy` is younger than the oldest browser that the pages are built for. */
function groupBy<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group) group.push(one)
    else groups.set(key, [one])
  }
  return groups
}
