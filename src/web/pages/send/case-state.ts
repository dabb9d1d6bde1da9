/** What became of a case, in a technologist's words. */
import type { CaseView } from '../../../protocol/http/cases.js'
import { clockTime } from '../session/time-left.js'

/** `waiting since 23:41`, `read by reader-1 since 23:50` */
export function stateText(one: CaseView, now: number): string {
  const at = (instant: string | undefined) => (instant ? clockTime(instant, now) : '')
  switch (one.state) {
    case 'waiting':
      return `waiting since ${at(one.waitingSince)}`
    case 'claimed':
    case 'finalizing':
      return `read by ${one.claimedBy ?? ''} since ${at(one.claimedAt)}`
    case 'partial':
      return 'reported, except for parts that other readers have'
    case 'preliminary':
    case 'final':
      return `${one.state} report ${at(one.reportedAt)}`
    case 'closed':
      return `closed ${at(one.closedAt)}`
    default:
      return one.state
  }
}
