import type { Site } from '../../config/index.js'
import type { Rooms } from '../../gateway/rooms.js'

/** Who acts in the ledger when a command works on a site's files by itself. */
export { SITE as SITE_ACTOR } from '../../lib/actors.js'

/** @throws SiteInvalidError with every mistake of the site */
export async function openSite(dir: string): Promise<Site> {
  // One after another: side by side gains nothing, since they share most of what they load.
  const { loadSite } = await import('../../config/index.js')
  const { inspectCertificate } = await import('../../seal/keys/index.js')
  const { BUILT_IN_PROFILES, loadProfile } = await import('../../deidentify/rules/index.js')
  return loadSite(dir, process.env, {
    inspectCertificate: (armored, policy) => inspectCertificate(armored, new Date(), policy),
    builtInProfiles: BUILT_IN_PROFILES,
    loadProfile,
  })
}

/**
 * Runs `work` with the rooms of a site, beside a gateway that may be running on it, and closes
 * them.
 */
export async function withRooms<T>(
  dir: string,
  work: (rooms: Rooms) => Promise<T>,
  options: { readonly anchor?: 'check' | 'skip' } = {},
): Promise<T> {
  const [site, { openRooms }, { createLogger }] = await Promise.all([
    openSite(dir),
    import('../../gateway/rooms.js'),
    import('../../lib/logger.js'),
  ])
  // The command speaks for itself: a room's log lines would stand between its own.
  const rooms = await openRooms(site, { ...options, logger: createLogger('silent') })
  try {
    return await work(rooms)
  } finally {
    await rooms.close()
  }
}

/** Where a gateway of this site answers on this machine, when one runs. */
export function addressOfSite({ config }: Site): string {
  const { host, port, tls } = config.gateway
  const local = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `${tls ? 'https' : 'http'}://${local.includes(':') ? `[${local}]` : local}:${port}`
}
