/**
 * The way back at an edge: reports that the gateway has for the facility are opened here, with the
 * crosswalks that never left, and sent to the RIS and the PACS as `reports` in edge.yaml says.
 */
import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Cli } from '../command.js'
import { EXIT, toErrorJson } from '../command-error.js'
import type { GatewayClient } from '../client.js'
import type { Output } from '../output.js'
import { crosswalkLines } from '../commands/facility/crosswalk.js'
import { FORMATS } from '../facility/report-formats.js'
import { reportRound, tellCritical } from '../facility/report-rounds.js'
import type { RoundOptions } from '../facility/report-rounds.js'
import { makeFolder, writeWhole, writeWholeText } from '../local-write.js'
import type { OwnEdge } from './own-settings.js'
import type { Edge } from '../../edge/run.js'
import type { ReportSettings } from '../../edge/settings.js'
import type { Rooms } from '../../gateway/rooms.js'
import type { Logger } from '../../lib/logger.js'

interface Reporting {
  readonly cli: Cli
  readonly output: Output
  readonly own: OwnEdge
  readonly client: GatewayClient
  readonly edge: Pick<Edge, 'running'>
  readonly logger: Logger
  readonly pause: (ms: number) => Promise<void>
}

/** Until the command is stopped; without `reports`, nothing. */
export async function reportRounds(parts: Reporting): Promise<void> {
  const { cli, output, own, client, edge, logger, pause } = parts
  const { reports } = own.settings
  if (!reports) return
  const options = optionsOf(own.dir, reports)
  // Read once, so that no passphrase is asked for during the night.
  const crosswalks = await crosswalkLines(options, output)
  const told = new Set<string>()
  const isStopped = () => cli.signal.aborted
  while (!isStopped()) {
    try {
      const { rooms, prepared } = edge.running ?? {}
      if (rooms && prepared) {
        await tellCritical({ warn: (text) => logger.warn(text) }, client, told)
        const fetch = () => keepCrosswalks(rooms, prepared.told.facility.id, options.crosswalk)
        const done = await reportRound({ cli, output, client, crosswalks, fetch }, options)
        const count = done.filter(({ error }) => error === undefined).length
        if (count > 0) logger.info('reports came back and were acknowledged', { count })
      }
    } catch (error) {
      const { code } = toErrorJson(error)
      if (!isStopped()) logger.warn('reports could not be fetched; trying again', { code })
    }
    await pause(reports.everySeconds * 1_000)
  }
  // What failed is still waiting, and is told by the gateway.
  output.exitCode = EXIT.done
}

function optionsOf(
  dir: string,
  { keys, passphraseFile, out, formats, mllpCaFile, pacsCaFile, ...targets }: ReportSettings,
): RoundOptions {
  const at = (path: string) => resolve(dir, path)
  return {
    aeTitle: targets.aeTitle,
    ...(targets.mllp !== undefined && { mllp: targets.mllp }),
    ...(targets.pacs !== undefined && { pacs: targets.pacs }),
    ...{ out: at(out), crosswalk: join(dir, 'data', 'crosswalk'), key: keys.map(at) },
    format: FORMATS.filter((one) => formats?.includes(one) ?? true),
    ...(passphraseFile !== undefined && { passphraseFile: at(passphraseFile) }),
    ...(mllpCaFile !== undefined && { mllpCaFile: at(mllpCaFile) }),
    ...(pacsCaFile !== undefined && { pacsCaFile: at(pacsCaFile) }),
  }
}

const AT_ONCE = 1_000

/** Copies the sealed crosswalks of this edge, each once, with the certificate that signed them. */
async function keepCrosswalks(
  { transfers, gatewayKey }: Pick<Rooms, 'transfers' | 'gatewayKey'>,
  facility: string,
  folder: string,
): Promise<void> {
  await makeFolder(folder)
  const present = new Set(await readdir(folder))
  const { fingerprint, certificate } = gatewayKey
  await writeWholeText(join(folder, `gateway-${fingerprint}.asc`), certificate)
  const actor = { id: facility, role: 'sender', method: 'site' } as const
  for (let start: string | undefined, isFirst = true; isFirst || start !== undefined;) {
    isFirst = false
    const page = await transfers.crosswalks.list(facility, {
      ...{ start, limit: AT_ONCE, transfer: undefined },
    })
    for (const { id } of page.crosswalks) {
      if (present.has(`${id}.pgp`)) continue
      const { bytes } = await transfers.crosswalks.read(actor, facility, id)
      await writeWhole(join(folder, `${id}.pgp`), bytes)
    }
    start = page.next
  }
}
