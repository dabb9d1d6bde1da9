/** The way from an edge to its gateway, over HTTPS. */
import { CommandError } from '../command-error.js'
import { ConnectionError, GatewayError, jsonCall } from '../client.js'
import type { GatewayClient } from '../client.js'
import { parseAnswer } from '../parse-answer.js'
import { retry } from '../retry.js'
import type { Trust } from '../trust/trust.js'
import { write } from '../write-body.js'
import type { Line } from '../../edge/forward.js'
import { sealedAnswer, sealedItemAnswer, sealingAnswer } from '../../protocol/sealing/http.js'
import type { SealingAnswer } from '../../protocol/sealing/http.js'
import { changedAnswer } from '../../protocol/http/transfers.js'

export interface LineParts {
  readonly client: GatewayClient
  readonly trust: Pick<Trust, 'checkReceipt'>
  readonly signal: AbortSignal
  readonly onRetry: () => void
}

/** What the gateway tells an edge. @throws GatewayError, ConnectionError */
export const fetchSealing = async (client: GatewayClient): Promise<SealingAnswer> =>
  parseAnswer(sealingAnswer, await client.json({ path: '/v1/sealing' }))

/** Each step may be repeated: the gateway recognizes what it has. */
export function lineTo(parts: LineParts): Line {
  const { client, trust } = parts
  return {
    begin: (signed) =>
      retry(parts, async () =>
        parseAnswer(sealedAnswer, await client.json(jsonCall('/v1/sealed', { ...signed }))),
      ),
    send: async ({ transfer, index, size, octets }) => {
      await retry(parts, async () => {
        const bytes = await octets()
        const answer = await client.json({
          method: 'POST',
          path: `/v1/sealed/${transfer}/items/${String(index)}`,
          body: {
            contentType: 'application/octet-stream',
            contentLength: size,
            writeTo: async (request, stopped) => {
              for await (const piece of bytes) {
                if (stopped.aborted) return
                await write(request, piece, stopped)
              }
            },
          },
        })
        parseAnswer(sealedItemAnswer, answer)
      })
    },
    complete: async (transfer) => {
      const answer = await retry(parts, async () =>
        parseAnswer(changedAnswer, await client.post(`/v1/sealed/${transfer}/complete`)),
      )
      await trust.checkReceipt(answer.receipt, transfer)
    },
  }
}

/** Whether the line is cut or the gateway is busy, so that what was sealed has to wait. */
export const isAway = (error: unknown): boolean =>
  error instanceof ConnectionError ||
  (error instanceof GatewayError && error.status >= 500) ||
  (error instanceof CommandError && error.exit === 4)
