/**
 * Sends a notification as an HTTPS request, signed according to standardwebhooks.com:
 * `webhook-signature` is HMAC-SHA-256 over ID, timestamp and body. A receiver rejects a timestamp
 * that is more than five minutes off, and an ID it has already seen. A replayed request therefore
 * has no effect, and a request resent after a lost answer counts once.
 */
import { createHmac } from 'node:crypto'
import type { SendOne } from './channels.js'
import { sendFailure } from './channels.js'

export interface WebhookConfig {
  readonly id: string
  /** An https URL, or http to this machine. */
  readonly url: string
  readonly secret: Uint8Array
}

const TIMEOUT_MS = 10_000

export const createWebhook =
  ({ url, secret }: WebhookConfig, now: () => number): SendOne =>
  async ({ id, person, notice }) => {
    const body = JSON.stringify({ type: notice.event, person, ...notice, key: undefined })
    const timestamp = String(Math.floor(now() / 1000))
    let response: Response
    try {
      response = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': timestamp,
          'webhook-signature': webhookSignature(secret, id, timestamp, body),
        },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
    } catch {
      return sendFailure('unreachable')
    }
    await response.body?.cancel()
    return response.ok ? undefined : sendFailure(`status-${response.status}`)
  }

export const webhookSignature = (
  secret: Uint8Array,
  id: string,
  timestamp: string,
  body: string,
): string =>
  `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`).digest('base64')}`
