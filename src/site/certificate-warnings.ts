/**
 * Warnings about certificates before somebody can no longer be sealed to, or nothing can be signed.
 */
import type { Directory } from '../directory/index.js'
import type { Certificates } from './certificates.js'
import type { ClientCertificates } from './client-certificates.js'
import { expiryWarning } from './expiry.js'

export interface CertificateWarning {
  /** The principal concerned. The gateway's own key concerns everybody. */
  readonly principal: string
  readonly text: string
}

export interface CertificateWarnings {
  /**
   * Certificates that expire within 60, 30, 14, 7 or 1 days, that have expired, or that were
   * replaced but not confirmed; TLS client certificates in use among them.
   */
  all(): Promise<CertificateWarning[]>
  /** Those about TLS client certificates alone. */
  ofClients(): Promise<CertificateWarning[]>
  /**
   * The warnings for one reader: about their own certificate, and about the key whose signatures
   * they check.
   */
  of(principal: string): Promise<string[]>
  /**
   * Days until each certificate expires, by principal; certificates that never expire are left out.
   */
  daysLeft(): Promise<readonly (readonly [principal: string, days: number])[]>
}

export interface WarningParts {
  readonly directory: Pick<Directory, 'certificates'>
  readonly certificates: Pick<Certificates, 'waiting'>
  readonly clientCertificates: Pick<ClientCertificates, 'used'>
  /** When the gateway's own key expires; undefined when it does not. */
  readonly gatewayKeyUntil: Date | undefined
  readonly now: () => number
}

const DAY_MS = 86_400_000
const GATEWAY = 'gateway'

interface Dated {
  readonly principal: string
  /** When it can no longer be sealed to; for the gateway's key, when it can no longer sign. */
  readonly until: Date | undefined
}

export function createCertificateWarnings(parts: WarningParts): CertificateWarnings {
  return {
    all: () => allWarnings(parts),
    ofClients: () => clientWarnings(parts),
    of: async (principal) =>
      (await allWarnings(parts))
        .filter((warning) => warning.principal === principal || warning.principal === GATEWAY)
        .map(({ text }) => text),
    daysLeft: async () =>
      (await datedCertificates(parts)).flatMap(({ principal, until }) =>
        until === undefined ? [] : [[principal, (until.getTime() - parts.now()) / DAY_MS] as const],
      ),
  }
}

async function datedCertificates({ directory, gatewayKeyUntil }: WarningParts): Promise<Dated[]> {
  const known = await directory.certificates()
  return [
    ...known.map(({ principal, usableUntil }) => ({ principal, until: usableUntil })),
    { principal: GATEWAY, until: gatewayKeyUntil },
  ]
}

async function allWarnings(parts: WarningParts): Promise<CertificateWarning[]> {
  const now = new Date(parts.now())
  const expiring = (await datedCertificates(parts)).flatMap(({ principal, until }) => {
    const what = principal === GATEWAY ? "the gateway's own key" : `the certificate of ${principal}`
    if (until !== undefined && until <= now) return [{ principal, text: `${what} has expired` }]
    const within = expiryWarning(until, now)
    return within === undefined ? [] : [{ principal, text: `${what} expires ${within}` }]
  })
  const waiting = (await parts.certificates.waiting()).map(({ principal }) => ({
    principal,
    text: `a new certificate of ${principal} waits for confirmation: nocturne key confirm`,
  }))
  return [...expiring, ...(await clientWarnings(parts)), ...waiting]
}

async function clientWarnings({
  clientCertificates,
  now,
}: Pick<WarningParts, 'clientCertificates' | 'now'>): Promise<CertificateWarning[]> {
  const time = new Date(now())
  return (await clientCertificates.used()).flatMap(({ principal, validUntil }) => {
    const until = new Date(validUntil)
    const within = until <= time ? undefined : expiryWarning(until, time)
    if (until > time && within === undefined) return []
    const what = `a TLS client certificate of ${principal}`
    return [{ principal, text: `${what} ${within ? `expires ${within}` : 'has expired'}` }]
  })
}
