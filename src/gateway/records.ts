/** Opens the site's own records and the directory. */
import { keyIdOf } from '../deidentify/identity/index.js'
import { createDirectory } from '../directory/index.js'
import type { Directory } from '../directory/index.js'
import { problemOfSigner } from '../seal/keys/index.js'
import {
  createCertificates,
  createCertificateWarnings,
  createClientCertificates,
  createConfigurationRecord,
  createFacilityKeys,
  createGatewayKeys,
  createMemberships,
} from '../site/index.js'
import type {
  Certificates,
  CertificateWarnings,
  FacilityKeys,
  GatewayKeys,
  Memberships,
} from '../site/index.js'
import { createInvitations } from '../site/enrolment/index.js'
import type { Invitations } from '../site/enrolment/index.js'
import type { Ground } from './ground.js'
import { createRosterSealing } from './sealing.js'

export interface RecordRooms {
  readonly directory: Directory
  readonly certificates: Certificates
  readonly memberships: Memberships
  readonly invitations: Invitations
  readonly certificateWarnings: CertificateWarnings
  readonly clientCertificates: ReturnType<typeof createClientCertificates>
  readonly configuration: ReturnType<typeof createConfigurationRecord>
  readonly facilityKeys: FacilityKeys
  readonly gatewayKeys: GatewayKeys
}

export async function openRecords(ground: Ground): Promise<RecordRooms> {
  const { site, filed, roll, state, ledger, guard, keys, gatewayKey, now } = ground
  const { config, secrets } = site
  const certificates = await createCertificates({
    ...{ config, state, ledger, guard, now },
    isVouched: ({ principal, fingerprint }) =>
      ground.edge?.isVouched(principal, fingerprint) ?? false,
    fingerprintOf: async (certificate) => (await keys.inspect(certificate)).fingerprint,
    isRevoked: async (certificate) => {
      const { problems } = await keys.inspect(certificate)
      return problems.some(({ code }) => code === 'certificate_revoked')
    },
    verifyDetached: keys.verifyDetached,
  })
  const memberships = await createMemberships({ config, ledger })
  const directory = createDirectory(config, {
    isMember: (member) => memberships.isInEffect(member),
    toRecipient: keys.toRecipient,
    inspectCertificate: keys.inspect,
    inEffect: (id) => certificates.inEffect(id),
    onRoster: createRosterSealing({ config, db: state.db, ledger, now }),
  })
  const clientCertificates = createClientCertificates({ state, now })
  return {
    directory,
    certificates,
    clientCertificates,
    memberships,
    invitations: createInvitations({
      ...{ config, roll, state, ledger, guard, now, inspect: keys.inspect },
      verifyDetached: keys.verifyDetached,
      fingerprints: async () =>
        (await directory.certificates()).map(({ fingerprint }) => fingerprint),
    }),
    certificateWarnings: createCertificateWarnings({
      ...{ directory, certificates, clientCertificates, now },
      gatewayKeyUntil: ground.gatewayKeyUntil,
    }),
    configuration: createConfigurationRecord({
      ...{ config: filed, ledger, ledgerKey: secrets.ledgerKey },
    }),
    facilityKeys: createFacilityKeys({
      ...{ facilities: config.facilities, secrets, state, ledger, keyIdOf, now },
    }),
    gatewayKeys: createGatewayKeys({
      ...{ key: gatewayKey, state, ledger, guard, now },
      problemOf: async (certificate) => problemOfSigner(await keys.inspect(certificate)),
    }),
  }
}
