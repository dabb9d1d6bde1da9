/**
 * The nocturne.yaml that `init` writes: the settings of this site, with the alternatives next to
 * each.
 */

const head = (
  name: string,
) => `# A Nocturne site. Paths are relative to this folder. After a change, run: nocturne check --site .
# config/example-site/nocturne.yaml explains every key; NOCTURNE_... variables override them (src/config/README.md).
# Secrets never belong here: they are in secrets/, and credentials come from the environment.

gateway:
  # Used in the audit log and in key names: choose it once, never change it.
  name: ${name}
  # For access from other machines, HTTPS is required: tls: { cert: tls/cert.pem, key: tls/key.pem }
  listen: 127.0.0.1:8080

# To run several gateways: postgres://USER@HOST/NAME, with the password in NOCTURNE_DATABASE_PASSWORD_FILE.
database: sqlite:data/nocturne.db

# Or { kind: s3, bucket: NAME, region: REGION }.
store: { kind: files, path: data/objects }
`

/** One facility, one group, and one person for each role. */
const demoYaml = (name: string) => `${head(name)}
# Facilities send studies. The profile defines what happens to names, ids and dates: strip or pseudonymize.
facilities:
  - { id: facility-a, certificate: keys/facility-a.asc, profile: pseudonymize, groups: [nights] }

# A PACS on this machine may send by C-STORE, from AE title FACILITY_A to NOCTURNE.
doors:
  dimse:
    listen: 127.0.0.1:11112
    peers: [{ aeTitle: FACILITY_A, facility: facility-a }]

# Reading groups. A transfer is sealed to each reader of its group, and to recovery.
groups:
  - { id: nights, timezone: America/Chicago, readers: [reader-1] }

people:
  - { id: reader-1, role: reader, certificate: keys/reader-1.asc }
  - { id: officer-1, role: officer, certificate: keys/officer-1.asc }
  - { id: operator-1, role: operator, certificate: keys/operator-1.asc }

# Opens everything sealed while it is configured here. Its private key stays offline.
recovery: keys/recovery.asc
`

/** No entries yet: `check` says what to add. */
const emptyYaml = (name: string) => `${head(name)}
# Facilities send studies. The profile defines what happens to names, ids and dates: strip or pseudonymize. For each one:
#   - { id: facility-a, certificate: keys/facility-a.asc, profile: pseudonymize, groups: [nights] }
# and afterwards: nocturne secret new facility-a --site .
facilities: []

# Reading groups. A transfer is sealed to each reader of its group, and to recovery. For each one:
#   - { id: nights, timezone: America/Chicago, readers: [reader-1] }
groups: []

# Roles: reader, officer (audits), operator (runs the gateway), sender (with facility: ID). For each one:
#   - { id: reader-1, role: reader, certificate: keys/reader-1.asc }
people: []

# Opens everything sealed while it is configured here. Its private key was written to recovery-key.asc: move it offline.
recovery: keys/recovery.asc
`

/**
 * Sites that are older keep the default, acknowledged: they have no reports. Nor is anything
 * removed there unless they ask for it.
 */
const CASES = `
# A case leaves the worklist when it is reported. If reports are not sent through this gateway: acknowledged.
cases: { closeOn: reported }

# How long contents are kept after a case was closed, held items, and reports. Leave one out to keep them.
retention: { closed: 30d, quarantine: 90d, reports: 7y }
`

const FIPS = `
# All certificates, including the gateway's, must use RSA or NIST curves: nocturne key new --algorithm nistP384.
keys: { fips: true }
`

/** The text of a new site's nocturne.yaml. */
export const siteYaml = (
  name: string,
  { demo, fips = false }: { readonly demo: boolean; readonly fips?: boolean },
): string => `${demo ? demoYaml(name) : emptyYaml(name)}${CASES}${fips ? FIPS : ''}`
