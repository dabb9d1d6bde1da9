/** A demo site with more facilities and readers. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newFacilitySecret } from '../../src/config/secrets.js'
import { newKey } from '../../src/seal/keys/index.js'
import type { TestSite } from '../whole-way/_gateway.js'
import { issueToken, makeReader, setReaders } from '../whole-way/_people.js'

export interface Many {
  /** Ids; the first are those of the demo. */
  readonly facilities: readonly string[]
  readonly readers: readonly string[]
}

/** Before the gateway is started. Tokens of all are issued. */
export async function addMany(
  site: TestSite,
  { facilities, readers }: { readonly facilities: number; readonly readers: number },
): Promise<Many> {
  const names = Array.from({ length: facilities }, (_, i) => (i === 0 ? 'facility-a' : `site-${i}`))
  const people = Array.from({ length: readers }, (_, i) => `reader-${i + 1}`)
  for (const name of names.slice(1)) {
    const { certificate } = await newKey({ name })
    await writeFile(join(site.dir, `keys/${name}.asc`), certificate)
    const secret = join(site.dir, `secrets/facilities/${name}.key`)
    await writeFile(secret, newFacilitySecret(), { mode: 0o600 })
  }
  const added = names
    .slice(1)
    .map(
      (id) =>
        `  - { id: ${id}, certificate: keys/${id}.asc, profile: pseudonymize, groups: [nights] }\n`,
    )
  await site.configure((yaml) =>
    yaml.replace(/(\n {2}- \{ id: facility-a,.*\n)/, `$1${added.join('')}`),
  )
  for (const name of people.slice(1)) await makeReader(site, name)
  await setReaders(site, ...people)
  for (const name of [...names.slice(1), ...people.slice(1)]) await issueToken(site, name)
  return { facilities: names, readers: people }
}
