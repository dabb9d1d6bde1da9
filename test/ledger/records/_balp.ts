/**
 * IHE BALP 1.1's profiles for RESTful actions, transcribed from the profiles' own constraints: an
 * independent check of what `meta.profile` claims. The package `fhir` checks the types and fields
 * of R4 itself.
 */
import { z } from 'zod'

const DCM = 'http://dicom.nema.org/resources/ontology/DCM'
const REST = 'http://hl7.org/fhir/restful-interaction'
const PARTICIPATION = 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType'
const ENTITY_TYPE = 'http://terminology.hl7.org/CodeSystem/audit-entity-type'
const OBJECT_ROLE = 'http://terminology.hl7.org/CodeSystem/object-role'
const BASE = 'https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.'

interface Profile {
  readonly action: string
  readonly interactions: readonly string[]
  /** Types of agent[client] and agent[server]. */
  readonly client: string
  readonly server: string
  readonly userTypes: readonly string[]
}

const SOURCES = ['AUT', 'INF', 'CST']
const PROFILES: Readonly<Record<string, Profile>> = {
  Create: {
    action: 'C',
    interactions: ['create'],
    client: '110153',
    server: '110152',
    userTypes: SOURCES,
  },
  Read: {
    action: 'R',
    interactions: ['read', 'vread'],
    client: '110152',
    server: '110153',
    userTypes: ['IRCP'],
  },
  Update: {
    action: 'U',
    interactions: ['update', 'patch'],
    client: '110153',
    server: '110152',
    userTypes: SOURCES,
  },
  Query: {
    action: 'E',
    interactions: ['search', 'search-type', 'search-system'],
    client: '110153',
    server: '110152',
    userTypes: ['IRCP'],
  },
}

const coding = z.looseObject({ system: z.string(), code: z.string() })
const concept = z.looseObject({ coding: z.array(coding).optional() })
const what = z.looseObject({ type: z.string().optional(), reference: z.string().optional() })
const resource = z.looseObject({
  meta: z.looseObject({ profile: z.array(z.string()) }).optional(),
  type: coding,
  subtype: z.array(coding),
  action: z.string(),
  recorded: z.string(),
  outcome: z.string(),
  agent: z.array(
    z.looseObject({
      type: concept.optional(),
      who: z.looseObject({}).optional(),
      network: z.looseObject({ address: z.string().min(1) }).optional(),
      media: z.unknown().optional(),
      requestor: z.boolean(),
    }),
  ),
  entity: z.array(
    z.looseObject({
      type: coding,
      role: coding,
      what: what.optional(),
      lifecycle: z.unknown().optional(),
      query: z.string().optional(),
      detail: z.unknown().optional(),
    }),
  ),
})

/** Names of the profiles that the resource claims, without their common prefix. */
export const claimsOf = (claimed: unknown): string[] =>
  (resource.parse(claimed).meta?.profile ?? []).map((url) => url.replace(BASE, ''))

/** How the resource violates the profiles it claims; empty when it conforms. */
export function faultsOf(claimed: unknown): string[] {
  const event = resource.parse(claimed)
  const faults: string[] = []
  const check = (isRight: boolean, fault: string) => isRight || faults.push(fault)
  for (const name of claimsOf(claimed)) {
    const isPatients = name.startsWith('Patient')
    const profile = PROFILES[name.replace(/^Patient/, '')]
    if (!profile) {
      faults.push(`${name} is no profile`)
      continue
    }
    const isCoded = (one: z.infer<typeof coding>, system: string, ...codes: readonly string[]) =>
      one.system === system && codes.includes(one.code)
    const has = (
      one: z.infer<typeof concept> | undefined,
      system: string,
      ...codes: readonly string[]
    ) => one?.coding?.some((each) => isCoded(each, system, ...codes)) === true

    check(
      isCoded(event.type, 'http://terminology.hl7.org/CodeSystem/audit-event-type', 'rest'),
      'type',
    )
    const interactions = event.subtype.filter((one) => isCoded(one, REST, ...profile.interactions))
    check(interactions.length === 1, 'subtype')
    check(event.action === profile.action, 'action')
    check(event.outcome === '0', 'outcome')
    check(
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(event.recorded),
      'recorded',
    )

    for (const [slice, type] of [
      ['client', profile.client],
      ['server', profile.server],
    ] as const) {
      const agents = event.agent.filter((one) => has(one.type, DCM, type))
      check(agents.length === 1, `agent[${slice}] 1..1`)
      for (const { who, network, media } of agents) {
        check(who !== undefined && network !== undefined && media === undefined, `agent[${slice}]`)
      }
    }
    const users = event.agent.filter((one) => has(one.type, PARTICIPATION, ...profile.userTypes))
    check(users.length <= 1, 'agent[user] 0..1')
    for (const { who, network, media, requestor } of users) {
      check(
        who !== undefined && requestor && network === undefined && media === undefined,
        'agent[user]',
      )
    }

    const data = event.entity.filter((one) => isCoded(one.type, ENTITY_TYPE, '2'))
    check(data.length === 1, 'entity[data or query] 1..1')
    for (const one of data) {
      if (profile.action === 'E') {
        check(isCoded(one.role, OBJECT_ROLE, '24'), 'entity[query].role')
        check(/^[A-Za-z0-9+/]+=*$/.test(one.query ?? ''), 'entity[query].query')
        check(
          one.what === undefined && one.detail === undefined && one.lifecycle === undefined,
          'entity[query]',
        )
      } else {
        check(isCoded(one.role, OBJECT_ROLE, '3', '4', '20'), 'entity[data].role')
        check(one.what !== undefined, 'entity[data].what')
      }
    }
    const patients = event.entity.filter((one) => isCoded(one.type, ENTITY_TYPE, '1'))
    check(isPatients ? patients.length === 1 : true, 'entity[patient] 1..1')
    for (const one of isPatients ? patients : []) {
      check(isCoded(one.role, OBJECT_ROLE, '1'), 'entity[patient].role')
      check(
        one.what?.type === 'Patient' || one.what?.reference?.startsWith('Patient/') === true,
        'entity[patient].what',
      )
    }
  }
  return faults
}
