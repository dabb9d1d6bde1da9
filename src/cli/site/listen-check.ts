/** Whether the gateway could listen where it is configured to. */
import { createServer } from 'node:net'
import type { SiteConfig, SiteProblem, SiteSurvey } from '../../config/index.js'
import { asNocturneError, systemCode } from '../../lib/errors.js'
import { lockSite } from '../../running/site-lock.js'

interface Place {
  readonly path: string
  readonly host: string
  readonly port: number
}

/**
 * Tries each address and gives it back at once. Nothing is tried while a gateway of this site is
 * running, which listens there itself.
 */
export async function checkListeners({ site }: SiteSurvey): Promise<SiteProblem[]> {
  if (!site || (await isServed(site.config))) return []
  const { gateway, doors } = site.config
  const places: Place[] = [{ path: 'gateway.listen', host: gateway.host, port: gateway.port }]
  if (gateway.metrics) places.push({ path: 'gateway.metrics', ...gateway.metrics })
  if (doors.dimse) {
    const { host, port } = doors.dimse
    places.push({ path: 'doors.dimse.listen', host, port })
  }
  return (await Promise.all(places.map(checkPlace))).flat()
}

/** Whether a gateway of this site is running; with PostgreSQL, several may be. */
async function isServed({ dir, database }: SiteConfig): Promise<boolean> {
  if (!database.startsWith('sqlite:')) return false
  try {
    const unlock = await lockSite(dir)
    await unlock()
    return false
  } catch (error) {
    return asNocturneError(error).code === 'site_in_use'
  }
}

async function checkPlace({ path, host, port }: Place): Promise<SiteProblem[]> {
  if (port === 0) return []
  const code = await failureAt(host, port)
  if (code === undefined) return []
  const where = `${host}:${String(port)}`
  return [
    {
      path,
      problem: PROBLEMS[code]?.replace('%', where) ?? `cannot listen on ${where} (${code})`,
      hint: HINTS[code] ?? 'choose another address or port',
    },
  ]
}

const PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: '% is in use by another program',
  EACCES: 'this user may not listen on %',
  EADDRNOTAVAIL: '% is not an address of this machine',
  ENOTFOUND: 'the host name of % is not known',
}

const HINTS: Readonly<Record<string, string>> = {
  EADDRINUSE:
    'stop the other program, or choose another port; if it is a gateway of this site on PostgreSQL, no action is needed',
  EACCES:
    'choose a port above 1023, or give the service the capability CAP_NET_BIND_SERVICE, as the shipped systemd unit does',
  EADDRNOTAVAIL: 'write an address that this machine has, or 0.0.0.0 for all of them',
}

const failureAt = (host: string, port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(systemCode(error) ?? 'unknown'))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
