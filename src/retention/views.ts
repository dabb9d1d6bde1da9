import type { RetentionAnswer } from '../protocol/http/audit.js'
import type { RetentionPlan } from './retention.js'

const DAY_MS = 86_400_000

/** The plan as clients receive it. */
export const retentionAnswer = ({
  terms,
  candidates,
  handovers,
  isCut,
  clock,
}: RetentionPlan): RetentionAnswer => ({
  days: Object.fromEntries(Object.entries(terms).map(([stage, ms]) => [stage, ms / DAY_MS])),
  due: candidates.map(({ stage, id, code, facility, transfers, since, blockedBy }) => ({
    ...{ stage, id, facility, transfers: [...transfers] },
    ...(code !== undefined && { code }),
    since: new Date(since).toISOString(),
    ...(blockedBy && { blockedBy }),
  })),
  ...(handovers.due > 0 && {
    handovers: {
      due: handovers.due,
      ...(handovers.blockedBy && { blockedBy: handovers.blockedBy }),
    },
  }),
  more: isCut,
  ...(clock && { clock }),
})
