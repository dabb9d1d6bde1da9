/** Creates the notification channels that a site configures, and reads their files. */
import { readFile } from 'node:fs/promises'
import { NocturneError } from '../lib/errors.js'
import type { SiteConfig } from '../config/index.js'
import {
  createMail,
  createPush,
  createWebhook,
  subscriptionsOf,
  unsubscribe,
  vapidKeysOf,
} from '../notify/index.js'
import type { Channel, SendOne } from '../notify/index.js'
import type { State } from '../state/index.js'

const LEAST_SECRET_BYTES = 24

/**
 * @throws NocturneError `site_invalid` naming the channel whose file cannot be read or is too short
 */
export async function openChannels(
  config: Pick<SiteConfig, 'notify' | 'people'>,
  state: State,
  secret: Uint8Array,
  now: () => number,
): Promise<ReadonlyMap<Channel, SendOne>> {
  const channels = new Map<Channel, SendOne>()
  const { smtp, webhooks, push } = config.notify
  if (smtp) {
    const { passwordFile, ca, ...rest } = smtp
    const password = passwordFile && (await read(passwordFile, 'notify.smtp')).toString().trim()
    const authority = ca && (await read(ca, 'notify.smtp')).toString()
    const server = { ...rest, ...(password && { password }), ...(authority && { ca: authority }) }
    channels.set(
      'mail',
      createMail(server, (person) => config.people.find(({ id }) => id === person)?.contact?.email),
    )
  }
  for (const { id, url, secretFile } of webhooks) {
    const key = await read(secretFile, `notify.webhooks ${id}`)
    if (key.length < LEAST_SECRET_BYTES)
      throw new NocturneError('site_invalid', { subject: `notify.webhooks ${id}` })
    channels.set(`webhook:${id}`, createWebhook({ id, url, secret: key }, now))
  }
  if (push)
    channels.set(
      'push',
      createPush({
        config: push,
        vapid: vapidKeysOf(secret),
        subscriptionsOf: (person) => subscriptionsOf(state.db, person),
        unsubscribe: (id) => state.transaction((tx) => unsubscribe(tx, id)),
      }),
    )
  return channels
}

async function read(path: string, subject: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new NocturneError('site_invalid', { subject, cause })
  }
}
