/** What is to be said of certificates before somebody cannot be sealed to, or nothing can be signed. */
import { expiryWarning } from '../config/index.js'
import type { Rooms } from '../rooms.js'
import { waitingCertificates } from './certificates.js'

export interface CertificateWarning {
  /** Whom it concerns; of the gateway's own key everybody. */
  readonly principal: string
  readonly text: string
}

const DAY_MS = 86_400_000
const GATEWAY = 'gateway'

interface Dated {
  readonly principal: string
  /** Until when something can be sealed to it; of the gateway's key, signed with it. */
  readonly until: Date | undefined
}

async function datedCertificates(rooms: Rooms): Promise<Dated[]> {
  const known = await rooms.directory.certificates()
  return [
    ...known.map(({ principal, usableUntil }) => ({ principal, until: usableUntil })),
    { principal: GATEWAY, until: rooms.gatewayKeyUntil },
  ]
}

/** Expiry within 60, 30, 14, 7 and 1 days; expired; and replaced but not confirmed. */
export async function certificateWarnings(rooms: Rooms): Promise<CertificateWarning[]> {
  const now = new Date(rooms.now())
  const expiring = (await datedCertificates(rooms)).flatMap(({ principal, until }) => {
    const what = principal === GATEWAY ? "the gateway's own key" : `the certificate of ${principal}`
    if (until !== undefined && until <= now) return [{ principal, text: `${what} has expired` }]
    const within = expiryWarning(until, now)
    return within === undefined ? [] : [{ principal, text: `${what} expires ${within}` }]
  })
  const waiting = (await waitingCertificates(rooms)).map(({ principal }) => ({
    principal,
    text: `a new certificate of ${principal} waits for confirmation: nocturne key confirm`,
  }))
  return [...expiring, ...waiting]
}

/** Those that a reader is told of: their own certificate, and the key whose signature they check. */
export async function warningsFor(rooms: Rooms, principal: string): Promise<string[]> {
  return (await certificateWarnings(rooms))
    .filter((warning) => warning.principal === principal || warning.principal === GATEWAY)
    .map(({ text }) => text)
}

/** Days that each certificate is still good for, by principal; those that never expire are left out. */
export async function certificateDays(
  rooms: Rooms,
): Promise<readonly (readonly [string, number])[]> {
  return (await datedCertificates(rooms)).flatMap(({ principal, until }) =>
    until === undefined ? [] : [[principal, (until.getTime() - rooms.now()) / DAY_MS] as const],
  )
}
