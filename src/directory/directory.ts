import type { FacilityConfig, SiteConfig } from '../config/index.js'
import { NocturneError } from '../lib/errors.js'
import type { CertificateReport, Recipient } from '../seal/keys/index.js'
import type { Directory, KnownCertificate, Principal } from './principal.js'

export interface DirectoryParts {
  /**
   * The certificate as a recipient, if the policy accepts it today; implemented by the seal room.
   */
  readonly toRecipient: (id: string, certificate: string) => Promise<Recipient>
  /** Implemented by the seal room. */
  readonly inspectCertificate: (
    certificate: string,
  ) => Promise<Pick<CertificateReport, 'fingerprint' | 'usableUntil' | 'problems'>>
  /**
   * Returns the certificate in effect if one is recorded; otherwise the one in the file counts.
   * Null when none may be used: then the principal is nobody. Called every time, because it may
   * change.
   */
  readonly inEffect?: (id: string) => string | null | undefined
  /**
   * Those of the present readers of a group to whom studies are sealed; undefined for all.
   */
  readonly onRoster?: (
    group: string,
    present: readonly string[],
  ) => Promise<ReadonlySet<string> | undefined>
  /** Whether a reader that the configuration names in a group takes part in it now. */
  readonly isMember?: (member: { readonly principal: string; readonly group: string }) => boolean
}

/** The recipient ID of the recovery certificate. */
const RECOVERY = 'recovery'

type People = Pick<SiteConfig, 'facilities' | 'groups' | 'people' | 'recovery'> & {
  readonly profiles?: SiteConfig['profiles']
}

/**
 * Everyone in the configuration, whose people and groups may change. A facility is also a
 * principal: it sends its own studies.
 */
export function createDirectory(config: People, parts: DirectoryParts): Directory {
  const { toRecipient, inEffect = () => undefined, isMember = () => true } = parts
  const { onRoster = () => Promise.resolve(undefined) } = parts
  const factsOf = createFacts(parts)
  const facilities = new Map(config.facilities.map((one) => [one.id, one]))
  const known = createIndex(config)

  const principal = (id: string): Principal | undefined => {
    const found = known().principals.get(id)
    const certificate = inEffect(id)
    if (certificate === null) return undefined
    if (!found) return undefined
    const own = found.groups.filter((group) => isMember({ principal: id, group }))
    return { ...found, groups: own, certificate: certificate ?? found.certificate }
  }

  // Checked again for every transfer: a certificate that was valid at startup may expire during the
  // night.
  const recipient = async (id: string): Promise<Recipient> => {
    const certificate = principal(id)?.certificate
    if (certificate === undefined) throw new NocturneError('recipient_unusable', { subject: id })
    try {
      return await toRecipient(id, certificate)
    } catch (error) {
      throw new NocturneError('recipient_unusable', { subject: id, cause: error })
    }
  }

  /** A group all of whose readers wait would seal to the recovery certificate alone. */
  const present = (id: string): readonly string[] => {
    const { readers, others } = membersOf(known().groups.get(id))
    const own = readers.filter((reader) => isMember({ principal: reader, group: id }))
    if (own.length === 0) throw new NocturneError('recipient_unusable', { subject: id })
    return [...own, ...others]
  }

  return {
    principal,
    isRevoked: async ({ certificate }) => (await factsOf(certificate)).isRevoked,
    facility: (id) => facilities.get(id),
    group: (id) => known().groups.get(id),

    profileOf: (facility, named) => profileOf(config.profiles ?? {}, facility, named),

    recipientsOf: async (id) => inOrder(present(id), recipient),

    sealingRecipientsOf: async (id) =>
      inOrder(await chosenOf(onRoster, id, present(id)), recipient),

    usableRecipientsOf: async (id) => usable(present(id).map(recipient)),

    async recipientsOfAny(ids) {
      const found = distinct(await usable(presentInAny(ids, present).map(recipient)))
      if (!found.some(({ id }) => id !== RECOVERY))
        throw new NocturneError('recipient_unusable', { subject: ids.join(', ') })
      return found
    },

    async facilityRecipient(id) {
      if (!facilities.has(id)) throw new NocturneError('recipient_unusable', { subject: id })
      return recipient(id)
    },

    recipient,

    certificates: () =>
      Promise.all(
        [...known().principals.values()].map(async ({ id, certificate }) => ({
          principal: id,
          ...(await factsOf(inEffect(id) ?? certificate)),
        })),
      ),
  }
}

