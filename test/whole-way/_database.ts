/** A demo site on a PostgreSQL. */
import { writeFile } from 'node:fs/promises'
import { nocturneIn } from './_gateway.js'
import type { TestSite } from './_gateway.js'

const PRINCIPALS = ['facility-a', 'reader-1', 'officer-1', 'operator-1']

/**
 * Configures nocturne.yaml to use PostgreSQL and issues the tokens again, because those of the demo
 * are in its original database.
 *
 * @returns the environment needed by every command on the site: a password does not belong in
 *   nocturne.yaml.
 */
export async function usePostgres(
  site: TestSite,
  address: string,
  /** The environment that commands on the site already need. */
  before: NodeJS.ProcessEnv = {},
): Promise<NodeJS.ProcessEnv> {
  const url = new URL(address)
  const env = { ...before, NOCTURNE_DATABASE_PASSWORD: decodeURIComponent(url.password) }
  url.password = ''
  await site.configure((yaml) => yaml.replace(/^database:.*$/m, `database: ${url.href}`))
  for (const principal of PRINCIPALS) {
    const words = ['--site', site.dir, '--principal', principal, '--days', '1', '--json']
    const issued = await nocturneIn({ ...process.env, ...env }, 'token', 'issue', ...words)
    if (issued.status !== 0) throw new Error(`no token for ${principal}: ${issued.stderr}`)
    const { token } = JSON.parse(issued.stdout) as { token: string }
    await writeFile(site.tokenFile(principal), `${token}\n`, { mode: 0o600 })
  }
  return env
}
