/**
 * Sends a notification to people's browsers (RFC 8030, 8291, 8292). The endpoint is an address
 * supplied by a client, so requests go only to hosts that the site lists, and only over https.
 */
import { createECDH, hkdfSync } from 'node:crypto'
import webPush from 'web-push'
import { NocturneError } from '../lib/errors.js'
import { newId } from '../lib/ids.js'
import type { Tx, Db } from '../state/index.js'
import type { PushSubscriptionTable } from '../state/night/index.js'
import type { SendOne } from './channels.js'
import { sendFailure } from './channels.js'
import { titleOf } from './notice.js'

export interface PushConfig {
  /** Host names, or `*.example.org` for all names below it; with `:port` if it is not 443. */
  readonly hosts: readonly string[]
  /** The `sub` claim of RFC 8292: a mailto: or https: address of the operator. */
  readonly subject: string
}

/** The fields of a browser's PushSubscription. */
export interface PushSubscription {
  readonly endpoint: string
  readonly p256dh: string
  readonly auth: string
}

/**
 * The same on every gateway of the site and after every restart, because subscriptions are bound to
 * it.
 */
export function vapidKeysOf(secret: Uint8Array): { publicKey: string; privateKey: string } {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(Buffer.from(hkdfSync('sha256', secret, '', 'nocturne/vapid/v1', 32)))
  return {
    publicKey: ecdh.getPublicKey('base64url'),
    privateKey: ecdh.getPrivateKey('base64url'),
  }
}

export function isAllowedEndpoint(endpoint: string, hosts: readonly string[]): boolean {
  if (endpoint.length > 2_048 || !URL.canParse(endpoint)) return false
  const { protocol, host, username, password } = new URL(endpoint)
  if (protocol !== 'https:' || username !== '' || password !== '') return false
  return hosts.some((one) => (one.startsWith('*.') ? host.endsWith(one.slice(1)) : host === one))
}

/** Per person; a further browser replaces the oldest one. */
const MAX_SUBSCRIPTIONS = 10

/** @throws NocturneError `push_not_allowed` */
export async function subscribe(
  tx: Tx,
  person: string,
  { endpoint, p256dh, auth }: PushSubscription,
  { hosts, now }: { readonly hosts: readonly string[]; readonly now: number },
): Promise<void> {
  if (!isAllowedEndpoint(endpoint, hosts)) throw new NocturneError('push_not_allowed')
  await tx.deleteFrom('push_subscriptions').where('endpoint', '=', endpoint).execute()
  await tx
    .insertInto('push_subscriptions')
    .values({ id: newId(now), person, endpoint, p256dh, auth, created_at: now })
    .execute()
  const all = await subscriptionsOf(tx, person)
  for (const { id } of all.slice(0, -MAX_SUBSCRIPTIONS)) await unsubscribe(tx, id)
}

export const subscriptionsOf = (
  db: Db | Tx,
  person: string,
): Promise<readonly PushSubscriptionTable[]> =>
  db
    .selectFrom('push_subscriptions')
    .selectAll()
    .where('person', '=', person)
    .orderBy('created_at')
    .orderBy('id')
    .execute()

/** Forgets a browser. */
export async function unsubscribe(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('push_subscriptions').where('id', '=', id).execute()
}

export interface PushParts {
  readonly config: PushConfig
  readonly vapid: { readonly publicKey: string; readonly privateKey: string }
  readonly subscriptionsOf: (person: string) => Promise<readonly PushSubscriptionTable[]>
  /** Called when the push service reports that the subscription no longer exists. */
  readonly unsubscribe: (id: string) => Promise<void>
  /** PEM, for a service whose certificate is not signed by a public authority. */
  readonly ca?: string
}

const TIMEOUT_MS = 10_000
/** An older message is useless: by then the escalation has reached its next step. */
const TTL_SECONDS = 10 * 60

/** A notification counts as sent when one of the person's browsers accepted it. */
export function createPush(parts: PushParts): SendOne {
  return async ({ person, notice }) => {
    const all = await parts.subscriptionsOf(person)
    if (all.length === 0) return sendFailure('no-address', true)
    const { code, link, priority, event } = notice
    const body = JSON.stringify({ title: titleOf(notice), event, code, priority, link })
    const codes = await Promise.all(all.map((one) => sendTo(parts, one, body)))
    const failed = codes.find((one) => one !== undefined)
    return codes.includes(undefined) || failed === undefined ? undefined : sendFailure(failed)
  }
}

async function sendTo(
  { config, vapid, unsubscribe, ca }: PushParts,
  { id, endpoint, p256dh, auth }: PushSubscriptionTable,
  body: string,
): Promise<string | undefined> {
  if (!isAllowedEndpoint(endpoint, config.hosts)) return 'push-not-allowed'
  const { Agent } = await import('node:https')
  try {
    await webPush.sendNotification({ endpoint, keys: { p256dh, auth } }, body, {
      vapidDetails: { subject: config.subject, ...vapid },
      TTL: TTL_SECONDS,
      urgency: 'high',
      timeout: TIMEOUT_MS,
      ...(ca !== undefined && { agent: new Agent({ ca }) }),
    })
    return undefined
  } catch (error) {
    if (!(error instanceof webPush.WebPushError)) return 'unreachable'
    // RFC 8030 section 7.3: the subscription no longer exists.
    if (error.statusCode === 404 || error.statusCode === 410) await unsubscribe(id)
    return `status-${error.statusCode}`
  }
}
