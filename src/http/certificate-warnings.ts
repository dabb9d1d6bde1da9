/** What is to be said of certificates before somebody cannot be sealed to. */
import { expiryWarning } from '../config/index.js'
import type { Rooms } from '../rooms.js'
import { waitingCertificates } from '../transfer/certificates.js'

export interface CertificateWarning {
  readonly principal: string
  readonly text: string
}

const DAY_MS = 86_400_000

/** Expiry within 60, 30, 14, 7 and 1 days; expired; and replaced but not confirmed. */
export async function certificateWarnings(rooms: Rooms): Promise<CertificateWarning[]> {
  const now = new Date(rooms.now())
  const expiring = (await rooms.directory.certificates()).flatMap(({ principal, usableUntil }) => {
    if (usableUntil !== undefined && usableUntil <= now)
      return [{ principal, text: `the certificate of ${principal} has expired` }]
    const warning = expiryWarning(usableUntil, now)
    if (!warning) return []
    const within = warning.reminder === 1 ? 'a day' : `${warning.reminder} days`
    return [{ principal, text: `the certificate of ${principal} expires within ${within}` }]
  })
  const waiting = (await waitingCertificates(rooms)).map(({ principal }) => ({
    principal,
    text: `a new certificate of ${principal} waits for confirmation: nocturne key confirm`,
  }))
  return [...expiring, ...waiting]
}

/** Days that each certificate is still good for, by principal; those that never expire are left out. */
export async function certificateDays(
  rooms: Rooms,
): Promise<readonly (readonly [string, number])[]> {
  return (await rooms.directory.certificates()).flatMap(({ principal, usableUntil }) =>
    usableUntil === undefined
      ? []
      : [[principal, (usableUntil.getTime() - rooms.now()) / DAY_MS] as const],
  )
}
