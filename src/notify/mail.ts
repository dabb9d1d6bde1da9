/** Sends a notification by e-mail. */
import { createTransport } from 'nodemailer'
import { systemCode } from '../lib/errors.js'
import type { SendOne } from './channels.js'
import { sendFailure } from './channels.js'
import { textOf, titleOf } from './notice.js'

export interface MailConfig {
  readonly host: string
  readonly port: number
  /**
   * TLS from the first byte (port 465). Otherwise STARTTLS, which is required except to this
   * machine.
   */
  readonly secure: boolean
  readonly from: string
  readonly user?: string
  readonly password?: string
  /** PEM, for a server whose certificate is not signed by a public authority. */
  readonly ca?: string
}

const TIMEOUT_MS = 10_000

/** @param addressOf returns undefined for a person without an address. */
export function createMail(
  config: MailConfig,
  addressOf: (person: string) => string | undefined,
): SendOne {
  const { host, port, secure, from, user, password, ca } = config
  const transport = createTransport({
    host,
    port,
    secure,
    requireTLS: !secure && !isLoopback(host),
    ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  return async ({ id, person, notice }) => {
    const to = addressOf(person)
    if (to === undefined) return sendFailure('no-address', true)
    try {
      await transport.sendMail({
        from,
        to,
        subject: titleOf(notice),
        text: textOf(notice),
        // The same for every attempt, so that a mailbox that receives it twice shows it once.
        messageId: `<${id}@${host}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
      return undefined
    } catch (error) {
      return sendFailure(codeOf(error))
    }
  }
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '127.0.0.1' || host === '::1'

/** Nodemailer's own codes, such as `EAUTH`; the server's text is left out. */
function codeOf(error: unknown): string {
  const code = systemCode(error)
  return code !== undefined && /^[A-Z_]{1,20}$/.test(code) ? code.toLowerCase() : 'unreachable'
}
