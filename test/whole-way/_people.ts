/** People that a demo site does not have. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { nocturne } from './_gateway.js'
import type { TestSite } from './_gateway.js'

/**
 * Creates a key and adds its holder to nocturne.yaml; `setReaders` determines who reads for which
 * group.
 */
export async function makeReader(site: TestSite, name: string): Promise<void> {
  await nocturne('key', 'new', '--name', name, '--out', site.keyFile(name))
  await rename(site.keyFile(name).replace('.asc', '.pub.asc'), join(site.dir, `keys/${name}.asc`))
  await site.configure((yaml) =>
    yaml.replace(
      /^people:\n/m,
      `people:\n  - { id: ${name}, role: reader, certificate: keys/${name}.asc }\n`,
    ),
  )
}

export const setReaders = (site: TestSite, ...names: readonly string[]): Promise<void> =>
  site.configure((yaml) => yaml.replace(/readers: \[.*\]/, `readers: [${names.join(', ')}]`))

/**
 * Either the gateway already knows them, or none is running: the database must be free, or shared.
 */
export async function issueToken(site: TestSite, name: string): Promise<void> {
  const where = ['--site', site.dir, '--principal', name, '--out', site.tokenFile(name)]
  const { status, stderr } = await nocturne('token', 'issue', ...where)
  if (status !== 0) throw new Error(`no token for ${name}: ${stderr}`)
}
