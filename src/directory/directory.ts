import type { FacilityConfig, SiteConfig } from '../config/index.js'
import { NocturneError } from '../lib/errors.js'
import type { CertificateReport, Recipient } from '../seal/keys/index.js'
import type { Directory, KnownCertificate, Principal } from './principal.js'

export interface DirectoryParts {
  /** Seal's: the certificate as a recipient, when the policy accepts it today. */
  readonly toRecipient: (id: string, certificate: string) => Promise<Recipient>
  /** Seal's. */
  readonly inspectCertificate: (
    certificate: string,
  ) => Promise<Pick<CertificateReport, 'fingerprint' | 'usableUntil'>>
  /**
   * The certificate in effect, when one is recorded; else the file's counts. Asked each time: it
   * may change.
   */
  readonly inEffect?: (id: string) => string | undefined
}

/** The id under which the recovery certificate is a recipient. */
const RECOVERY = 'recovery'

/**
 * Everyone whom the configuration names. A facility is a principal too: a sender of its own
 * studies.
 */
export function createDirectory(
  config: Pick<SiteConfig, 'facilities' | 'groups' | 'people' | 'recovery'>,
  { toRecipient, inspectCertificate, inEffect = () => undefined }: DirectoryParts,
): Directory {
  const known = new Map<string, Omit<KnownCertificate, 'principal'>>()

  /** Reading a certificate takes milliseconds, and what is asked of it does not change. */
  async function factsOf(certificate: string): Promise<Omit<KnownCertificate, 'principal'>> {
    const found = known.get(certificate)
    if (found) return found
    const { fingerprint, usableUntil } = await inspectCertificate(certificate)
    known.set(certificate, { fingerprint, usableUntil })
    return { fingerprint, usableUntil }
  }

  const facilities = new Map(config.facilities.map((one) => [one.id, one]))
  const groups = new Map(config.groups.map((one) => [one.id, one]))
  const principals = new Map(
    [...config.facilities.map(asSender), ...config.people.map(asPrincipal), asRecovery()].map(
      (one) => [one.id, one],
    ),
  )

  /** Whoever holds the recovery key: it signs in as itself, and no token is ever issued for it. */
  function asRecovery(): Principal {
    const certificate = config.recovery
    return { id: RECOVERY, role: 'recovery', facility: undefined, groups: [], certificate }
  }

  function asSender({ id, certificate }: FacilityConfig): Principal {
    return { id, role: 'sender', facility: id, groups: [], certificate }
  }

  function asPrincipal({
    id,
    role,
    facility,
    certificate,
  }: SiteConfig['people'][number]): Principal {
    const readsFor = config.groups.filter(({ readers }) => readers.includes(id))
    return {
      id,
      role,
      facility: role === 'sender' ? facility : undefined,
      groups: role === 'reader' ? readsFor.map((group) => group.id) : [],
      certificate,
    }
  }

  // Asked anew for every transfer: a certificate that was good at the start may expire in the
  // night.
  async function recipient(id: string): Promise<Recipient> {
    const certificate = principal(id)?.certificate
    if (certificate === undefined) throw new NocturneError('recipient_unusable', { subject: id })
    try {
      return await toRecipient(id, certificate)
    } catch (error) {
      throw new NocturneError('recipient_unusable', { subject: id, cause: error })
    }
  }

  function principal(id: string): Principal | undefined {
    const found = principals.get(id)
    const certificate = inEffect(id)
    return found && certificate !== undefined ? { ...found, certificate } : found
  }

  /** Whom a group's transfers are sealed to. */
  function membersOf(id: string): readonly string[] {
    const group = groups.get(id)
    // A group without readers would seal to recovery alone, and nobody would notice until the
    // morning.
    if (group === undefined || group.readers.length === 0) throw new NocturneError('unknown_group')
    return [...group.readers, RECOVERY]
  }

  return {
    principal,
    facility: (id) => facilities.get(id),
    group: (id) => groups.get(id),

    async recipientsOf(id) {
      const recipients: Recipient[] = []
      for (const member of membersOf(id)) recipients.push(await recipient(member))
      return recipients
    },

    async usableRecipientsOf(id) {
      const found = await Promise.allSettled(membersOf(id).map(recipient))
      return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    },

    async facilityRecipient(id) {
      if (!facilities.has(id)) throw new NocturneError('recipient_unusable', { subject: id })
      return recipient(id)
    },

    async certificates() {
      return Promise.all(
        [...principals.values()].map(async ({ id, certificate }) => ({
          principal: id,
          ...(await factsOf(inEffect(id) ?? certificate)),
        })),
      )
    },
  }
}
