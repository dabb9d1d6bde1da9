/** What an operator asks the gateway. */
import { useQuery } from '@tanstack/react-query'
import { readyAnswer } from '../../../protocol/http/health.js'
import type { ReadyAnswer } from '../../../protocol/http/health.js'
import { siteAnswer } from '../../../protocol/operation/http.js'
import type { SiteAnswer } from '../../../protocol/operation/http.js'
import { GatewayRefusal } from '../session/gateway.js'
import type { Session } from '../session/session.js'
import { usePace } from '../session/use-updates.js'

/** Readiness is probed at most every ten seconds. */
const POLL_MS = 10_000

export const useSite = ({ gateway }: Session) =>
  useQuery<SiteAnswer>({
    queryKey: ['site'],
    queryFn: () => gateway.get(siteAnswer, '/v1/site'),
    refetchInterval: usePace(POLL_MS),
  })

export const useReadiness = (session: Session) =>
  useQuery<ReadyAnswer>({
    queryKey: ['ready'],
    queryFn: () => readiness(session),
    refetchInterval: POLL_MS,
  })

/** The answer of a gateway that is not ready has status 503 and the same form. */
async function readiness({ gateway }: Session): Promise<ReadyAnswer> {
  try {
    return await gateway.get(readyAnswer, '/readyz')
  } catch (error) {
    const { data } = readyAnswer.safeParse(error instanceof GatewayRefusal ? error.body : null)
    if (data) return data
    throw error
  }
}
