/** Opens an edge: the rooms of a gateway, on a site that the gateway elsewhere describes. */
import { resolve } from 'node:path'
import type { Site } from '../config/index.js'
import { openRooms } from '../gateway/rooms.js'
import type { Rooms } from '../gateway/rooms.js'
import type { EdgeOptions, RoomOptions } from '../gateway/ground.js'
import { NocturneError } from '../lib/errors.js'
import { lockSite } from '../running/site-lock.js'
import type { ProvenCertificate, SealingAnswer } from '../protocol/sealing/http.js'
import type { Identity } from '../transfer/sealed/index.js'
import { keepTold, readTold, writeSite } from './site.js'
import { readSettings } from './settings.js'

/** What an edge needs to know before it can seal. */
export interface Asking {
  /**
   * What the gateway tells now; undefined when it cannot be reached.
   * @throws errors of a gateway that was reached, and refuses
   */
  readonly ask: () => Promise<SealingAnswer | undefined>
  /** @throws when the pinned ledger does not name the certificate */
  readonly verify: (certificate: ProvenCertificate) => Promise<void>
  readonly load: (dir: string) => Promise<Site>
}

export interface PreparedEdge {
  readonly site: Site
  readonly told: SealingAnswer
  readonly options: EdgeOptions
}

/**
 * Asks the gateway, verifies its answer, and writes the local site. While the line is down, what it
 * told last counts.
 *
 * @throws NocturneError `gateway_unreachable` before the first time; `site_invalid`
 */
export async function prepareEdge(dir: string, asking: Asking): Promise<PreparedEdge> {
  const root = resolve(dir)
  const settings = await readSettings(root)
  const told = (await askVerified(root, asking)) ?? (await readTold(root))
  if (!told) throw new NocturneError('gateway_unreachable')
  const vouched = new Set(certificatesOf(told).map(({ id, fingerprint }) => `${id} ${fingerprint}`))
  const options: EdgeOptions = {
    gateway: told.gateway,
    id: told.edge.id,
    isVouched: (principal, fingerprint) => vouched.has(`${principal} ${fingerprint}`),
  }
  return { site: await writeSite(root, told, settings, asking.load), told, options }
}

/**
 * What the gateway tells now, kept once every proof was verified; undefined when it cannot be
 * reached.
 */
export async function askVerified(
  dir: string,
  { ask, verify }: Pick<Asking, 'ask' | 'verify'>,
): Promise<SealingAnswer | undefined> {
  const told = await ask()
  if (!told) return undefined
  for (const one of certificatesOf(told)) await verify(one)
  await keepTold(resolve(dir), told)
  return told
}

const certificatesOf = ({
  edge,
  facility,
  groups,
}: SealingAnswer): readonly ProvenCertificate[] => [
  edge,
  facility,
  ...groups.flatMap(({ recipients }) => recipients),
]

/**
 * The same steps as the start of a gateway, without its server. The caller closes the rooms.
 *
 * @throws NocturneError `site_in_use` while another command works with the folder; as `openRooms`
 */
export async function openEdgeRooms(
  { site, options }: PreparedEdge,
  more: Pick<RoomOptions, 'logger' | 'now'> = {},
): Promise<Rooms> {
  const unlock = await lockSite(site.config.dir)
  const rooms = await openRooms(site, { ...more, edge: options, isAlone: true }).catch(
    async (error: unknown) => {
      await unlock()
      throw error
    },
  )
  const close = async () => {
    await rooms.close()
    await unlock()
  }
  try {
    await rooms.certificates.record()
    await rooms.memberships.record()
    await rooms.gatewayKeys.record()
    await rooms.facilityKeys.record()
    await rooms.transfers.sweep(Number.MAX_SAFE_INTEGER)
    return { ...rooms, close }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * As whom the edge signs.
 * @throws NocturneError `edge_signature_invalid` when the gateway has another certificate of it
 */
export function identityOf(
  { gatewayKey }: { readonly gatewayKey: Pick<Rooms['gatewayKey'], 'fingerprint' | 'certificate'> },
  { gateway, edge }: SealingAnswer,
): Identity {
  const { fingerprint, certificate } = gatewayKey
  if (edge.fingerprint !== fingerprint)
    throw new NocturneError('edge_signature_invalid', { subject: edge.id })
  return { gateway, edge: edge.id, fingerprint, certificate }
}
