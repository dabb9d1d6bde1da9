/** The gateway's HTTP interface, as the pages use it. The token is kept in memory alone. */
import * as z from 'zod/mini'
import { caseView, casesAnswer, claimProblem, claimedAnswer } from '../../../protocol/http/cases.js'
import type { CaseView, ChallengeAnswer } from '../../../protocol/http/cases.js'
import {
  challengeAnswer as signInChallenge,
  gatewayAnswer,
  sessionAnswer,
  tokenAnswer,
} from '../../../protocol/http/gateway.js'
import type { GatewayAnswer, SessionAnswer } from '../../../protocol/http/gateway.js'
import { sealerAnswer } from '../../../protocol/sealing/http.js'
import type { SealerAnswer } from '../../../protocol/sealing/http.js'
import { changedAnswer, transferAnswer } from '../../../protocol/http/transfers.js'
import { problem } from '../../../protocol/http/problem.js'

/** A refusal of the gateway, or a connection that failed (`unreachable`). */
export class GatewayRefusal extends Error {
  override readonly name = 'GatewayRefusal'
  readonly code: string
  readonly hint: string
  readonly body: unknown

  constructor(title: string, about: { code: string; hint: string; body?: unknown }) {
    super(title)
    this.code = about.code
    this.hint = about.hint
    this.body = about.body
  }
}

export class Gateway {
  readonly #token: string

  constructor(token: string) {
    this.#token = token
  }

  session(): Promise<SessionAnswer> {
    return call(sessionAnswer, '/v1/session', this.headers())
  }

  async cases(): Promise<readonly CaseView[]> {
    return (await call(casesAnswer, '/v1/cases', this.headers())).cases
  }

  case(id: string): Promise<CaseView> {
    return this.get(caseView, `/v1/cases/${id}`)
  }

  /** The challenge that a claim without proof gets. */
  async challenge(caseId: string): Promise<ChallengeAnswer> {
    try {
      await this.post(claimedAnswer, `/v1/cases/${caseId}/claim`, {})
    } catch (error) {
      const { data } = claimProblem.safeParse(error instanceof GatewayRefusal ? error.body : null)
      if (data?.challenge) return data.challenge
      throw error
    }
    throw new GatewayRefusal('The gateway asked for no proof.', {
      code: 'claim_unproven',
      hint: 'Tell the operator: this page and the gateway are of different versions.',
    })
  }

  claim(caseId: string, proof: object): Promise<unknown> {
    return this.post(claimedAnswer, `/v1/cases/${caseId}/claim`, proof)
  }

  release(caseId: string): Promise<unknown> {
    return this.post(z.unknown(), `/v1/cases/${caseId}/release`, {})
  }

  renew(caseId: string): Promise<unknown> {
    return this.post(z.unknown(), `/v1/cases/${caseId}/renew`, {})
  }

  async isAcknowledged(transfer: string): Promise<boolean> {
    return (await this.get(transferAnswer, `/v1/transfers/${transfer}`)).state === 'acknowledged'
  }

  acknowledge(transfer: string, statement: object): Promise<unknown> {
    return this.post(changedAnswer, `/v1/transfers/${transfer}/acknowledge`, statement)
  }

  manifest(transfer: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.bytes(`/v1/transfers/${transfer}/manifest`, signal)
  }

  /** The edge that sealed a transfer at its facility. */
  sealer(transfer: string): Promise<SealerAnswer> {
    return this.get(sealerAnswer, `/v1/transfers/${transfer}/sealer`)
  }

  /** The message of one item: key packets and data packet. */
  item(transfer: string, index: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this.bytes(`/v1/transfers/${transfer}/items/${index}`, signal)
  }

  async signOut(): Promise<void> {
    await fetch('/v1/sign-out', { method: 'POST', headers: this.headers() })
  }

  get<T>(schema: z.ZodMiniType<T>, path: string): Promise<T> {
    return call(schema, path, this.headers())
  }

  post<T>(schema: z.ZodMiniType<T>, path: string, body: object): Promise<T> {
    return call(schema, path, this.headers(), body)
  }

  async bytes(path: string, signal?: AbortSignal): Promise<Uint8Array> {
    const response = await request(path, { headers: this.headers(), signal: signal ?? null })
    return new Uint8Array(await response.arrayBuffer())
  }

  async blob(path: string, body?: object): Promise<Blob> {
    return (await request(path, posting(this.headers(), body))).blob()
  }

  headers(): Record<string, string> {
    return { authorization: `Bearer ${this.#token}` }
  }
}

export const aboutGateway = (): Promise<GatewayAnswer> => call(gatewayAnswer, '/v1/gateway', {})

/**
 * Signs in with the signature of a challenge.
 *
 * @throws GatewayRefusal
 */
export async function signIn(
  principal: string,
  sign: (challenge: string) => Promise<string>,
): Promise<Gateway> {
  const { challenge } = await call(signInChallenge, '/v1/sign-in/challenge', {}, { principal })
  const signature = await sign(challenge)
  const body = { principal, challenge, signature }
  const { token } = await call(tokenAnswer, '/v1/sign-in', {}, body)
  return new Gateway(token)
}

/** @throws GatewayRefusal */
export async function call<T>(
  schema: z.ZodMiniType<T>,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<T> {
  return schema.parse(await (await request(path, posting(headers, body))).json())
}

/** With a body, it is sent by POST as JSON. */
function posting(headers: Record<string, string>, body: object | undefined): RequestInit {
  if (!body) return { headers }
  const type = { 'content-type': 'application/json' }
  return { method: 'POST', body: JSON.stringify(body), headers: { ...headers, ...type } }
}

async function request(path: string, how: RequestInit): Promise<Response> {
  const response = await fetch(path, { ...how, cache: 'no-store', redirect: 'error' }).catch(
    (cause: unknown) => {
      if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
      throw refusalIn(0, null)
    },
  )
  if (response.ok) return response
  throw refusalIn(response.status, await response.json().catch(() => null))
}

/** @param status 0 when there was no answer */
export function refusalIn(status: number, body: unknown): GatewayRefusal {
  if (status === 0)
    return new GatewayRefusal('The gateway cannot be reached.', {
      code: 'unreachable',
      hint: 'Check the network and try again; nothing you wrote is lost.',
    })
  const { data } = problem.safeParse(body)
  return new GatewayRefusal(sentence(data?.title ?? `the gateway answered ${status}`), {
    code: data?.code ?? 'unknown',
    hint: sentence(data?.hint ?? 'try again; if it persists, tell the operator'),
    body,
  })
}

/** Texts of the catalogue start in lower case and have no full stop. */
export const sentence = (text: string): string =>
  `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`
