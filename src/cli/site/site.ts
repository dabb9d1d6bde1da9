import type { Site } from '../../config/index.js'
import type { Rooms } from '../../gateway/rooms.js'

/** The ledger actor for commands that work directly on a site's files. */
export { SITE as SITE_ACTOR } from '../../lib/actors.js'

/** @throws SiteInvalidError listing every error in the site */
export async function openSite(dir: string, env: NodeJS.ProcessEnv = process.env): Promise<Site> {
  // Loaded one after another: parallel loading gains nothing, since they share most modules.
  const { loadSite } = await import('../../config/index.js')
  const { inspectCertificate } = await import('../../seal/keys/index.js')
  const { BUILT_IN_PROFILES, loadProfile } = await import('../../deidentify/rules/index.js')
  const now = new Date()
  return loadSite(dir, env, {
    now,
    inspectCertificate: (armored, policy) => inspectCertificate(armored, now, policy),
    builtInProfiles: BUILT_IN_PROFILES,
    loadProfile,
  })
}

/**
 * Runs `work` with the rooms of a site and closes them afterwards; a gateway may be running on the
 * site at the same time.
 */
export async function withRooms<T>(
  dir: string,
  work: (rooms: Rooms) => Promise<T>,
  options: { readonly anchor?: 'check' | 'skip'; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<T> {
  const { env, ...opening } = options
  const [site, { openRooms }, { createLogger }] = await Promise.all([
    openSite(dir, env),
    import('../../gateway/rooms.js'),
    import('../../lib/logger.js'),
  ])
  // Log lines of a room would be mixed with the command's own output.
  const rooms = await openRooms(site, { ...opening, logger: createLogger('silent') })
  try {
    return await work(rooms)
  } finally {
    await rooms.close()
  }
}

/** Address of this site's gateway on this machine, if one is running. */
export function addressOfSite({ config }: Site): string {
  const { host, port, tls } = config.gateway
  const local = host === '0.0.0.0' || host === '::' ? 'localhost' : host
  return `${tls ? 'https' : 'http'}://${local.includes(':') ? `[${local}]` : local}:${port}`
}
