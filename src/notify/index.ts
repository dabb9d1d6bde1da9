/**
 * The room that notifies people: an outbox with leases and retries, and channels to send on.
 *
 * In:  a notice and its addressees, inside the transaction of the change it reports.
 * Out: e-mail, signed webhooks, and Web Push.
 * Always true: once committed, a notice is sent at least once, always with the same ID, unless it
 *      is withdrawn first; no notice contains anything that identifies a patient; no request goes
 *      to an arbitrary address supplied by a client.
 * Trusts: the receivers with case codes, facilities and times.
 */
export type { SendOne } from './channels.js'
export { createMail } from './mail.js'
export { NOTICE_EVENTS } from './notice.js'
export type { Notice } from './notice.js'
export { createNotify } from './notify.js'
export type { Notify } from './notify.js'
export type { Channel } from './outbox.js'
export { createPushDesk } from './push-desk.js'
export type { PushDesk } from './push-desk.js'
export { createPush, subscriptionsOf, unsubscribe, vapidKeysOf } from './push.js'
export type { PushConfig } from './push.js'
export { createWebhook } from './webhook.js'
