/** A demo site on a PostgreSQL. */
import { writeFile } from 'node:fs/promises'
import { nocturneIn } from './_gateway.js'
import type { TestSite } from './_gateway.js'

const PRINCIPALS = ['facility-a', 'reader-1', 'officer-1', 'operator-1']

/**
 * Points nocturne.yaml to it and issues the tokens anew, since those of the demo are in the
 * database that it was made with. Answers the environment that every command on the site needs: a
 * password has no place in nocturne.yaml.
 */
export async function usePostgres(
  site: TestSite,
  address: string,
  /** What commands on the site need already. */
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
