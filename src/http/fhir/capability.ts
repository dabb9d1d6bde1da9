/** The capabilities of the gateway's FHIR interface, for `GET /fhir/metadata`. */
import { BALP, RECORD_PARAMETERS } from '../../ledger/records/index.js'
import { VERSION } from '../../lib/version.js'

const PROFILES = ['Create', 'Read', 'Update', 'Query'].flatMap((name) => [name, `Patient${name}`])

/** A chained name, such as `patient.identifier`, belongs to the parameter with which it begins. */
const isPlain = (name: string): boolean => !name.includes('.')

/** @param since when this gateway took its present form, RFC 3339. */
export const capabilityStatement = (origin: string, since: string) => ({
  resourceType: 'CapabilityStatement',
  status: 'active',
  date: since,
  kind: 'instance',
  software: { name: 'Nocturne', version: VERSION },
  implementation: {
    description: 'The ledger of a transfer gateway as AuditEvents (IHE ATNA, ITI-81)',
    url: `${origin}/fhir`,
  },
  fhirVersion: '4.0.1',
  format: ['json'],
  rest: [
    {
      mode: 'server',
      security: {
        description:
          'A bearer token of an officer. Every read is recorded in the ledger. Send anything that identifies a patient in the body of POST _search, since addresses end up in logs.',
      },
      resource: [
        {
          type: 'AuditEvent',
          supportedProfile: PROFILES.map((name) => `${BALP}${name}`),
          interaction: [{ code: 'read' }, { code: 'search-type' }],
          versioning: 'no-version',
          searchParam: Object.entries(RECORD_PARAMETERS)
            .filter(([name]) => isPlain(name))
            .map(([name, { type, about, form }]) => ({
              name,
              type,
              documentation: `${chainOf(name)}${about}: ${form}`,
            })),
        },
        { type: 'CodeSystem', interaction: [{ code: 'read' }], versioning: 'no-version' },
      ],
    },
  ],
})

function chainOf(name: string): string {
  const chained = `${name}.identifier`
  const parameter = Object.entries(RECORD_PARAMETERS).find(([known]) => known === chained)?.[1]
  return parameter ? `${chained}: ${parameter.about}: ${parameter.form}. ${name}: ` : ''
}
