/**
 * The room that tells people: an outbox with leases and retries, and channels to send on.
 *
 * In:  a notice and the people it is for, inside the transaction of what happened.
 * Out: e-mail, signed webhooks, and Web Push.
 * Always true: what was committed is sent at least once, with one id, until it is sent or no longer
 *      true; no notice holds anything that identifies a patient; no request goes to an address that
 *      a client made up.
 * Trusts: the receivers with case codes, facilities and times.
 */
export type { SendOne } from './channels.js'
export { createMail } from './mail.js'
export type { MailConfig } from './mail.js'
export { NOTICE_EVENTS } from './notice.js'
export type { Notice } from './notice.js'
export { createNotify } from './notify.js'
export type { Notify } from './notify.js'
export type { Channel } from './outbox.js'
export { createPush, subscribe, subscriptionsOf, vapidKeysOf } from './push.js'
export type { PushConfig, PushSubscription } from './push.js'
export { createWebhook } from './webhook.js'