function profileOf(
  profiles: SiteConfig['profiles'],
  facility: FacilityConfig,
  named: string | undefined,
): FacilityConfig['profile'] {
  if (named === undefined) return facility.profile
  const profile = profiles[named]
  if (!profile) throw new NocturneError('site_invalid', { subject: facility.id })
  return profile
}

/** One after the other: the first that the policy rejects is named. */
async function inOrder(
  ids: readonly string[],
  recipient: (id: string) => Promise<Recipient>,
): Promise<readonly Recipient[]> {
  const recipients: Recipient[] = []
  for (const id of ids) recipients.push(await recipient(id))
  return recipients
}

/** Recovery, and those of the present readers whom the roster names. */
async function chosenOf(
  onRoster: NonNullable<DirectoryParts['onRoster']>,
  group: string,
  present: readonly string[],
): Promise<readonly string[]> {
  const among = await onRoster(group, present)
  return present.filter((one) => one === RECOVERY || (among?.has(one) ?? true))
}

/** A group without a present reader has nobody to seal to. */
const presentInAny = (
  ids: readonly string[],
  present: (id: string) => readonly string[],
): readonly string[] => {
  const found = ids.flatMap((id) => {
    try {
      return present(id)
    } catch {
      return []
    }
  })
  return [...new Set(found)]
}

const usable = async (asked: readonly Promise<Recipient>[]): Promise<readonly Recipient[]> => {
  const found = await Promise.allSettled(asked)
  return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

/** Two people may use the same certificate. */
const distinct = (found: readonly Recipient[]): readonly Recipient[] => [
  ...new Map(found.map((one) => [one.fingerprint, one])).values(),
]

interface Index {
  readonly of: Pick<People, 'people' | 'groups'>
  readonly groups: ReadonlyMap<string, People['groups'][number]>
  readonly principals: ReadonlyMap<string, Principal>
}

/** Made anew when somebody was enrolled or removed: then the configuration has other arrays. */
function createIndex(config: People): () => Index {
  let index: Index | undefined
  return () => {
    const { people, groups } = config
    if (index?.of.people === people && index.of.groups === groups) return index
    index = {
      of: { people, groups },
      groups: new Map(groups.map((one) => [one.id, one])),
      principals: new Map(principalsOf(config).map((one) => [one.id, one])),
    }
    return index
  }
}

type Facts = Omit<KnownCertificate, 'principal'>

/** Cached, because reading a certificate takes milliseconds and these facts do not change. */
function createFacts({
  inspectCertificate,
}: DirectoryParts): (certificate: string) => Promise<Facts> {
  const known = new Map<string, Facts>()
  return async (certificate) => {
    const found = known.get(certificate)
    if (found) return found
    const { fingerprint, usableUntil, problems } = await inspectCertificate(certificate)
    const isRevoked = problems.some(({ code }) => code === 'certificate_revoked')
    const facts = { fingerprint, usableUntil, isRevoked }
    known.set(certificate, facts)
    return facts
  }
}

/**
 * Facilities, people, and the holder of the recovery key. The latter signs in as a principal of its
 * own, for which no token is ever issued.
 */
const principalsOf = ({ facilities, groups, people, recovery }: People): readonly Principal[] => [
  ...facilities.map(asSender),
  ...people.map((person) => asPrincipal(person, groups)),
  { id: RECOVERY, role: 'recovery', facility: undefined, groups: [], certificate: recovery },
]

const asSender = ({ id, certificate }: FacilityConfig): Principal => ({
  id,
  role: 'sender',
  facility: id,
  groups: [],
  certificate,
})

function asPrincipal(
  { id, role, facility, certificate }: People['people'][number],
  groups: People['groups'],
): Principal {
  const readsFor = groups.filter(({ readers }) => readers.includes(id))
  return {
    id,
    role,
    facility: role === 'sender' ? facility : undefined,
    groups: role === 'reader' ? readsFor.map((group) => group.id) : [],
    certificate,
  }
}

/**
 * The members to whom a group's transfers are sealed.
 *
 * @throws NocturneError `unknown_group`
 */
function membersOf(group: People['groups'][number] | undefined) {
  // A group without readers would seal to the recovery certificate alone, and nobody would notice
  // until the morning.
  if (group === undefined || group.readers.length === 0) throw new NocturneError('unknown_group')
  return { readers: group.readers, others: [RECOVERY] }
}
