/** Lets a colleague open a case: their certificate is added to each of its transfers. */
import { challengeAnswer } from '../../../../protocol/http/cases.js'
import type { CaseView } from '../../../../protocol/http/cases.js'
import {
  packetsAnswer,
  recipientAnswer,
  recipientProblem,
} from '../../../../protocol/http/recipients.js'
import type { PacketsAnswer } from '../../../../protocol/http/recipients.js'
import type { Addition } from '../../keys/sharing/messages.js'
import { GatewayRefusal } from '../../session/gateway.js'
import type { Session } from '../../session/session.js'

export interface Colleague {
  readonly id: string
  readonly fingerprint: string
  /** They were added to every transfer, and have not opened it yet. */
  readonly isAdded: boolean
}

/** Who can open every transfer of a case, and who may be added. */
export interface Sharers {
  readonly listed: readonly PacketsAnswer[]
  readonly openedBy: readonly string[]
  readonly colleagues: readonly Colleague[]
}

/** @throws GatewayRefusal `not_found` when the case is not sealed to the reader */
export async function sharersOf(
  { gateway }: Session,
  of: Pick<CaseView, 'transfers'>,
): Promise<Sharers> {
  const listed: PacketsAnswer[] = []
  for (const { id } of of.transfers)
    listed.push(await gateway.get(packetsAnswer, `/v1/transfers/${id}/key-packets`))
  const all = new Map<string, Colleague>()
  for (const { candidates, recipients } of listed)
    for (const { id, fingerprint } of candidates) {
      const isHere = recipients.some((one) => one.id === id && one.fingerprint === fingerprint)
      all.set(id, { id, fingerprint, isAdded: isHere && all.get(id)?.isAdded !== false })
    }
  const [first, ...others] = listed.map(({ recipients }) => recipients.map(({ id }) => id))
  const everywhere = (first ?? []).filter((id) => others.every((ids) => ids.includes(id)))
  return {
    listed,
    openedBy: [...new Set(everywhere)].filter((id) => !all.has(id)),
    colleagues: [...all.values()],
  }
}

/** One transfer after the other: what was added stays if a later one fails. */
export async function shareWith(
  session: Session,
  { listed }: Sharers,
  { id, fingerprint }: Pick<Colleague, 'id' | 'fingerprint'>,
): Promise<void> {
  for (const one of listed) {
    const colleague = one.candidates.find(
      (candidate) => candidate.id === id && candidate.fingerprint === fingerprint,
    )
    if (!colleague) continue
    const addition = await session.keys.ask({ do: 'share', listed: one, colleague })
    await add(session, one.id, addition)
  }
}

/** The gateway's challenge is good for these packets alone. */
async function add(
  { gateway, keys, about, who }: Session,
  transfer: string,
  addition: Addition,
): Promise<void> {
  const path = `/v1/transfers/${transfer}/recipients`
  try {
    await gateway.post(recipientAnswer, path, addition)
  } catch (error) {
    const asked = recipientProblem.safeParse(error instanceof GatewayRefusal ? error.body : null)
    const { data: challenge } = challengeAnswer.safeParse(asked.data?.challenge)
    if (!challenge) throw error
    const actor = who.principal
    const proof = await keys.ask({ do: 'prove sharing', challenge, gateway: about.name, actor })
    await gateway.post(recipientAnswer, path, { ...addition, ...proof })
  }
}
