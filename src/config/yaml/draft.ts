import { z } from 'zod'
import { doorsSchema, intakeSchema } from './doors-schema.js'
import { sinkFields } from './others-schema.js'
import { facilityFields, groupFields, personFields } from './parties-schema.js'
import { gatewayFields, keysSchema, limitsSchema, storeSchema, topFields } from './schema.js'

/**
 * The site as far as it can be read. Checks that involve more than one field use this, so that an
 * error in one place never hides errors in another: invalid fields are undefined here, and list
 * positions are kept.
 */
const good = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined)

const ids = z.array(good(z.string())).optional().catch(undefined)

const facility = z
  .object({
    id: good(facilityFields.id),
    certificate: good(facilityFields.certificate),
    profile: good(facilityFields.profile),
    encryptedAttributes: good(facilityFields.encryptedAttributes),
    groups: ids,
    releasedBy: ids,
    edges: ids,
    clientCertificates: good(facilityFields.clientCertificates),
    priors: good(facilityFields.priors),
    critical: z
      .object({ contacts: ids, failSafe: good(z.string()) })
      .optional()
      .catch(undefined),
  })
  .catch({})

const group = z
  .object({
    id: good(groupFields.id),
    readers: ids,
    coordinators: ids,
    escalate: good(groupFields.escalate),
  })
  .catch({})

const person = z
  .object({
    id: good(personFields.id),
    role: good(personFields.role),
    certificate: good(personFields.certificate),
    facility: good(personFields.facility),
  })
  .catch({})

const sink = z
  .object({
    ca: good(sinkFields.ca),
    certificate: good(sinkFields.certificate),
    key: good(sinkFields.key),
  })
  .catch({})

const NO_GATEWAY = {
  name: undefined,
  listen: undefined,
  origin: undefined,
  tls: undefined,
  hasTls: false,
}

const draft = z
  .object({
    gateway: z
      .object({
        name: good(gatewayFields.name),
        listen: good(gatewayFields.listen),
        tls: z.unknown().optional(),
        origin: good(gatewayFields.origin),
      })
      // Whether TLS was intended is known even when its entry is invalid: one error is not reported
      // twice.
      .transform(({ tls, ...rest }) => ({
        ...rest,
        tls: good(gatewayFields.tls).parse(tls),
        hasTls: tls !== undefined,
      }))
      .catch(NO_GATEWAY),
    database: good(topFields.database),
    store: good(storeSchema),
    facilities: z.array(facility).catch([]),
    groups: z.array(group).catch([]),
    people: z.array(person).catch([]),
    recovery: good(topFields.recovery),
    sinks: good(z.array(sink)),
    doors: good(doorsSchema),
    intake: good(intakeSchema),
    keys: good(keysSchema),
    limits: good(limitsSchema),
  })
  .catch({ gateway: NO_GATEWAY, facilities: [], groups: [], people: [] })

export type SiteDraft = z.output<typeof draft>
export type PersonDraft = SiteDraft['people'][number]

/** Never fails: anything that cannot be read is omitted. */
export const readDraft = (value: unknown): SiteDraft => draft.parse(value)
