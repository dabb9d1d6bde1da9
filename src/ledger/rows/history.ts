/**
 * What the ledger says about guarded rows, updated as the log grows. A row restored from an older
 * state of the database has a valid MAC but contradicts a later event.
 */
import type { Ledger } from '../log/index.js'
import type { LedgerEntry } from '../log/events.js'

export interface RowHistory {
  /** Reads the events appended since the last call. */
  follow(): Promise<void>
  /**
   * The newest certificate of a principal according to the ledger; undefined when it names none.
   */
  certificate(principal: string): NamedCertificate | undefined
  principals(): readonly string[]
  /** Whether the certificate was in effect for the principal at some time. */
  wasNamed(principal: string, fingerprint: string): boolean
  /** Whether a register entry was ended. */
  isEnded(entry: string): boolean
  /** Register entries that were added and have not been ended. */
  registered(): readonly string[]
  /** By principal: the invitations by which people were enrolled who have not been removed. */
  enrolled(): ReadonlyMap<string, string>
}

export interface NamedCertificate {
  /** Null once the configuration no longer names the principal. */
  readonly fingerprint: string | null
  /** SHA-256 of the armored certificate, if the event states it. */
  readonly digest: string | undefined
  /** Index of the event in the log. */
  readonly index: number
}

const PAGE = 1_000
const FOLLOWED = [
  'certificate.changed',
  'register.added',
  'register.ended',
  'person.enrolled',
  'person.removed',
] as const

export function createRowHistory(ledger: Pick<Ledger, 'query'>): RowHistory {
  const certificates = new Map<string, NamedCertificate>()
  const fingerprints = new Map<string, Set<string>>()
  const added = new Set<string>()
  const ended = new Set<string>()
  const enrolled = new Map<string, string>()
  let start = 0
  let running: Promise<void> | undefined

  const take = (index: number, { type, related, detail = {} }: LedgerEntry): void => {
    if (type === 'register.added' && related !== undefined) added.add(related)
    if (type === 'register.ended' && related !== undefined) {
      added.delete(related)
      ended.add(related)
    }
    const { principal, to, certificate } = detail
    if (type === 'person.enrolled' && typeof principal === 'string' && related !== undefined)
      enrolled.set(principal, related)
    if (type === 'person.removed' && typeof principal === 'string') enrolled.delete(principal)
    if (type !== 'certificate.changed' || typeof principal !== 'string') return
    const all = fingerprints.get(principal) ?? new Set()
    fingerprints.set(principal, typeof to === 'string' ? all.add(to) : all)
    certificates.set(principal, {
      fingerprint: typeof to === 'string' ? to : null,
      digest: typeof certificate === 'string' ? certificate : undefined,
      index,
    })
  }

  const read = async (): Promise<void> => {
    for (let isMore = true; isMore;) {
      const { rows, next } = await ledger.query({
        types: FOLLOWED,
        ...{ start, limit: PAGE },
      })
      for (const { index, entry } of rows) {
        take(index, entry)
        start = index + 1
      }
      isMore = next !== undefined
    }
  }

  return {
    // Serialized: two concurrent readers could process an event twice, or out of order.
    follow: async () => {
      await running?.catch(() => undefined)
      running = read()
      await running
    },
    certificate: (principal) => certificates.get(principal),
    principals: () => [...certificates.keys()],
    wasNamed: (principal, fingerprint) => fingerprints.get(principal)?.has(fingerprint) === true,
    isEnded: (entry) => ended.has(entry),
    registered: () => [...added],
    enrolled: () => enrolled,
  }
}
