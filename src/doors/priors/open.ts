/** Connects the queries for prior studies with the doors through which the studies come in. */
import type { Arrivals, ArrivalRooms } from '../../arrivals.js'
import type { Cases } from '../../cases/index.js'
import type { DimseConfig, SiteConfig } from '../../config/index.js'
import type { Directory } from '../../directory/index.js'
import { studyHandle } from '../../intake/index.js'
import type { Logger } from '../../lib/logger.js'
import type { Priors } from '../../priors/index.js'
import type { Timing } from '../dimse/machine.js'
import { clientTls } from '../peer-files.js'
import { Reason } from '../stow/answer.js'
import { storeAll } from '../stow/store.js'
import { createPriorAsking } from './ask.js'
import type { PriorAsking } from './ask.js'
import { dimsePacs } from './dimse.js'
import type { Pacs } from './pacs.js'
import { webPacs } from './web.js'
import type { StoreStudy } from './web.js'

export interface PriorRooms extends Pick<ArrivalRooms, 'facilityKeys'> {
  readonly site: { readonly config: Pick<SiteConfig, 'doors' | 'limits'> }
  readonly directory: Pick<Directory, 'facility'>
  readonly priors: Priors
  readonly cases: Pick<Cases, 'find' | 'views'>
  readonly logger: Logger
  readonly now: () => number
}

type PriorsConfig = NonNullable<SiteConfig['facilities'][number]['priors']>

/** @param arrivals available once the first query is made */
export function openPriors(
  rooms: PriorRooms,
  timing: Timing,
  arrivals: () => Pick<Arrivals, 'take' | 'closePriors'>,
  count: { readonly item: (outcome: string) => void; readonly prior: (state: string) => void },
): PriorAsking {
  const { directory, site, facilityKeys } = rooms
  const storing =
    (facility: string): StoreStudy =>
    async (parts, study) => {
      const sender = { actor: { id: facility, role: 'sender' } as const, facility }
      const door = {
        take: (...args: Parameters<Arrivals['take']>) => arrivals().take(...args),
        count: count.item,
        limits: site.config.limits,
      }
      const { outcomes } = await storeAll(door, sender, parts, { study, type: 'application/dicom' })
      return outcomes.every(({ reason }) => reason === undefined || reason === Reason.held)
    }
  return createPriorAsking({
    ...{ priors: rooms.priors, logger: rooms.logger, now: rooms.now, count: count.prior },
    pacsOf: (facility) => {
      const config = directory.facility(facility)?.priors
      if (!config) return undefined
      const open = () =>
        openPacs(config, facility, site.config.doors.dimse, timing, storing(facility))
      return { rule: config, open }
    },
    handleOf: (facility, study) => studyHandle(facilityKeys.secretsOf(facility)[0], study),
    transfersOf: async (transfer) => {
      const row = await rooms.cases.find(transfer)
      const [view] = row ? await rooms.cases.views([row]) : []
      return view?.transfers.map(({ id }) => id) ?? []
    },
    closePriors: (of) => arrivals().closePriors(of),
  })
}

/** A DIMSE peer with a certificate is asked over TLS, as for reports of storage commitment. */
async function openPacs(
  { ask }: PriorsConfig,
  facility: string,
  dimse: DimseConfig | undefined,
  timing: Timing,
  store: StoreStudy,
): Promise<Pacs> {
  if (ask.kind === 'web') return webPacs(ask, store)
  const { host, port, aeTitle: called } = ask
  const peer = dimse?.peers.find((one) => one.aeTitle === called && one.facility === facility)
  const tls = await clientTls(dimse?.tls, peer?.certificate)
  const calling = dimse?.aeTitle ?? 'NOCTURNE'
  return dimsePacs({ ...{ host, port, called, calling }, ...(tls && { tls }) }, timing)
}
