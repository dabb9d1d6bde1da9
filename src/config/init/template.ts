/**
 * The nocturne.yaml that `init` writes: the settings of this site, and beside each what else it
 * could be.
 */

const head = (
  name: string,
) => `# A Nocturne site. Paths are relative to this folder. After a change: nocturne check --site .
# Every key is explained in config/example-site/nocturne.yaml; NOCTURNE_... variables override (src/config/README.md).
# Secrets never stand here: they are in secrets/, and credentials come from the environment.

gateway:
  # In the audit log and in key names: choose it once, never change it.
  name: ${name}
  # Beyond this machine HTTPS is required: tls: { cert: tls/cert.pem, key: tls/key.pem }
  listen: 127.0.0.1:8080

# Several gateways share one: postgres://USER@HOST/NAME, password in NOCTURNE_DATABASE_PASSWORD_FILE.
database: sqlite:data/nocturne.db

# Or { kind: s3, bucket: NAME, region: REGION }.
store: { kind: files, path: data/objects }
`

/** One facility, one group, and one person for each role. */
const demoYaml = (name: string) => `${head(name)}
# Who sends. The profile says what becomes of names, ids and dates: strip or pseudonymize.
facilities:
  - { id: facility-a, certificate: keys/facility-a.asc, profile: pseudonymize, groups: [nights] }

# A PACS on this machine may send by C-STORE, as FACILITY_A to NOCTURNE.
doors:
  dimse:
    listen: 127.0.0.1:11112
    peers: [{ aeTitle: FACILITY_A, facility: facility-a }]

# Who reads together. A transfer is sealed to each reader of its group, and to recovery.
groups:
  - { id: nights, timezone: America/Chicago, readers: [reader-1] }

people:
  - { id: reader-1, role: reader, certificate: keys/reader-1.asc }
  - { id: officer-1, role: officer, certificate: keys/officer-1.asc }
  - { id: operator-1, role: operator, certificate: keys/operator-1.asc }

# Opens what was sealed while it stands here. Its private key stays offline.
recovery: keys/recovery.asc
`

/** Nobody yet: \`check\` says what to add. */
const emptyYaml = (name: string) => `${head(name)}
# Who sends. The profile says what becomes of names, ids and dates: strip or pseudonymize. For each one:
#   - { id: facility-a, certificate: keys/facility-a.asc, profile: pseudonymize, groups: [nights] }
# and afterwards: nocturne secret new facility-a --site .
facilities: []

# Who reads together. A transfer is sealed to each reader of its group, and to recovery. For each one:
#   - { id: nights, timezone: America/Chicago, readers: [reader-1] }
groups: []

# Roles: reader, officer (audits), operator (runs the gateway), sender (with facility: ID). For each one:
#   - { id: reader-1, role: reader, certificate: keys/reader-1.asc }
people: []

# Opens what was sealed while it stands here. Its private key was written to recovery-key.asc: move it offline.
recovery: keys/recovery.asc
`

const FIPS = `
# Certificates, the gateway's own among them, are RSA or on NIST curves: nocturne key new --algorithm nistP384.
keys: { fips: true }
`

/** The text of a new site's nocturne.yaml. */
export const siteYaml = (
  name: string,
  { demo, fips = false }: { readonly demo: boolean; readonly fips?: boolean },
): string => `${demo ? demoYaml(name) : emptyYaml(name)}${fips ? FIPS : ''}`
