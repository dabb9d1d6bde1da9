/** Signs and sends the decision about an incident. */
import { idAnswer, incidentAnswer } from '../../protocol/http/compliance.js'
import { gatewayAnswer } from '../../protocol/http/gateway.js'
import { writeDecision } from '../../protocol/incident-decision.js'
import type { IncidentDecision } from '../../protocol/incident-decision.js'
import { signDetached } from '../../seal/keys/index.js'
import type { PrivateKey } from '../../seal/keys/index.js'
import type { GatewayClient } from '../client.js'
import { parseAnswer } from '../parse-answer.js'

/** The decision is about the facts as they are now: if they change meanwhile, it is refused. */
export async function decideSigned(
  client: GatewayClient,
  asked: {
    readonly incident: string
    readonly decision: IncidentDecision['decision']
    readonly by: string
    readonly key: PrivateKey
  },
): Promise<{ readonly id: string; readonly receipt: string }> {
  const { incident, decision, by, key } = asked
  const path = `/v1/incidents/${encodeURIComponent(incident)}`
  const { name } = parseAnswer(gatewayAnswer, await client.json({ path: '/v1/gateway' }))
  const { digests, facts } = parseAnswer(incidentAnswer, await client.json({ path }))
  const statement = writeDecision({
    ...{ gateway: name, incident, decision, by },
    ...{ facts: digests.facts, factors: digests.factors, individuals: facts.individuals.total },
    signedAt: new Date().toISOString(),
  })
  const signature = await signDetached(statement, key, new Date())
  return parseAnswer(idAnswer, await client.post(`${path}/decision`, { statement, signature }))
}
